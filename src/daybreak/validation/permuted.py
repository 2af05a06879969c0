"""Shuffled labels: trained on a target that was permuted, a model must score chance on test. More is knowledge of test's labels.

The training is `fit(train, test) -> predictions for test`; how it is called says `calling`. It runs several times, each on another
permutation of train's target. Its score is compared with what predictions as frequent as these get by chance; how much that varies comes
from the permutations themselves (Student's t over them), and a difference too small to matter is passed over.

Ojala and Garriga, "Permutation tests for studying classifier performance", 2010.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from daybreak.audit import chance
from daybreak.audit.baselines import Predicted
from daybreak.audit.frame import Frame, Part
from daybreak.audit.given import given
from daybreak.audit.outcome import Finding, NotApplicable, Outcome, answered
from daybreak.audit.problem import Problem, problem_of
from daybreak.base.errors import UserCodeError
from daybreak.readers.opened import Opened
from daybreak.validation import called
from daybreak.validation.calling import Callee, Columns, arrays, first_rows

RULE = "shuffled_labels"
QUESTION = "Does it score more than chance on shuffled labels?"
MOST_ROWS = 20_000  # the first of each side
PERMUTATIONS = 5
SURE = 0.001  # one-sided
POINTS = 0.03  # of accuracy or correlation; less changes no decision
EXPECTS = "it is called with train and test, tables with all columns, and returns one prediction per test row"

Fit = Callable[[Any, Any], Any]
Told = Callable[[str, int, int], None]


def check(
    fit: Fit | str,
    opened: Opened,
    *,
    python: str = sys.executable,
    folder: Path | None = None,
    permutations: int = PERMUTATIONS,
    told: Told | None = None,
) -> Outcome:
    """The rule `shuffled_labels` for a callable (called here) or `module:function` of the code in `folder`, run by `python`.

    At least 3 permutations. Raises `NotApplicable` without a target that varies, `UserCodeError` where the training fails.
    """
    frame, train, test = _sides(opened)
    problem = problem_of(frame)
    if not len(problem.y_test):
        raise NotApplicable("needs test rows with a target")
    target = opened.about.target.name if opened.about.target else ""
    shuffled = [_shuffled(train, target, number) for number in range(max(3, permutations))]
    told = told or (lambda *_: None)
    if isinstance(fit, str):
        told(QUESTION, 0, 0)
        answers = _answers(fit, python, folder or Path.cwd(), [(columns, test) for columns in shuffled])
    else:
        answers = []
        for columns in shuffled:
            told(QUESTION, len(answers), len(shuffled))
            answers.append(_called(fit, columns, test))
    excess = [_excess(frame, problem, np.asarray(one), number) for number, one in enumerate(answers)]
    outcome = _judged(excess, problem, fit if isinstance(fit, str) else getattr(fit, "__qualname__", repr(fit)))
    return replace(outcome, looked_at=frame.counts)


def _sides(opened: Opened) -> tuple[Frame, Columns, Columns]:
    """The first rows of both sides, as audits see them and as a training does."""
    tables = {side: first_rows(opened, side, MOST_ROWS) for side in ("train", "test")}
    train, test = (Part(table, np.arange(len(table)), len(table)) for table in tables.values())
    return Frame(opened.about, train, test), arrays(tables["train"], opened), arrays(tables["test"], opened)


def _answers(function: str, python: str, folder: Path, pairs: list[tuple[Columns, Columns]]) -> list[Any]:
    """Predictions of each training, in processes of their own. Raises `UserCodeError`."""
    with tempfile.TemporaryDirectory() as scratch:
        answers, _ = Callee(function, python, folder.absolute(), Path(scratch)).call(pairs, "predictions", EXPECTS)
    for one in answers:
        if isinstance(one, UserCodeError):
            raise one
    return answers


def _shuffled(train: Columns, target: str, number: int) -> Columns:
    values = train[target]
    order = chance.generator(0, RULE, number).permutation(len(values))
    return train | {target: [values[i] for i in order] if isinstance(values, list) else values[order]}


def _called(fit: Fit, train: Columns, test: Columns) -> Any:
    try:
        return called.predictions(fit(called.table(train), called.table(test)))
    except Exception as error:
        raise UserCodeError(f"the training failed: {called.said(error)}; {EXPECTS}") from error


def _excess(frame: Frame, problem: Problem, predictions: Any, number: int) -> tuple[float, float]:
    """(score beyond chance, its standard deviation under chance) of one training: accuracy, or correlation of numbers."""
    predicted = given(frame, problem, predictions)
    many = len(problem.y_test)
    if problem.numeric:
        if np.ptp(predicted.labels) == 0 or np.ptp(problem.y_test) == 0:
            return 0.0, 1 / sqrt(max(many - 1, 1))
        return float(np.corrcoef(predicted.labels, problem.y_test)[0, 1]), 1 / sqrt(max(many - 1, 1))
    right = predicted.labels == problem.y_test
    expected, sd = _by_chance(predicted, problem, number)
    return float(right.mean()) - expected, sd


def _by_chance(predicted: Predicted, problem: Problem, number: int) -> tuple[float, float]:
    """Mean and standard deviation of the accuracy of these predictions over shuffled test labels."""
    rng = chance.generator(1, RULE, number)
    draws = [float((predicted.labels == rng.permutation(problem.y_test)).mean()) for _ in range(100)]
    shares = [
        float((predicted.labels == code).mean() * (problem.y_test == code).mean())
        for code in range(len(problem.classes))
    ]
    return sum(shares), float(np.std(draws))


def _judged(excess: list[tuple[float, float]], problem: Problem, name: str) -> Outcome:
    from scipy.stats import t

    values = np.array([value for value, _ in excess])
    spread = max(float(values.std(ddof=1)), float(np.mean([sd for _, sd in excess])))
    score = float(values.mean())
    bound = float(t.ppf(1 - SURE, len(values) - 1)) * spread / sqrt(len(values))
    what = "correlation with the target" if problem.numeric else "accuracy beyond chance"
    measured = {
        "score": what,
        "mean": round(score, 4),
        "of_each": [round(float(v), 4) for v in values],
        "bound": round(bound, 4),
    }
    if score <= max(bound, POINTS):
        return answered(RULE, measured=measured)
    finding = Finding(
        RULE,
        "error",
        f"Trained on shuffled labels, {name} still scores more than chance on test: "
        f"its {what} is {score:.3f}, the mean of {len(values)} trainings.",
        "high",
        because=f"By chance it would be 0, and above {bound:.3f} in one of {1 / SURE:,.0f} such audits.",
        matters="Test's own labels reach the predictions on a way that is not learning from train, so the score cannot be believed.",
        advice="Look for test's target among the features, in a cache or a file, in a model that is loaded rather than trained.",
        subject=name,
        measured=measured,
    )
    return answered(RULE, [finding], measured=measured)
