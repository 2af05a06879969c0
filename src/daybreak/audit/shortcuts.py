"""Shortcuts: can the target be guessed without looking at the content? From the files' size, their names, the order of the rows.

A shallow forest sees metadata alone and is scored out of fold. The score is balanced accuracy on the scale of two classes, 0.5 for
guessing and 1 for knowing: 0.5 + (b - 1/K) / (2 - 2/K) for a balanced accuracy b of K classes; of a number 0.5 + r / 2, r being Spearman's
correlation of guess and truth. A lower bound (99 %) above 0.6 is a warning.
"""

from dataclasses import dataclass
from math import atanh, sqrt, tanh
from typing import Any, cast

import numpy as np

from daybreak.audit import chance
from daybreak.audit.encoding import Codes, Matrix, Vector, category_codes, numbers
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import Finding, NotApplicable, Outcome, Severity, answered
from daybreak.audit.probe import folds_of_groups, random_folds
from daybreak.audit.problem import Problem, problem_of
from daybreak.audit.shortcut_columns import Known, known_of
from daybreak.audit.sketch import spoken, thinned

RULE = "shortcuts"
MOST_ROWS = 8000
FEWEST = 50
FEWEST_OF_CLASS = 8
BOUND = 0.6
Z = 2.33  # one-sided 99 %
FOLDS = 5
BLOCKS = 50
NAMED = 3
ORDER = "the order of the rows"


@dataclass(frozen=True)
class Guessed:
    """How well it tells the target, on the scale of two classes, with the lower bound; and the plain score of the field."""

    score: float
    low: float
    plain: float
    metric: str  # "balanced accuracy" or "rank correlation"


def metadata(frame: Frame) -> Outcome:
    """Whether metadata, or the order of the rows, predict the target.

    Raises `NotApplicable` without a target, without anything but content and features, or with fewer than 50 rows.
    """
    frame = thinned(frame, MOST_ROWS, RULE)
    problem = problem_of(frame)
    rows = _usable(problem)
    if len(rows) < FEWEST:
        raise NotApplicable(
            f"needs at least {FEWEST} train rows of classes with {FEWEST_OF_CLASS} rows, got {len(rows)}"
        )
    known = [one for one in known_of(frame, problem) if len(np.unique(one.values[~np.isnan(one.values)])) > 1]
    order = (
        []
        if _in_time(frame) or _in_groups(frame) or frame.about.files
        else [Known(ORDER, "", frame.train.positions[problem.rows].astype(np.float64))]
    )
    if not known and not order:
        raise NotApplicable("needs something besides the content: file sizes, lengths, ids, names of several parts")
    measured: dict[str, Any] = {}
    findings = []
    if known:
        findings += _asked(frame, problem, rows, _folds(frame, problem)[rows], "metadata", known, measured)
    if order:
        findings += _asked(frame, problem, rows, _folds_of_neighbours(frame, len(rows)), ORDER, order, measured)
    return answered(RULE, findings, measured=measured, looked_at=frame.counts)


def _in_time(frame: Frame) -> bool:
    """Whether rows stand in the order of time: then their place tells the target by nature, as a trend does."""
    if frame.about.ordered or frame.about.task == "forecast":
        return True
    return any(
        bool((np.diff(values[~np.isnan(values)]) >= 0).all())
        for column in (*frame.about.having("time"), *frame.about.typed("time"))
        for values in [numbers(frame.train.rows[column.name])]
    )


def _in_groups(frame: Frame) -> bool:
    """Whether declared groups stand one after the other: a row's place is its group then, and new groups have no place among them."""
    for column in frame.about.having("group"):
        codes = category_codes(frame.train.rows[column.name], frame.test.rows[column.name])[0]
        if np.count_nonzero(np.diff(codes)) < 2 * len(np.unique(codes)) < len(codes):
            return True
    return False


def _usable(problem: Problem) -> Codes:
    """Rows whose class has enough of them."""
    if problem.numeric:
        return np.arange(len(problem.y))
    counts = np.bincount(problem.y.astype(int))
    usable: Codes = np.flatnonzero(counts[problem.y.astype(int)] >= FEWEST_OF_CLASS)
    return usable if len(np.unique(problem.y[usable])) > 1 else np.empty(0, np.int64)


def _folds(frame: Frame, problem: Problem) -> Codes:
    """Random folds; declared groups whole, so that a group's own metadata do not tell its label."""
    declared = frame.about.having("group")
    if declared:
        name = declared[0].name
        groups = category_codes(frame.train.rows[name], frame.test.rows[name])[0][problem.rows]
        if len(np.unique(groups)) >= FOLDS:
            return folds_of_groups(groups, FOLDS, frame.seed)
    return random_folds(len(problem.y), FOLDS, frame.seed, RULE)


