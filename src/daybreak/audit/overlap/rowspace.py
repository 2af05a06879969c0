"""Table rows as points, and the nearest train rows of each: numbers scaled robustly, categories by whether they are the same.

Two rows lie apart by the root of the sum over columns of: for numbers the square of their difference, in robust standard deviations of
train after arcsinh (which tames long tails), at most 1; for categories, and a value against a missing one, 1 where they differ.
Candidates come from a Euclidean embedding of that (scikit-learn), a category as a random code; the distance above is then taken among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from daybreak.audit.about import Column
from daybreak.audit.canonical import both, plain
from daybreak.audit.chance import generator
from daybreak.audit.encoding import category_codes, numbers
from daybreak.audit.frame import Frame

Floats = np.ndarray[Any, np.dtype[np.float64]]
Singles = np.ndarray[Any, np.dtype[np.float32]]
Places = np.ndarray[Any, np.dtype[np.int64]]
CANDIDATES = 8
_CODE = 16  # dimensions of a category's random code
_MOST_DIMENSIONS, _PROJECTED = 64, 48
_NORMAL_IQR = 1.349  # interquartile range of a standard normal
_FEW_DIMENSIONS = 8  # trees beat brute force up to here


@dataclass(frozen=True)
class Points:
    """Rows of one side: scaled numbers (n, p), missing is NaN; codes of categories (n, q), missing is -1; how many codes each has."""

    numbers: Floats
    codes: Places
    sizes: tuple[int, ...]

    def those(self, which: "Places | np.ndarray[Any, np.dtype[np.bool_]]") -> "Points":
        """Some rows."""
        return Points(self.numbers[which], self.codes[which], self.sizes)

    def __len__(self) -> int:
        return len(self.numbers)

    def keys(self) -> Places:
        """Rows that are equal have one number, from 0."""
        missing = np.where(np.isnan(self.numbers), np.inf, self.numbers + 0.0)
        rows = np.ascontiguousarray(np.hstack([missing, self.codes.astype(np.float64)]))
        flat = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).reshape(-1)
        return np.asarray(np.unique(flat, return_inverse=True)[1], np.int64).reshape(-1)


def points(frame: Frame, columns: Sequence[Column]) -> tuple[Points, Points, tuple[str, ...]]:
    """Both sides, and the columns that took part: those that hold two values in train at least, numbers first."""
    scaled: list[tuple[Floats, Floats]] = []
    coded: list[tuple[Places, Places]] = []
    sizes: list[int] = []
    names: list[list[str]] = [[], []]
    for column in columns:
        train, test = frame.train.rows[column.name], frame.test.rows[column.name]
        if column.type == "category":
            left, right, words = category_codes(train, test)
            if len(np.unique(left)) > 1 and len(words) < len(left):
                coded.append((left, right))
                sizes.append(len(words))
                names[1].append(column.name)
            continue
        pair = _scaled(*(numbers(side) for side in both(plain(train), plain(test), column)))
        if pair is not None:
            scaled.append(pair)
            names[0].append(column.name)
    sides = [
        Points(
            np.column_stack([pair[i] for pair in scaled]) if scaled else np.empty((rows, 0)),
            np.column_stack([pair[i] for pair in coded]) if coded else np.empty((rows, 0), np.int64),
            tuple(sizes),
        )
        for i, rows in ((0, len(frame.train.positions)), (1, len(frame.test.positions)))
    ]
    return sides[0], sides[1], (*names[0], *names[1])


def _scaled(train: Floats, test: Floats) -> tuple[Floats, Floats] | None:
    known = train[~np.isnan(train)]
    if len(known) == 0 or known.min() == known.max():
        return None
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    spread = (high - low) / _NORMAL_IQR or float(known.std())
    return np.arcsinh((train - middle) / spread), np.arcsinh((test - middle) / spread)


def nearest(queries: Points, among: Points, seed: int, *, themselves: Places | None = None) -> tuple[Floats, Places]:
    """The nearest rows of `among`, best first: distances (n, k) and places (n, k), k at most 8.

    `themselves`: where each query stands in `among`, to be left out.
    """
    from sklearn.neighbors import NearestNeighbors

    wanted = min(CANDIDATES + (themselves is not None), len(among))
    where = _embedded(among, among, seed)
    asked = _embedded(queries, among, seed)
    trees = where.shape[1] <= _FEW_DIMENSIONS
    search = NearestNeighbors(n_neighbors=wanted, algorithm="kd_tree" if trees else "brute").fit(where)
    found = np.asarray(search.kneighbors(asked, return_distance=False), np.int64)
    apart = distances(queries, among, found)
    if themselves is not None:
        apart[found == themselves[:, None]] = np.inf
    order = np.argsort(apart, axis=1, kind="stable")[:, : min(CANDIDATES, len(among) - (themselves is not None))]
    return np.take_along_axis(apart, order, 1), np.take_along_axis(found, order, 1)


def distances(queries: Points, among: Points, places: Places) -> Floats:
    """How far apart each query (n) and its candidates (n, k) lie."""
    total = np.zeros(places.shape)
    for column in range(queries.numbers.shape[1]):
        mine, other = queries.numbers[:, column, None], among.numbers[:, column][places]
        squared = np.minimum((mine - other) ** 2, 1.0)
        gone = np.isnan(squared)
        total += np.where(gone, np.isnan(mine) != np.isnan(other), squared)
    for column in range(queries.codes.shape[1]):
        total += queries.codes[:, column, None] != among.codes[:, column][places]
    return np.sqrt(total)


def _embedded(rows: Points, reference: Points, seed: int) -> Singles:
    """Rows in a Euclidean space of at most 64 dimensions, the same for all that share a reference."""
    gone = np.isnan(reference.numbers).any(axis=0)
    blocks = [np.nan_to_num(rows.numbers, nan=0.0), np.isnan(rows.numbers[:, gone]).astype(np.float64)]
    blocks += [_codes(size, column, seed)[rows.codes[:, column]] for column, size in enumerate(rows.sizes)]
    whole = np.hstack(blocks).astype(np.float32)
    if whole.shape[1] <= _MOST_DIMENSIONS:
        return whole
    draw = generator(seed, "overlap.near.table", "projection")
    projection = draw.standard_normal((whole.shape[1], _PROJECTED), np.float32)
    return np.asarray(whole @ projection / np.float32(np.sqrt(_PROJECTED)))


def _codes(size: int, column: int, seed: int) -> Floats:
    """Points of a category's values, the last one of the missing: about 1 apart."""
    if size <= 2:  # noqa: PLR2004
        return np.array([0.0, 1.0, 0.5])[[*range(size), 2], None]
    draw = generator(seed, "overlap.near.table", "code", column)
    return np.asarray(draw.integers(0, 2, (size + 1, _CODE)) * np.sqrt(2 / _CODE))
