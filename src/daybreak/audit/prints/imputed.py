"""Gaps that were filled with the mean or median of all rows.

A filled value stands out: it is off the grid that the column's other values lie on (29.699 among whole years), or many times as frequent as
any other value of a column that hardly repeats one. Which mean it is, tells what was known when it was filled in: that of train's other
values, or of all rows'. Where both round to it, nothing is said.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from daybreak.audit.encoding import Vector
from daybreak.audit.prints.sides import Sides, precision

FEWEST = 30  # other values of train
MOST_CANDIDATES = 5
OFTEN = 3  # a filled value stands there at least so often
SPIKE = 10.0  # times the next most frequent value, where there is no grid
OFF_GRID = 0.05  # share of a column's distinct values that may lie off its grid
MOST_PLACES = 6  # decimal places that a grid may have
LUCK, LUCK_OF_SPIKES = 1e-2, 1e-4  # the most that a value may be likely to agree with a mean by accident
APART = 3.0  # roundings that the means of train and of all lie apart at least

Statistic = Callable[[Vector, float], float]  # of the other values, and the value itself
STATISTICS: dict[str, Statistic] = {
    "mean": lambda others, _: float(others.mean()),
    "median": lambda others, _: float(np.median(others)),
    "median, a value of its own": lambda others, value: float(np.median(np.append(others, value))),
}


class Filled(NamedTuple):
    """A value that was filled in for missing ones of a column."""

    column: str
    value: float
    statistic: str  # "mean", "median"
    of_all: float
    of_train: float
    rows: tuple[tuple[int, ...], tuple[int, ...]]  # indices into train and test


def filled_with_all(sides: Sides) -> Filled | None:
    """The first value that is the mean or median of all rows' other values, and none of train's."""
    for value, luck in _candidates(sides):
        found = _explained(sides, value, luck)
        if found:
            return found
    return None


def _candidates(sides: Sides) -> Iterator[tuple[float, float]]:
    """Values of train that stand out, each with how likely it may agree with a mean by accident."""
    values, counts = np.unique(sides.train[~np.isnan(sides.train)], return_counts=True)
    if counts.sum() < FEWEST or len(values) < 3:  # noqa: PLR2004
        return
    off_grid = [value for value, count in zip(*_off_grid(values, counts), strict=True) if count >= OFTEN]
    yield from ((float(value), LUCK) for value in off_grid[:MOST_CANDIDATES])
    first, second = np.argsort(-counts, kind="stable")[:2]
    if counts[first] >= OFTEN and counts[first] > SPIKE * counts[second]:
        yield float(values[first]), LUCK_OF_SPIKES


def _off_grid(values: Vector, counts: "np.ndarray[Any, np.dtype[np.int64]]") -> tuple[Vector, Any]:
    """Values written with more decimal places than all but a few of the others, and how often they stand there."""
    few = max(1, int(OFF_GRID * len(values)))
    for places in range(MOST_PLACES):
        off = np.abs(values - np.round(values, places)) > 1e-9 * np.maximum(1, np.abs(values))
        if 0 < off.sum() <= few:
            order = np.argsort(-counts[off], kind="stable")
            return values[off][order], counts[off][order]
        if not off.any():
            break
    return values[:0], counts[:0]


def _explained(sides: Sides, value: float, most_luck: float) -> Filled | None:
    others = sides.all[sides.all != value]
    in_train = sides.train[~np.isnan(sides.train) & (sides.train != value)]
    if len(in_train) < FEWEST or np.ptp(in_train) == 0:
        return None
    tolerance = 1.001 * precision(value) + 1e-12 * abs(value)
    luck = 2 * tolerance / max(float(np.abs(others - np.median(others)).mean()), 1e-300)
    of_train = {name: statistic(in_train, value) for name, statistic in STATISTICS.items()}
    if luck > most_luck or min(abs(one - value) for one in of_train.values()) <= APART * tolerance:
        return None  # rounded too coarsely to tell, or train explains it
    for name, statistic in STATISTICS.items():
        of_all = statistic(others, value)
        if abs(of_all - value) <= tolerance:
            train, test = (tuple(np.flatnonzero(side == value).tolist()) for side in (sides.train, sides.test))
            return Filled(sides.name, value, name.partition(",")[0], of_all, of_train[name], (train, test))
    return None
