"""The score on all, overlapping and clean test rows: what an overlap does to a number, and what any score has to beat.

Models are the user's, if its predictions are at hand, and baselines that are fitted on the spot. Train rows that are partners of test rows
are among those that the baselines are fitted on, so that a bounded sample shows the effect that all rows have.
"""

import warnings
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from daybreak.audit import chance
from daybreak.audit.baselines import Predicted, boosted, linear, nearest, trivial
from daybreak.audit.effect import says
from daybreak.audit.encoding import Codes
from daybreak.audit.frame import Frame
from daybreak.audit.given import given
from daybreak.audit.intervals import scored
from daybreak.audit.outcome import Hits
from daybreak.audit.problem import Problem, problem_of
from daybreak.audit.scores import Interval, Metric, Rescore, Scored
from daybreak.audit.views import affordable, taken, views

MODEL = "the model"
MOST_FITTED = 30_000  # train rows of the baselines
MOST_SCORED = 20_000  # test rows of the baselines
MOST_CLASSES = 50  # that linear models and trees are fitted for
FEWEST = 10  # rows that have a score of their own
LONE = 0.75  # share of one class beyond which accuracy says little


@dataclass(frozen=True)
class Answers:
    """One model's predictions for some of the test rows: `at` are indices into the problem's."""

    model: str
    predicted: Predicted
    at: Codes


def rescore(frame: Frame, hits: dict[str, Hits], predictions: Any = None, *, searched: bool = True) -> Rescore | None:
    """Scores with 95 % intervals. `hits`: rule -> test rows that overlap with train. `predictions`: see `given`; none: baselines alone.

    `searched`: whether an overlap was looked for at all. None without a target, or without a test row that has one. Raises `UsageError`
    for predictions that do not fit, `NotApplicable` where train's target has one value.
    """
    if frame.about.target is None or frame.about.task is None:
        return None
    problem = problem_of(frame)
    if not len(problem.y_test):
        return None
    rules, overlapping = _overlapping(frame, problem, hits)
    asked = [_answers(frame, problem, predictions)] if predictions is not None else []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a baseline that has not converged is still one
        asked += _baselines(frame, problem, hits, overlapping)
    lines = tuple(line for answers in asked for line in _scored(frame, problem, answers, overlapping))
    count = int(overlapping.sum())
    return Rescore(lines, count, rules, says(lines, count, len(overlapping), rules, searched=searched), searched)


def of_model(frame: Frame, predictions: Any) -> Scored | None:
    """The user's model on all test rows, by its first metric that is defined; None without a test row that has a target, or such a metric.

    Raises `UsageError` for predictions that do not fit, `NotApplicable` where train's target has one value.
    """
    problem = problem_of(frame)
    count = len(problem.y_test)
    lines = _scored(frame, problem, _answers(frame, problem, predictions), np.zeros(count, bool)) if count else []
    return lines[0] if lines else None


def _answers(frame: Frame, problem: Problem, predictions: Any) -> Answers:
    return Answers(MODEL, given(frame, problem, predictions), np.arange(len(problem.y_test)))


def _overlapping(frame: Frame, problem: Problem, hits: dict[str, Hits]) -> tuple[tuple[str, ...], Any]:
    """The rules that hit, and which of the problem's test rows they hit, (m,) bool.

    A rule that hits all of them (each test patient is in train) is left out where the others leave something clean.
    """
    positions = frame.test.positions[problem.rows_test]
    found = {rule: np.isin(positions, one.test) for rule, one in sorted(hits.items()) if len(one.test)}
    found = {rule: mask for rule, mask in found.items() if mask.any()}
    partial = {rule: mask for rule, mask in found.items() if (~mask).sum() >= FEWEST}
    used = partial or found
    return tuple(used), np.logical_or.reduce([np.zeros(len(positions), bool), *used.values()])


def _baselines(frame: Frame, problem: Problem, hits: dict[str, Hits], overlapping: Any) -> list[Answers]:
    """The trivial and the linear one; with an overlap also 1-NN and boosted trees."""
    name, predicted = trivial(frame, problem)
    found = [Answers(name, predicted, np.arange(len(problem.y_test)))]
    rows, at = _bounded(frame, problem, hits)
    small = Problem(problem.y[rows], problem.y_test[at], problem.rows[rows], problem.rows_test[at], problem.classes)
    try:
        seen = views(taken(frame, small.rows, small.rows_test))
    except ValueError:  # no feature
        return found
    if len(np.unique(small.y)) > 1 and len(problem.classes) <= MOST_CLASSES:
        found.append(Answers("linear", linear(seen, small, frame.seed), at))
    if overlapping.any():
        found.append(Answers("1-NN", nearest(seen, small), at))
        if len(np.unique(small.y)) > 1 and len(problem.classes) <= MOST_CLASSES:
            found.append(Answers("boosted trees", boosted(seen, small, frame.seed), at))
    return found


def _bounded(frame: Frame, problem: Problem, hits: dict[str, Hits]) -> tuple[Codes, Codes]:
    """Which of the problem's rows are fitted on and scored: partners of the scored rows first, the others by chance; ascending."""
    most = affordable(frame.about, MOST_FITTED)
    at = _chosen(len(problem.y_test), affordable(frame.about, MOST_SCORED), frame.seed, "scored")
    asked = frame.test.positions[problem.rows_test[at]]
    partners = [one.train[np.isin(one.test, asked)] for one in hits.values()]
    first = np.isin(frame.train.positions[problem.rows], np.concatenate([np.empty(0, np.int64), *partners]))
    if len(problem.y) <= most:
        return np.arange(len(problem.y)), at
    keys = chance.generator(frame.seed, "rescore", "fitted").random(len(problem.y)) - first
    return np.sort(np.argpartition(keys, most)[:most]), at


def _chosen(count: int, most: int, seed: int, name: str) -> Codes:
    if count <= most:
        return np.arange(count)
    return np.sort(chance.generator(seed, "rescore", name).choice(count, most, replace=False))


def _scored(frame: Frame, problem: Problem, answers: Answers, overlapping: Any) -> list[Scored]:
    truth, over = problem.y_test[answers.at], overlapping[answers.at]
    found = []
    for metric in _metrics(problem, answers):
        predicted = cast("Any", answers.predicted.scores if metric == "auc" else answers.predicted.labels)

        def part(mask: Any, metric: Metric = metric, predicted: Any = predicted) -> Interval | None:
            one = scored(metric, truth[mask], predicted[mask], frame.seed) if mask.sum() >= FEWEST else None
            return one if one is not None and np.isfinite(one.value) else None

        whole = scored(metric, truth, predicted, frame.seed)
        parts = (part(over), part(~over)) if overlapping.any() else (None, None)
        if np.isfinite(whole.value):
            found.append(Scored(answers.model, metric, whole, *parts, fitted_here=answers.model != MODEL))
    return found


def _metrics(problem: Problem, answers: Answers) -> tuple[Metric, ...]:
    if problem.numeric:
        return ("r2", "mae")
    lone = np.unique(problem.y_test, return_counts=True)[1].max() / len(problem.y_test) > LONE
    metrics: tuple[Metric, ...] = ("accuracy", "balanced_accuracy") if lone else ("accuracy",)
    return (*metrics, "auc") if answers.predicted.scores is not None else metrics
