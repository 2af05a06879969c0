"""A small picture of both sides: few numbers a row, each of which can be named to a person.

What is narrow stays as it is encoded. What is wide (a picture, a sound, a text, a long vector) becomes a few plain statistics and its
first principal components, fitted on both sides together so that they do not tell the sides apart by themselves.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pyarrow as pa

from daybreak.audit import chance
from daybreak.audit.about import CONTENT, META, NAME, Column
from daybreak.audit.encoding import Codes, Encoded, Matrix, category_codes, encode, numbers
from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import NotApplicable

WIDEST = 24  # numbers of one column that are kept as they are
COMPONENTS = 16  # of a wide one
MOST_CATEGORIES = 200  # commonest values of a category; the others become one (trees know up to 255)
TEXT_COUNTS = 4  # the numbers that stand before a text's hashed words
PLAIN = {
    "image": ("brightness", "contrast"),
    "audio": ("loudness", "range of loudness"),
    "vector": ("mean", "spread"),
    "text": ("length", "words", "digits", "capitals"),
}


def need_rows(frame: Frame) -> None:
    """Raises `NotApplicable` unless either side has a row."""
    for side, part in (("train", frame.train), ("test", frame.test)):
        if not len(part.positions):
            raise NotApplicable(f"needs rows on either side, {side} has none")


def spoken(name: str) -> str:
    """A column's name in a sentence."""
    if name == CONTENT:
        return "the content"
    if name.startswith(f"{NAME}."):
        return f"name part {name}"
    return f"column {name}" if name.lstrip("-").isdecimal() else name.removeprefix(META)


def thinned(frame: Frame, most: int, *names: str | int) -> Frame:
    """At most `most` rows a side, drawn at random by (seed, names), in their order. Raises `NotApplicable` where a side is empty."""
    need_rows(frame)
    train = _thin(frame.train, most, frame.seed, "train", *names)
    return replace(frame, train=train, test=_thin(frame.test, most, frame.seed, "test", *names))


def _thin(part: Part, most: int, seed: int, *names: str | int) -> Part:
    if len(part.positions) <= most:
        return part
    chosen = np.sort(chance.generator(seed, "thinned", *names).choice(len(part.positions), most, replace=False))
    return Part(part.rows.take(pa.array(chosen)), part.positions[chosen], part.total)


def sketch(frame: Frame, columns: Sequence[Column] | None = None) -> Encoded:
    """Features and content (or `columns`) of both sides: at most `WIDEST` numbers a column. Running numbers are left out."""
    wanted = list(frame.about.having("feature", "content") if columns is None else columns)
    if columns is None:
        wanted = [column for column in wanted if not numbers_rows(frame, column)]
    encoded = encode(frame, wanted)
    types = {column.name: column.type for column in wanted}
    pieces: list[Encoded] = []
    for source in dict.fromkeys(encoded.sources):
        at = np.flatnonzero(np.array(encoded.sources) == source)
        piece = _only(encoded, at)
        if piece.categorical[0]:
            piece = _commonest(piece)
        elif len(at) > WIDEST:
            piece = _condensed(piece, source, types[source], frame.seed)
        pieces.append(piece)
    return _joined(pieces, encoded)


def numbers_rows(frame: Frame, column: Column) -> bool:
    """Whether an integer column only counts the rows: no value twice, and in the order of the rows on either side."""
    if column.type != "integer":
        return False
    for part in (frame.train, frame.test):
        values = numbers(part.rows[column.name])
        steps = np.diff(values)
        if len(steps) < 10 or not ((steps > 0).all() or (steps < 0).all()):  # noqa: PLR2004 (fewer say nothing)
            return _all_distinct_and_dense(frame, column)
    return True


def _all_distinct_and_dense(frame: Frame, column: Column) -> bool:
    """Whether the values of both sides are those of one running number, shuffled."""
    values = np.concatenate([numbers(part.rows[column.name]) for part in (frame.train, frame.test)])
    total = frame.train.total + frame.test.total
    if len(values) < 20 or np.isnan(values).any() or len(np.unique(values)) < len(values):  # noqa: PLR2004
        return False
    return bool(values.max() - values.min() < 1.5 * total)


def _only(encoded: Encoded, at: Codes) -> Encoded:
    return Encoded(
        encoded.train[:, at],
        encoded.test[:, at],
        tuple(encoded.names[i] for i in at),
        tuple(encoded.sources[i] for i in at),
        encoded.categorical[at],
    )


