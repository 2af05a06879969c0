"""What a model loses without some columns: boosted trees on train, scored on test, with them and without."""

from typing import NamedTuple

import numpy as np

from daybreak.audit import chance
from daybreak.audit.baselines import boosted
from daybreak.audit.encoding import Codes
from daybreak.audit.frame import Frame
from daybreak.audit.intervals import scored
from daybreak.audit.problem import Problem
from daybreak.audit.scores import Metric
from daybreak.audit.views import affordable, taken, views

MOST_ROWS = 10_000  # a side
MOST_CLASSES = 50


class Ablation(NamedTuple):
    """Scores on test. `floor`: of no skill."""

    metric: Metric
    with_it: float
    without: float
    floor: float

    @property
    def kept(self) -> float:
        """The share of the skill that is left without the columns."""
        skill = self.with_it - self.floor
        return (self.without - self.floor) / skill if skill > 0 else 1.0


def ablate(frame: Frame, problem: Problem, columns: frozenset[str]) -> Ablation | None:
    """None where test has no target, one class only, or too many."""
    most = affordable(frame.about, MOST_ROWS)
    rows, at = (_some(len(y), most, frame.seed, side) for y, side in ((problem.y, "train"), (problem.y_test, "test")))
    small = Problem(problem.y[rows], problem.y_test[at], problem.rows[rows], problem.rows_test[at], problem.classes)
    if len(np.unique(small.y)) <= 1 or len(np.unique(small.y_test)) <= 1 or len(problem.classes) > MOST_CLASSES:
        return None
    part = taken(frame, small.rows, small.rows_test)
    metric: Metric = "r2" if problem.numeric else "accuracy" if len(problem.classes) > 2 else "auc"  # noqa: PLR2004
    found = []
    for left_out in (frozenset[str](), columns):
        try:
            predicted = boosted(views(part, left_out), small, frame.seed)
        except ValueError:  # no other feature
            found.append(_floor(small, metric))
            continue
        values = predicted.labels if metric != "auc" or predicted.scores is None else predicted.scores
        found.append(scored(metric, small.y_test, values, frame.seed).value)
    return Ablation(metric, found[0], found[1], _floor(small, metric))


def _some(count: int, most: int, seed: int, side: str) -> Codes:
    if count <= most:
        return np.arange(count)
    return np.sort(chance.generator(seed, "ablation", side).choice(count, most, replace=False))


def _floor(problem: Problem, metric: Metric) -> float:
    """What no skill scores."""
    if metric == "auc":
        return 0.5
    return (
        0.0 if metric == "r2" else float(np.unique(problem.y_test, return_counts=True)[1].max() / len(problem.y_test))
    )
