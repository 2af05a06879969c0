"""From metrics to losses, scores and back."""

from math import inf, isfinite

from daybreak.lifecycle.state import Trial
from daybreak.search.searcher import Losses
from daybreak.spec.models import Experiment, Objective


def losses(spec: Experiment, metrics: dict[str, float]) -> Losses:
    """One loss per objective, smaller is better; `inf` for NaN, infinity and a missing metric."""
    return tuple([_loss(objective, metrics.get(objective.metric)) for objective in spec.objectives])


def _loss(objective: Objective, value: float | None) -> float:
    if value is None or not isfinite(value):
        return inf
    return -value if objective.direction == "maximize" else value


def merge_best(spec: Experiment, best: dict[str, float], *reports: dict[str, float]) -> None:
    """Keep the best finite value of each objective."""
    for objective in spec.objectives:
        metric = objective.metric
        least = _loss(objective, best.get(metric))
        for report in reports:
            loss = _loss(objective, report.get(metric))
            if loss < least:
                best[metric], least = report[metric], loss


def score_loss(spec: Experiment, trial: Trial) -> float:
    """A trial's score as a loss of the first objective: over its best reports or its last, as the spec says."""
    return _loss(
        spec.objectives[0], (trial.best if spec.score == "best" else trial.last).get(spec.objectives[0].metric)
    )


def score(spec: Experiment, trial: Trial) -> float | None:
    """A trial's score in the metric's own direction; None when it has none."""
    return value_of(spec, score_loss(spec, trial))


def value_of(spec: Experiment, loss: float) -> float | None:
    """A loss of the first objective as the metric's value; None for `inf`."""
    if loss == inf:
        return None
    return -loss if spec.objectives[0].direction == "maximize" else loss
