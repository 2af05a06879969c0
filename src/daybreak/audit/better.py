"""A score on test that is better than on train: not luck beyond three standard deviations, so something is odd about the test set.

Models are fitted on four fifths of train and scored on the fifth and on test. Under a fair split both are rows that the models never
saw, and the scores agree within their sampling errors. Test rows that are easier (copies of train rows, a narrower choice, another mix
of classes) make test better; a test that is merely harder is no matter of this audit, but of `shift`.
"""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from daybreak.audit.encoding import Codes, Encoded, Vector, category_codes
from daybreak.audit.frame import Frame
from daybreak.audit.intervals import Z
from daybreak.audit.outcome import Finding, NotApplicable, Outcome, answered
from daybreak.audit.probe import cluster_variance, folds_of_groups, out_of_fold_and_on_test, probed, random_folds
from daybreak.audit.problem import Problem
from daybreak.audit.scores import Interval
from daybreak.audit.sketch import thinned

RULE = "test_better"
MOST_ROWS = 6000  # a side
FEWEST = 30  # rows a side
STANDARD_DEVIATIONS = 3.0
POINTS = 0.01  # a smaller difference changes no decision
FOLDS = 5
OVERLAPPING_FOLDS = 1 + FOLDS / (FOLDS - 1)  # Nadeau and Bengio, "Inference for the generalization error", 2003


def test_better_than_train(frame: Frame) -> Outcome:
    """Whether quick baselines do better on test than out of fold on train, by more than three standard deviations.

    Raises `NotApplicable` without a target, without features, or with fewer than 30 rows a side.
    """
    frame = thinned(frame, MOST_ROWS, RULE)
    encoded, problem = probed(frame)
    n, m = len(problem.y), len(problem.y_test)
    if min(n, m) < FEWEST:
        raise NotApplicable(f"needs at least {FEWEST} rows with a target on either side, got {n} and {m}")
    groups = _clusters(frame, encoded, problem)
    apart = frame.about.having("group") and not set(groups[0].tolist()) & set(groups[1].tolist())
    folds = folds_of_groups(groups[0], FOLDS, frame.seed) if apart else random_folds(n, FOLDS, frame.seed, RULE)
    right, on_test = out_of_fold_and_on_test(encoded, problem, folds, frame.seed)
    of_train = cluster_variance(right, groups[0]) * OVERLAPPING_FOLDS
    sd = sqrt(of_train + cluster_variance(on_test, groups[1]))
    measured = {
        "train": round(float(right.mean()), 4),
        "test": round(float(on_test.mean()), 4),
        "sd_of_difference": round(sd, 4),
        "standard_deviations": round(float((on_test.mean() - right.mean()) / max(sd, 1e-9)), 2),
        "score": "skill" if problem.numeric else "accuracy",
        "model": "randomised trees",
    }
    if not problem.numeric:
        measured["test_at_trains_mix"] = round(_at_trains_mix(problem, on_test), 4)
    return answered(RULE, _judged(measured), measured=measured, looked_at=frame.counts)


def of_scores(train: Interval, test: Interval, higher_is_better: bool = True) -> Outcome:
    """The same question for a user's model, of scores with 95 % intervals. `train`: on rows it was fitted on, or out of fold."""
    sd = sqrt(((train.high - train.low) ** 2 + (test.high - test.low) ** 2) / (2 * Z) ** 2)
    difference = (test.value - train.value) * (1 if higher_is_better else -1)
    measured = {
        "train": train.value,
        "test": test.value,
        "sd_of_difference": sd,
        "standard_deviations": round(difference / max(sd, 1e-9), 2),
        "score": "score",
        "model": "the model",
    }
    return answered(RULE, _judged(measured), measured=measured)


def _clusters(frame: Frame, encoded: Encoded, problem: Problem) -> tuple[Codes, Codes]:
    """What is one piece of evidence: a declared group, otherwise rows with the same features."""
    declared = frame.about.having("group")
    if declared:
        name = declared[0].name
        codes = category_codes(frame.train.rows[name], frame.test.rows[name])
        return codes[0][problem.rows], codes[1][problem.rows_test]
    both = np.ascontiguousarray(np.nan_to_num(np.vstack([encoded.train, encoded.test]), nan=-1e30))
    _, inverse = np.unique(
        both.view(np.dtype((np.void, both.dtype.itemsize * both.shape[1]))).ravel(), return_inverse=True
    )
    return inverse[: len(problem.y)], inverse[len(problem.y) :]


def _at_trains_mix(problem: Problem, on_test: Vector) -> float:
    """Test's accuracy if its classes were as frequent as in train."""
    share = np.bincount(problem.y.astype(int), minlength=len(problem.classes)) / len(problem.y)
    there = np.bincount(problem.y_test.astype(int), minlength=len(problem.classes))
    mean = np.bincount(problem.y_test.astype(int), on_test, minlength=len(problem.classes)) / np.maximum(there, 1)
    return float((mean * share)[there > 0].sum() / max(share[there > 0].sum(), 1e-12))


def _judged(measured: Mapping[str, Any]) -> list[Finding]:
    train, test, z = (float(measured[name]) for name in ("train", "test", "standard_deviations"))
    if z <= STANDARD_DEVIATIONS or abs(test - train) < POINTS:
        return []
    who = (
        "A quick forest of trees, fitted on four fifths of train," if measured["model"] != "the model" else "The model"
    )
    what = f"{who} has {measured['score']} {test:.3f} on test but {train:.3f} on train rows it had not seen"
    if measured["model"] == "the model":
        what = f"The model scores {test:.3f} on test but {train:.3f} on train"
    return [
        Finding(
            RULE,
            "warning",
            f"{what}: test is better by {z:.1f} standard deviations.",
            "high" if z > 2 * STANDARD_DEVIATIONS else "moderate",
            because=f"Under a fair split the two scores differ by about {measured['sd_of_difference']:.4f}, by luck.",
            matters="The test set is easier than the data the model will meet, or the model has seen some of it: the score is too good.",
            advice=_advice(measured, train, test),
            measured=dict(measured),
        )
    ]


def _advice(measured: Mapping[str, Any], train: float, test: float) -> str:
    mixed = measured.get("test_at_trains_mix")
    if mixed is not None and mixed - train < (test - train) / 2:
        return (
            f"Most of it is the mix of classes, which differs between the sides: at train's mix test has {mixed:.3f}. "
            "Split stratified by class, or report balanced accuracy."
        )
    return (
        "Look for test rows that stand in train (the overlap audits name them), "
        "and for how the test rows were chosen: were hard or doubtful ones left out?"
    )
