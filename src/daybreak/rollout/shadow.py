"""A shadow's answers beside the ones that were returned: how often both decide alike, and how far numbers lie apart. A fold."""

from math import inf, isnan

import numpy as np
from msgspec import Struct

from daybreak.rollout.outcomes import LEAST_BUCKETS, estimate
from daybreak.rollout.sequential import radius

EFFECT = 0.01  # one point of agreement is worth knowing


class Agreement(Struct):
    """Rows mirrored to one arm. `gap`s are of numbers: the absolute difference, of the same unit as the output. Mutable; a fold.

    `units`: bucket of a unit -> rows compared, rows alike: rows of one unit are alike in what the shadow makes of them.
    """

    compared: int = 0
    alike: int = 0
    failed: int = 0
    numbers: int = 0
    gaps: float = 0.0
    largest: float = 0.0
    seconds: float = 0.0
    units: dict[int, tuple[int, int]] = {}

    def see(self, bucket: int, *, alike: bool, gap: float | None, seconds: float) -> None:
        """One row more. `bucket`: of its unit; `gap`: None where the output is no number; `seconds` the shadow took."""
        self.compared += 1
        self.alike += alike
        self.numbers += gap is not None
        self.gaps += gap or 0.0
        self.largest = max(self.largest, gap or 0.0)
        self.seconds += seconds
        self._count(bucket, 1, alike)

    def miss(self) -> None:
        """One row more, for which the shadow had no answer."""
        self.failed += 1

    def merge(self, other: "Agreement") -> None:
        """Take in the rows that another process saw."""
        for name in ("compared", "alike", "failed", "numbers", "gaps", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.largest = max(self.largest, other.largest)
        for bucket, (compared, alike) in other.units.items():
            self._count(bucket, compared, alike)

    def _count(self, bucket: int, compared: int, alike: int) -> None:
        before = self.units.get(bucket, (0, 0))
        self.units[bucket] = before[0] + compared, before[1] + alike

    @property
    def share(self) -> float:
        """How often both decide alike; NaN before the first row."""
        return self.alike / self.compared if self.compared else float("nan")

    @property
    def mean_gap(self) -> float | None:
        """The mean absolute difference of numbers."""
        return self.gaps / self.numbers if self.numbers else None

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Where the share of agreement lies, at all looks together. Of fewer than `LEAST_BUCKETS` units nothing is said.

        The variance is that of units, by their buckets (`rollout.outcomes`), with one unit added that agrees in all its rows and one that
        agrees in none: a handful of units that all agree are not certain.
        """
        if len(self.units) < LEAST_BUCKETS:
            return (0.0, 1.0)
        counts, alike = np.array(list(self.units.values()), float).T
        added = (self.share**2 + (1 - self.share) ** 2) / len(self.units) ** 2
        half = float(radius(estimate(counts, alike, yes_or_no=False).variance + added, EFFECT, alpha))
        return (max(0.0, self.share - half), min(1.0, self.share + half))


def gap_between(one: float, other: float) -> float:
    """How far two numbers lie apart; infinite where only one is finite, 0 where both are the same infinity or not a number."""
    gap = abs(one - other)
    if isnan(gap):
        return 0.0 if repr(one) == repr(other) else inf
    return gap
