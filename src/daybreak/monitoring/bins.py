"""Histograms of numbers on bins of equal share of the reference.

Values are sorted in pieces that stay in the cache: NumPy sorts faster than it searches, and of sorted values the counts of bins, the
missing ones (last), the extremes and the infinities are all found by a few searches.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.special import Vector

FINE = 40  # bins that are kept
PIECE = 32_768
LARGEST = 1e140  # beyond it a value counts as infinite: its square has no room


class Tally(NamedTuple):
    """Counts of values: (below the first edge, k bins, above the last edge), and sums of the finite ones."""

    bins: NDArray[np.int64]
    missing: int
    total: float
    squares: float
    low: float
    high: float


def cut(values: Vector, low: float | None = None, high: float | None = None) -> Vector:
    """Edges (k + 1,) of at most `FINE` bins `(edge, next edge]` with about equal shares of finite values; a heavy value closes a bin.

    Few distinct values have a bin each. No finite value: two edges around nothing. The outer edges are those of the values, or of the
    range [low, high] where that is wider.
    """
    ordered = np.sort(finite_of(values))
    if not len(ordered):
        return np.array([0.0, 0.0])
    distinct = np.unique(ordered)
    if len(distinct) > FINE:
        ranks = np.ceil(np.arange(1, FINE + 1) * len(ordered) / FINE).astype(int) - 1
        distinct = np.unique(ordered[ranks])
    least = ordered[0] if low is None else min(ordered[0], low)
    if high is not None and high > distinct[-1]:
        distinct = np.append(distinct, high)
    return np.concatenate([[np.nextafter(least, -np.inf)], distinct])


def finite_of(values: Vector) -> Vector:
    """The values that have a square."""
    result: Vector = values[np.abs(values) <= LARGEST]
    return result


def tally(values: Vector, edges: Vector) -> Tally:
    """Values (n,) counted on edges (k + 1,) in one pass; NaN is missing."""
    ends = np.zeros(len(edges), np.int64)
    rows, present, total, squares, low, high = len(values), 0, 0.0, 0.0, np.inf, -np.inf
    for begin in range(0, rows, PIECE):
        piece = np.sort(values[begin : begin + PIECE])
        ends += piece.searchsorted(edges, "right")
        there = _present(piece)
        present += there
        finite = piece[:there]
        if there and not (finite[0] >= -LARGEST and finite[-1] <= LARGEST):
            finite = finite[finite.searchsorted(-LARGEST) : finite.searchsorted(LARGEST, "right")]
        if len(finite):
            low, high = min(low, float(finite[0])), max(high, float(finite[-1]))
            total += float(finite.sum())
            squares += float(np.multiply(finite, finite, out=finite).sum())  # no BLAS: its threads cost more than this
    bins = np.diff(ends, prepend=0, append=present)
    return Tally(bins, rows - present, total, squares, low, high)


def _present(piece: Vector) -> int:
    """How many of sorted values are not NaN."""
    return len(piece) if piece[-1] == piece[-1] else int(piece.searchsorted(np.nan))


def groups(counts: NDArray[np.int64], most: int, fewest: float) -> NDArray[np.int64]:
    """Neighbouring bins put together: (k,) group of each bin, about `most` groups of equal share with `fewest` rows or more."""
    rows = int(counts.sum())
    if rows == 0:
        return np.zeros(len(counts), np.int64)
    aim = max(rows / most, fewest)
    result, group, held, left = np.zeros(len(counts), np.int64), 0, 0, rows
    for i, count in enumerate(counts.tolist()):
        if held >= max(aim - count / 2, fewest) and left >= fewest:
            group, held = group + 1, 0
        held, left = held + count, left - count
        result[i] = group
    return result
