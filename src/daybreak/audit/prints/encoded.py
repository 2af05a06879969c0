"""Categories that were replaced by the mean of the target over all rows: each value of the column is that mean, test's labels included."""

from typing import NamedTuple

import numpy as np

from daybreak.audit.encoding import Vector
from daybreak.audit.prints.sides import Sides

FEWEST_VALUES = 3
MANY_ROWS = 5  # per value, on average
AGREES = 1e-6  # of the target's spread
SHARE = 0.95  # of values that agree


class Encoded(NamedTuple):
    """A column that holds means of the target."""

    column: str
    values: int
    off_on_train: float  # how far they are from the means over train alone, in the target's standard deviations


def target_means(sides: Sides, y: Vector, y_test: Vector) -> Encoded | None:
    """A column each of whose values is the mean of the target over all rows that have it, and not over train's. NaN where y is missing."""
    x = np.concatenate([sides.train, sides.test])
    both = np.concatenate([y, y_test])
    there = ~np.isnan(x) & ~np.isnan(both)
    values, codes = np.unique(x[there], return_inverse=True)
    if (
        not FEWEST_VALUES <= len(values) <= there.sum() / MANY_ROWS
        or values.min() < np.nanmin(both)
        or values.max() > np.nanmax(both)
    ):
        return None
    spread = max(float(np.nanstd(both)), 1e-300)
    of_all = np.bincount(codes, both[there]) / np.bincount(codes)
    agree = np.abs(of_all - values) <= AGREES * spread
    if agree.mean() < SHARE:
        return None
    mine = there[: len(y)]
    counts = np.bincount(codes[: mine.sum()], minlength=len(values))
    of_train = np.bincount(codes[: mine.sum()], y[mine], len(values)) / np.maximum(counts, 1)
    off = float(np.abs(of_train - values)[counts > 0].max() / spread)
    return Encoded(sides.name, len(values), off) if off > 100 * AGREES else None
