"""A shadow's answers beside the ones that were returned: how often both decide alike, and how far numbers lie apart. A fold."""

from math import inf, isnan

from msgspec import Struct
from msgspec.structs import replace

from daybreak.rollout.sequential import radius

EFFECT = 0.01  # one point of agreement is worth knowing


class Agreement(Struct, frozen=True):
    """Rows mirrored to one arm. `gap`s are of numbers: the absolute difference, of the same unit as the output."""

    compared: int = 0
    alike: int = 0
    failed: int = 0
    numbers: int = 0
    gaps: float = 0.0
    largest: float = 0.0
    seconds: float = 0.0

    def seen(self, *, alike: bool, gap: float | None, seconds: float) -> "Agreement":
        """With one row more. `gap`: None where the output is no number; `seconds` the shadow took."""
        return replace(
            self,
            compared=self.compared + 1,
            alike=self.alike + alike,
            numbers=self.numbers + (gap is not None),
            gaps=self.gaps + (gap or 0.0),
            largest=max(self.largest, gap or 0.0),
            seconds=self.seconds + seconds,
        )

    def missed(self) -> "Agreement":
        """With one row more, for which the shadow had no answer."""
        return replace(self, failed=self.failed + 1)

    def merged(self, other: "Agreement") -> "Agreement":
        """With the rows that another process saw."""
        both = {name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        return replace(Agreement(**both), largest=max(self.largest, other.largest))

    @property
    def share(self) -> float:
        """How often both decide alike; NaN before the first row."""
        return self.alike / self.compared if self.compared else float("nan")

    @property
    def mean_gap(self) -> float | None:
        """The mean absolute difference of numbers."""
        return self.gaps / self.numbers if self.numbers else None

    def interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Where the share of agreement lies, at all looks together, if rows are independent.

        They are not where one unit asks often: rows are counted here, not units, and then the truth lies outside more often than `alpha`.
        """
        if not self.compared:
            return (0.0, 1.0)
        smoothed = (self.alike + 1) / (self.compared + 2)
        half = float(radius(smoothed * (1 - smoothed) / self.compared, EFFECT, alpha))
        return (max(0.0, self.share - half), min(1.0, self.share + half))


def gap_between(one: float, other: float) -> float:
    """How far two numbers lie apart; infinite where only one is finite, 0 where both are the same infinity or not a number."""
    gap = abs(one - other)
    if isnan(gap):
        return 0.0 if repr(one) == repr(other) else inf
    return gap
