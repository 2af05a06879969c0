"""What was measured, smoothed; the searcher is told when it changed materially."""

from daybreak.lifecycle.state import Experiment
from daybreak.search.searcher import Costs

WEIGHT = 0.2  # of a new measurement in the running mean
MATERIAL = 0.1  # relative change that is worth telling


def measured(
    exp: Experiment, unit: float | None = None, freeze: float | None = None, resume: float | None = None
) -> None:
    """Take measurements in, seconds each."""
    costs = exp.costs
    costs.unit = _smooth(costs.unit, unit)
    costs.freeze = _smooth(costs.freeze, freeze)
    costs.resume = _smooth(costs.resume, resume)
    if exp.turns is not None:  # what was measured does not steer
        if exp.horizon != exp.told_horizon:
            exp.told_horizon = exp.horizon
            exp.searcher.learnt(exp.horizon, Costs())
        return
    told = exp.told_costs
    if (
        _material(told.unit, costs.unit)
        or _material(told.freeze, costs.freeze)
        or _material(told.resume, costs.resume)
        or exp.horizon != exp.told_horizon
    ):
        exp.told_costs = Costs(costs.unit, costs.freeze, costs.resume)
        exp.told_horizon = exp.horizon
        exp.searcher.learnt(exp.horizon, Costs(costs.unit, costs.freeze, costs.resume))


def _smooth(mean: float | None, value: float | None) -> float | None:
    if value is None or not 0 <= value < float("inf"):
        return mean
    return value if mean is None else mean + WEIGHT * (value - mean)


def _material(told: float | None, now: float | None) -> bool:
    if now is None or told is None:
        return now is not told
    return abs(now - told) > MATERIAL * told