def _joined(pieces: list[Encoded], like: Encoded) -> Encoded:
    if not pieces:
        return like
    return Encoded(
        np.hstack([piece.train for piece in pieces]),
        np.hstack([piece.test for piece in pieces]),
        tuple(name for piece in pieces for name in piece.names),
        tuple(source for piece in pieces for source in piece.sources),
        np.concatenate([piece.categorical for piece in pieces]),
    )


def _commonest(piece: Encoded) -> Encoded:
    """Codes in order of frequency, the rare ones as one."""
    both = np.concatenate([piece.train[:, 0], piece.test[:, 0]])
    present = ~np.isnan(both)
    values, inverse, counts = np.unique(both[present], return_inverse=True, return_counts=True)
    rank = np.empty(len(values), np.float32)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(values))
    coded = np.full(len(both), np.nan, np.float32)
    coded[present] = np.minimum(rank, MOST_CATEGORIES)[inverse]
    cut = len(piece.train)
    return Encoded(coded[:cut, None], coded[cut:, None], piece.names, piece.sources, piece.categorical)


def commonest_values(frame: Frame, name: str) -> tuple[str, ...]:
    """What the codes of a category in a sketch mean."""
    train, test, names = category_codes(frame.train.rows[name], frame.test.rows[name])
    both = np.concatenate([train, test])
    order = np.argsort(-np.bincount(both[both >= 0], minlength=len(names)), kind="stable")
    rare = ("one of the rare values",) if len(order) > MOST_CATEGORIES else ()
    return (*(str(names[i]) for i in order[:MOST_CATEGORIES]), *rare)


def _condensed(piece: Encoded, source: str, of_type: str, seed: int) -> Encoded:
    """Plain statistics and principal components of a wide column; NaN where there is no content."""
    both = np.vstack([piece.train, piece.test])
    there = ~np.isnan(both).all(axis=1)
    filled = np.nan_to_num(both[there])
    if of_type == "text":
        plain, rest = filled[:, :TEXT_COUNTS], filled[:, TEXT_COUNTS:]
    else:
        plain, rest = np.stack([filled.mean(axis=1), filled.std(axis=1)], axis=1), filled
    block = np.full((len(both), plain.shape[1] + COMPONENTS), np.nan, np.float32)
    block[there] = np.hstack([plain, components(rest, COMPONENTS, seed)])
    names = [f"{name} of {spoken(source)}" for name in PLAIN.get(of_type, PLAIN["vector"])]
    names += [f"component {i + 1} of {spoken(source)}" for i in range(COMPONENTS)]
    cut, width = len(piece.train), block.shape[1]
    return Encoded(block[:cut], block[cut:], tuple(names), (source,) * width, np.zeros(width, bool))


def components(matrix: Matrix, count: int, seed: int) -> Matrix:
    """The first principal components of (n, d) as (n, count), the largest scaled to variance 1; zeros beyond the rank."""
    from sklearn.utils.extmath import randomized_svd

    result = np.zeros((len(matrix), count), np.float32)
    centred = matrix - matrix.mean(axis=0) if len(matrix) else matrix
    rank = min(count, *matrix.shape)
    if rank and np.abs(centred).max() > 0:
        fitted = centred[:: max(1, len(centred) // 4000)]
        fitted = centred if len(fitted) < rank else fitted
        _, _, axes = randomized_svd(fitted, rank, n_iter=2, random_state=chance.state(seed, "components"))
        scores = centred @ axes.T
        result[:, :rank] = scores / max(float(scores.std(axis=0).max()), 1e-12)
    return result


def standardised(matrix: Matrix, categorical: "np.ndarray[Any, np.dtype[np.bool_]]") -> Matrix:
    """Columns at mean 0 and variance 1, clipped at 5; a NaN becomes the mean, a category indicators of its commonest values."""
    blocks = []
    for i, is_category in enumerate(categorical):
        column = matrix[:, i]
        if is_category:
            blocks.append(_indicators(column))
            continue
        mean, sd = (np.nanmean(column), np.nanstd(column)) if not np.isnan(column).all() else (0.0, 0.0)
        z = (column - mean) / sd if sd > 0 else np.zeros_like(column)
        blocks.append(np.clip(np.nan_to_num(z), -5, 5)[:, None].astype(np.float32))
    return np.hstack(blocks) if blocks else np.empty((len(matrix), 0), np.float32)


def _indicators(codes: Matrix, most: int = 8) -> Matrix:
    """The commonest values as columns of variance at most 1 together."""
    columns = [(codes == code).astype(np.float32) for code in range(most) if (codes == code).any()]
    block = np.stack(columns, axis=1) if columns else np.zeros((len(codes), 1), np.float32)
    block = block - block.mean(axis=0)
    return cast("Matrix", block / max(float(np.sqrt(block.var(axis=0).sum())), 1e-12))