def _folds_of_neighbours(frame: Frame, count: int) -> Codes:
    """Folds of fiftieths of the file: a row's position must not tell its target by its next neighbour, which may be the same patient."""
    return random_folds(BLOCKS, FOLDS, frame.seed, ORDER)[np.arange(count) * BLOCKS // count]


def guess(X: Matrix, problem: Problem, rows: Codes, folds: Codes, seed: int) -> Guessed:
    """How well (n, d) metadata predict the target, out of fold. `rows`: those of the problem that X has; `folds`: theirs."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    y = problem.y[rows]
    shape = {"n_estimators": 30, "max_depth": 5, "min_samples_leaf": 5, "random_state": chance.state(seed, RULE)}
    guessed = np.zeros(len(y))
    for fold in np.unique(folds):
        held = folds == fold
        forest: Any = (
            RandomForestRegressor(**shape)
            if problem.numeric
            else RandomForestClassifier(class_weight="balanced", **shape)
        )
        guessed[held] = forest.fit(X[~held], y[~held]).predict(X[held])
    return _correlation(y, guessed) if problem.numeric else _balanced(y, guessed)


def _balanced(y: Vector, guessed: Vector) -> Guessed:
    classes = np.unique(y)
    counts = np.array([(y == c).sum() for c in classes])
    recall = np.array([(guessed[y == c] == c).mean() for c in classes])
    plain = float(recall.mean())
    smooth = (recall * counts + 1) / (counts + 2)  # a class that is always right is not known without error
    sd = float(np.sqrt((smooth * (1 - smooth) / counts).sum())) / len(classes)
    scale = 0.5 / (1 - 1 / len(classes))
    score = 0.5 + (plain - 1 / len(classes)) * scale
    return Guessed(score, score - Z * sd * scale, plain, "balanced accuracy")


def _correlation(y: Vector, guessed: Vector) -> Guessed:
    from scipy.stats import rankdata

    if guessed.min() == guessed.max():
        return Guessed(0.5, 0.5, 0.0, "rank correlation")
    r = float(np.corrcoef(rankdata(y), rankdata(guessed))[0, 1])
    low = tanh(atanh(min(max(r, -0.9999), 0.9999)) - Z / sqrt(max(len(y) - 3, 1)))
    return Guessed(0.5 + r / 2, 0.5 + low / 2, r, "rank correlation")


def _asked(
    frame: Frame,
    problem: Problem,
    rows: Codes,
    folds: Codes,
    subject: str,
    columns: list[Known],
    measured: dict[str, Any],
) -> list[Finding]:
    """The finding about some metadata, if they tell the target."""
    X = np.stack([_solid(one.values[rows]) for one in columns], axis=1)
    alone = {one.name: guess(X[:, [i]], problem, rows, folds, frame.seed) for i, one in enumerate(columns)}
    ranked = sorted(alone.items(), key=lambda item: -item[1].score)
    outside = [i for i, one in enumerate(columns) if not one.content]
    together = [guess(X[:, outside], problem, rows, folds, frame.seed)] if len(outside) > 1 else []
    best = max(*together, ranked[0][1], ranked[0][1], key=lambda found: found.low)
    facts = measured[subject] = {
        "score": round(best.score, 4),
        "low": round(best.low, 4),
        best.metric.replace(" ", "_"): round(best.plain, 4),
        "alone": {name: round(found.score, 4) for name, found in ranked[:8]},
        "rows": len(rows),
    }
    if best.low <= BOUND:
        return []
    facts["sorted_by_target"] = subject == ORDER and _sorted_by_target(problem)
    telling = [one for one in columns if alone[one.name].low > BOUND]
    named = sorted(telling or columns, key=lambda one: -alone[one.name].score)[:NAMED]
    by = " and ".join(one.name for one in named) + (" alone" if len(telling) == 1 else "" if telling else " together")
    sources = tuple(one.column for one in named if one.column)
    return [_finding(frame, problem, subject, by, sources, best, facts)]


def _solid(values: Vector) -> Matrix:
    """Numbers without NaN: a missing one is below all others."""
    there = values[~np.isnan(values)]
    low = there.min() - 1 if len(there) else 0.0
    return cast("Matrix", np.nan_to_num(values, nan=low).astype(np.float64))


def _sorted_by_target(problem: Problem) -> bool:
    """Whether the file is simply sorted by the target: an arrangement, and nothing that was collected so."""
    if problem.numeric:
        steps = np.diff(problem.y)
        return bool((steps >= 0).all() or (steps <= 0).all())
    return int((np.diff(problem.y) != 0).sum()) + 1 == len(np.unique(problem.y))


def _finding(
    frame: Frame,
    problem: Problem,
    subject: str,
    by: str,
    columns: tuple[str, ...],
    best: Guessed,
    facts: dict[str, Any],
) -> Finding:
    severity: Severity = "info" if facts["sorted_by_target"] else "warning"
    guessing = 0.0 if problem.numeric else 1 / max(len(np.unique(problem.y)), 1)
    how = " The file is sorted by it." if facts["sorted_by_target"] else ""
    return Finding(
        RULE,
        severity,
        f"{_target_name(frame)} can be guessed without looking at the content: by {by}, with a {best.metric} of {best.plain:.2f} "
        f"({guessing:.2f} is guessing).{how}",
        "high",
        because=(
            f"Out of fold on {facts['rows']} train rows; on the scale of two classes (0.5: guessing, 1: knowing) that is {best.score:.2f}, "
            f"at least {best.low:.2f} with 99 % confidence, where {BOUND} is the bound."
        ),
        matters=(
            "Learning from batches in this order goes wrong, and so do splits that are not shuffled."
            if severity == "info"
            else "A model can score by such a trace instead of what you want it to see, and fails where the trace is missing."
        ),
        advice=_advice(subject, severity),
        subject=subject,
        columns=columns,
        measured=facts,
    )


def _target_name(frame: Frame) -> str:
    return spoken(frame.about.target.name) if frame.about.target else "The target"


def _advice(subject: str, severity: Severity) -> str:
    if severity == "info":
        return "Shuffle the rows before training."
    if subject == ORDER:
        return "Find out why: were classes collected one after the other, by other people or devices? Do not give row numbers to the model."
    return (
        "Ask whether it is natural (long words take long to say) or a trace of how the data was collected (one device, one format, one "
        "person a class). A trace: make it equal in all classes, and score the model on samples where it is."
    )
