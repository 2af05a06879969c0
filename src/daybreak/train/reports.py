"""What user code reported: points waiting to be sent, the last values, the best values."""

import math
from collections.abc import Mapping
from typing import Any

from daybreak.base.errors import UsageError

Series = dict[str, tuple[list[int], list[float]]]  # metric -> (steps, values) of equal length, steps ascending


class Reports:
    """The metrics of one attempt. `objectives`: metric -> "maximize" | "minimize"; `best`: of the attempts before.

    A value without a step belongs to the unit in progress and is logged once, when the unit ends, at step = units done by then (the
    first unit is step 1); the last one wins. A value with a step is logged at that step. `best` leaves out what is not finite.
    """

    def __init__(self, objectives: Mapping[str, str], best: Mapping[str, float]) -> None:
        self.objectives = dict(objectives)
        self.best = {name: value for name, value in best.items() if math.isfinite(value)}
        self.last: dict[str, float] = {}
        self.unit: dict[str, float] = {}  # of the unit in progress
        self.waiting = 0  # points not yet taken
        self._points: dict[str, dict[int, float]] = {}

    def add(self, metrics: Mapping[str, Any], step: int | None) -> None:
        """Take one report. Raises `UsageError` for what is no number."""
        values = {name: value if type(value) is float else as_number(name, value) for name, value in metrics.items()}
        self.last.update(values)
        for name in self.objectives:
            if name in values:
                self._compare(name, values[name])
        if step is None:
            self.unit.update(values)
        else:
            self._put(values, step)

    def close_unit(self, units: int) -> None:
        """The unit in progress is over; `units` are done now."""
        self._put(self.unit, units)
        self.unit = {}

    def take(self) -> Series:
        """All points that wait, at most once."""
        series = {}
        for name, points in self._points.items():
            steps = sorted(points)
            series[name] = (steps, [points[step] for step in steps])
        self._points, self.waiting = {}, 0
        return series

    def _put(self, values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            self._points.setdefault(name, {})[step] = value
        self.waiting += len(values)

    def _compare(self, name: str, value: float) -> None:
        if not math.isfinite(value):
            return
        before = self.best.get(name)
        if before is None or (value > before if self.objectives[name] == "maximize" else value < before):
            self.best[name] = value


def as_number(name: str, value: Any) -> float:
    """A float from a number, or a NumPy or torch scalar. Raises `UsageError`."""
    try:
        return float(value.detach() if hasattr(value, "detach") else value)  # torch warns about a loss with its graph
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"a report takes numbers, got {name} = {value!r:.80} ({type(value).__name__}): report each number under a name of its own"
        ) from error
