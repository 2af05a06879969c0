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
import pyarrow.compute as pc

from daybreak.audit.about import Column
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
    array = _flat(array)
    if pa.types.is_temporal(array.type):
        array = _ticks(array)
    elif pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return _parsed(array)
    elif pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    values: Vector = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(np.float64)
    values[~(np.abs(values) < LARGEST)] = np.nan
    return values


def _ticks(array: pa.Array) -> pa.Array:
    """Microseconds since 1970 (or since midnight), whatever the unit."""
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        return array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    unit = pa.int32() if array.type.bit_width == 32 else pa.int64()  # noqa: PLR2004
    return array.cast(unit)


def _parsed(array: pa.Array) -> Vector:
    """Strings as numbers, one by one where some are none."""
    try:
        return numbers(pc.utf8_trim_whitespace(array).cast(pa.float64()))
    except pa.ArrowInvalid:
        return np.array([_parse(text) for text in array.to_pylist()], np.float64)


def _parse(text: str | None) -> float:
    try:
        value = float(text) if text else np.nan
    except ValueError:
        return np.nan
    return value if abs(value) < LARGEST else np.nan


def category_codes(train: Any, test: Any) -> tuple[Codes, Codes, tuple[str, ...]]:
    """Codes of both sides in one alphabetical vocabulary, -1 where there is no value; and the vocabulary."""
    both = pa.chunked_array([_strings(train), _strings(test)]).combine_chunks()
    encoded = both.dictionary_encode() if not isinstance(both, pa.ChunkedArray) else both.chunk(0).dictionary_encode()
    words = np.array(encoded.dictionary.to_pylist(), object)
    order = np.argsort(words.astype(str), kind="stable") if len(words) else np.empty(0, np.int64)
    rank = np.empty(len(words) + 1, np.int64)
    rank[order], rank[-1] = np.arange(len(words)), -1
    codes = rank[encoded.indices.fill_null(len(words)).to_numpy(zero_copy_only=False)]
    return codes[: len(train)], codes[len(train) :], tuple(words[order])


def _strings(array: Any) -> pa.Array:
    """Values as trimmed strings; an empty one is missing."""
    array = _flat(array)
    text = array if pa.types.is_large_string(array.type) else array.cast(pa.string()).cast(pa.large_string())
    text = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.large_string()), text)


def _flat(array: Any) -> pa.Array:
    """One plain array of chunks or of dictionary codes."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    return array.cast(array.type.value_type) if pa.types.is_dictionary(array.type) else array


def _number(array: Any, column: Column) -> Matrix:
    values = numbers(array)
    if column.type == "time":
        values = values / 86.4e9  # days: float32 keeps about five minutes of them
    return values.astype(np.float32)[:, None]


def vectors(array: Any) -> Matrix:
    """A column of equally long lists as (n, length); NaN where one is missing."""
    array = _flat(array)
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

    texts = [text or "" for text in _flat(array).to_pylist()]
    counts = [[len(t), t.count(" "), sum(map(str.isdigit, t)), sum(map(str.isupper, t))] for t in texts]
    stats = np.log1p(np.array(counts, np.float32).reshape(-1, 4))
    if not texts:
        return np.empty((0, 4 + TEXT_BUCKETS), np.float32)
    hashed = HashingVectorizer(n_features=TEXT_BUCKETS, dtype=np.float32).transform(texts)
    return np.hstack([stats, hashed.toarray()])
