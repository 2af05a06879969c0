"""Early stopping that survives a freeze: what was best, and when."""

import math
from typing import Any, Literal

from daybreak.base.errors import UsageError

Goal = Literal["minimize", "maximize"]


class Patience:
    """Ends a trial that has not improved on its best `metric` for so many `units`.

    `run.keep` takes it as it is. `best` is NaN until something finite was seen; `best_unit` counts from 1. Raises `UsageError`.
    """

    def __init__(self, metric: str, units: int, goal: Goal = "minimize") -> None:
        if units < 1:
            raise UsageError(f"a patience of at least one unit must be had, got {units}")
        self.metric = metric
        self.units = units
        self.goal = goal
        self.best = math.nan
        self.best_unit = 0
        self.seen = 0

    @property
    def over(self) -> bool:
        """True once the trial is to end."""
        return self.seen - self.best_unit >= self.units

    def see(self, metrics: dict[str, float]) -> None:
        """One unit has ended with these. Raises `UsageError` where `metric` is not among them."""
        if self.metric not in metrics:
            raise UsageError(f"patience waits for {self.metric!r}, which no unit reports: it has {', '.join(metrics)}")
        self.seen += 1
        value = metrics[self.metric]
        better = value < self.best if self.goal == "minimize" else value > self.best
        if math.isfinite(value) and (math.isnan(self.best) or better):
            self.best, self.best_unit = value, self.seen

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint needs."""
        return {"best": self.best, "best_unit": self.best_unit, "seen": self.seen}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.best, self.best_unit, self.seen = state["best"], state["best_unit"], state["seen"]
