"""One simulated attempt: where it stands, and the one thing it does next."""

from bisect import bisect_right
from dataclasses import dataclass, field

from daybreak.base.streams import Stream
from daybreak.executors.simulated.curves.curve import Curve
from daybreak.lifecycle.commands import Launch
from daybreak.ports.reactor import Timer


@dataclass(frozen=True, slots=True)
class Brief:
    """What a machine must know of an experiment: from its `Prepare`."""

    objectives: tuple[tuple[str, bool], ...]  # metric, whether it is maximised
    checkpoint_every: float  # seconds; 0: never


@dataclass(slots=True, eq=False)
class Stay:
    """The state of one attempt. Times are simulated seconds."""

    order: Launch
    curve: Curve
    brief: Brief
    granted: float
    units: int  # done, as far as anybody was told
    target: int | None
    best: dict[str, float]
    number: int = 0  # reports so far
    since: float = 0.0  # when the training in progress began, at `units`
    saved_at: float = 0.0  # when the last checkpoint was written (or training began)
    trained: float = 0.0  # seconds of training
    first_units: int = 0
    crash_after: float | None = None  # seconds of training
    phase: str = "starting"  # starting, training, asking, saving, leaving
    timer: Timer | None = field(default=None, repr=False)

    @property
    def goal(self) -> int | None:
        """Units at which training stops: the target, or the end of the curve before it."""
        ends = [units for units in (self.target, self.curve.length) if units is not None]
        return min(ends) if ends else None

    def seconds_to(self, units: int) -> float:
        """Training time from where it stands."""
        return self.curve.elapsed(units) - self.curve.elapsed(self.units)

    def done_by(self, now: float, limit: int) -> int:
        """Units complete at `now`, of training that stops at `limit`."""
        elapsed = self.curve.elapsed(self.units) + (now - self.since) + 1e-9
        return bisect_right(range(self.units + 1, limit + 1), elapsed, key=self.curve.elapsed) + self.units

    def advance(self, units: int) -> list[tuple[int, dict[str, float]]]:
        """Train up to `units`, each unit's report counting for the best; those reports."""
        reports = [(at, self.curve.metrics(at)) for at in range(self.units + 1, units + 1)]
        for _, metrics in reports:
            self._note(metrics)
        self.units = units
        return reports

    def last_metrics(self) -> dict[str, float]:
        """What was reported where it stands."""
        return self.curve.metrics(self.units) if self.units else {}

    def _note(self, metrics: dict[str, float]) -> None:
        best = self.best
        for name, maximised in self.brief.objectives:
            value = metrics.get(name)
            if value is None or value != value:  # noqa: PLR0124 (NaN is never the best)
                continue
            known = best.get(name)
            if known is None or (value > known if maximised else value < known):
                best[name] = value

    @property
    def unit_seconds(self) -> float | None:
        """Mean time of a unit in this attempt."""
        done = self.units - self.first_units
        return self.trained / done if done else None


def crash_after(order: Launch, curve: Curve, probability: float, seed: int) -> float | None:
    """Seconds of training after which this attempt crashes, if it does: evenly on the way to its first target."""
    goal = order.target if order.target is not None else curve.length
    if not probability or goal is None:
        return None
    stream = Stream(seed, "crash", *order.attempt)
    if stream.uniform() >= probability:
        return None
    return stream.uniform() * (curve.elapsed(goal) - curve.elapsed(order.units))
