"""Both sides as matrices of numbers: what neighbours, trees and linear models of the audits look at.

No encoding learns from the data, but for the vocabulary of categories, which is that of both sides together: an encoder fitted on one
side would itself tell the sides apart. Text becomes a few counts and signed hashed words (Weinberger et al., "Feature hashing for large
scale multitask learning", 2009); pictures, sounds and vectors are flattened, and averaged down where they are long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa

from daybreak.audit.about import Column
from daybreak.audit.canonical import label_texts, plain
from daybreak.audit.canonical import numbers as canonical_numbers
from daybreak.audit.frame import Frame

MOST_DIMENSIONS = 1024  # of one picture, sound or vector
TEXT_BUCKETS = 128  # hashed words of one text column
LARGEST = 1e30  # beyond it a number is no number: squares of it must still fit

Matrix = np.ndarray[Any, np.dtype[np.float32]]
Vector = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Encoded:
    """Both sides. `names`: of the matrices' d columns, such as age or message#7; `sources`: the data's column each comes from.

    `categorical`: (d,) bool, where the numbers are codes: 0.. in the alphabetical order of the values, NaN where there is none.
    """

    train: Matrix  # (n, d)
    test: Matrix  # (m, d)
    names: tuple[str, ...]
    sources: tuple[str, ...]
    categorical: "np.ndarray[Any, np.dtype[np.bool_]]"


def encode(frame: Frame, columns: Sequence[Column] | None = None) -> Encoded:
    """The sample's features and content (or `columns`) as float32 matrices; a missing value is NaN."""
    wanted = frame.about.having("feature", "content") if columns is None else columns
    sides: list[list[Matrix]] = [[], []]
    names: list[str] = []
    sources: list[str] = []
    categorical: list[bool] = []
    for column in wanted:
        if column.type in {"empty", "digest"}:
            continue
        blocks = _both(frame, column)
        width = blocks[0].shape[1]
        names += [column.name] if width == 1 else [f"{column.name}#{i}" for i in range(width)]
        sources += [column.name] * width
        categorical += [column.type == "category"] * width
        for side, block in zip(sides, blocks, strict=True):
            side.append(block)
    train = _joined(sides[0], len(frame.train.positions))
    test = _joined(sides[1], len(frame.test.positions))
    return Encoded(train, test, tuple(names), tuple(sources), np.array(categorical, bool))


def _joined(blocks: list[Matrix], rows: int) -> Matrix:
    return np.hstack(blocks) if blocks else np.empty((rows, 0), np.float32)


def _both(frame: Frame, column: Column) -> tuple[Matrix, Matrix]:
    """One column of both sides, (rows, width) each."""
    train, test = frame.train.rows[column.name], frame.test.rows[column.name]
    if column.type == "category":
        coded = [codes.astype(np.float32)[:, None] for codes in category_codes(train, test)[:2]]
        for block in coded:
            block[block < 0] = np.nan
        return coded[0], coded[1]
    of_type = {"text": _text, "image": _pooled, "audio": _pooled, "vector": _pooled}.get(column.type, _number)
    return of_type(train, column), of_type(test, column)


def numbers(array: pa.Array | pa.ChunkedArray) -> Vector:
    """Numbers, booleans, times or texts that are numbers as float64 (n,); NaN where a value is missing, infinite or no number."""
    array = plain(array)
    if pa.types.is_temporal(array.type):
        array = _ticks(array)
    values: Vector = canonical_numbers(array).to_numpy(zero_copy_only=False).copy()
    values[~(np.abs(values) < LARGEST)] = np.nan
    return values


def _ticks(array: pa.Array) -> pa.Array:
    """Microseconds since 1970 (or since midnight), whatever the unit."""
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        return array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    unit = pa.int32() if array.type.bit_width == 32 else pa.int64()  # noqa: PLR2004
    return array.cast(unit)


def category_codes(train: Any, test: Any) -> tuple[Codes, Codes, tuple[str, ...]]:
    """Codes of both sides in one alphabetical vocabulary, -1 where there is no value; and the vocabulary."""
    left, right = (label_texts(plain(side)) for side in (train, test))
    encoded = pa.chunked_array([left, right]).combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    rank = np.empty(len(words) + 1, np.int64)
    rank[order], rank[-1] = np.arange(len(words)), -1
    codes = rank[encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)]
    return codes[: len(train)], codes[len(train) :], tuple(words[code] for code in order)


def _number(array: Any, column: Column) -> Matrix:
    values = numbers(array)
    if column.type == "time":
        values = values / 86.4e9  # days: float32 keeps about five minutes of them
    return values.astype(np.float32)[:, None]


def vectors(array: Any) -> Matrix:
    """A column of equally long lists as (n, length); NaN where one is missing."""
    array = plain(array)
    width = array.type.list_size
    values = array.flatten() if not array.null_count else array.fill_null(pa.scalar([0] * width, array.type)).flatten()
    flat = values.cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False).reshape(-1, width)
    if array.null_count:
        flat = flat.copy()
        flat[array.is_null().to_numpy(zero_copy_only=False)] = np.nan
    return cast("Matrix", flat)


def _pooled(array: Any, column: Column) -> Matrix:
    """Flattened, and averaged over neighbours along its longest axis until it is short enough."""
    flat = vectors(array)
    shape = column.shape or (flat.shape[1],)
    block = flat.reshape(len(flat), *shape)
    while int(np.prod(block.shape[1:])) > MOST_DIMENSIONS:
        axis = 1 + int(np.argmax(block.shape[1:]))
        even = block.shape[axis] // 2 * 2
        block = block.take(np.arange(even), axis)
        halves = (*block.shape[:axis], even // 2, 2, *block.shape[axis + 1 :])
        block = block.reshape(halves).mean(axis + 1)
    return cast("Matrix", block.reshape(len(flat), -1))


def _text(array: Any, _column: Column) -> Matrix:
    """Log counts of characters, words, digits and capitals, and hashed words scaled to length 1."""
    from sklearn.feature_extraction.text import HashingVectorizer

    texts = [text or "" for text in plain(array).to_pylist()]
    counts = [[len(t), t.count(" "), sum(map(str.isdigit, t)), sum(map(str.isupper, t))] for t in texts]
    stats = np.log1p(np.array(counts, np.float32).reshape(-1, 4))
    if not texts:
        return np.empty((0, 4 + TEXT_BUCKETS), np.float32)
    hashed = HashingVectorizer(n_features=TEXT_BUCKETS, dtype=np.float32).transform(texts)
    return np.hstack([stats, hashed.toarray()])
