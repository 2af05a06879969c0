"""Which labels are probably wrong? Confident learning on out-of-fold probabilities of both sides together.

Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", 2021.

A class's threshold is the mean probability that its own rows have of it. A row whose probability of another class is above that class's
threshold is contradicted with confidence; its place is off the diagonal of the confident joint. Rows that are merely hard would be among
them, so one is listed only where the model also gives its label less than one chance in ten. It is information: the model may be wrong.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from daybreak.audit import chance
from daybreak.audit.canonical import plain
from daybreak.audit.encoding import Codes, Matrix, Vector
from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import MOST_PLACES, Finding, NotApplicable, Outcome, answered
from daybreak.audit.problem import Problem, problem_of
from daybreak.audit.threads import one_thread
from daybreak.audit.views import Views, affordable, taken, views

RULE = "label_errors"
MOST_ROWS = 20_000  # of both sides together
MOST_CLASSES = 30
FEWEST = 100
FEWEST_OF_CLASS = 10
FOLDS = 5
TREES = 200
LITTLE = 0.1  # the label's own probability, below which it is doubted
SHOWN = 10


@dataclass(frozen=True)
class Doubts:
    """Rows whose label is contradicted, the most doubtful first: indices, the class that the model sees, and its lead over the label."""

    rows: Codes
    seen: Codes
    lead: Vector


def errors(frame: Frame) -> Outcome:
    """Labels that a model contradicts with confidence. Raises `NotApplicable` but for 100 rows or more of 2 to 30 classes."""
    problem = problem_of(frame)
    if problem.numeric:
        raise NotApplicable(
            "needs classes: labels of a number are judged by their residuals, which this audit does not do"
        )
    y, pooled, sides, positions = _pooled(frame, problem)
    if len(y) < FEWEST or len(problem.classes) > MOST_CLASSES:
        raise NotApplicable(
            f"needs at least {FEWEST} rows with a label and at most {MOST_CLASSES} classes, got {len(y)} and {len(problem.classes)}"
        )
    try:
        seen = views(pooled)
    except ValueError:
        raise NotApplicable("needs at least one feature") from None
    kept = np.bincount(y, minlength=len(problem.classes)) >= FEWEST_OF_CLASS
    known = np.flatnonzero(kept[y])
    if kept.sum() < 2:  # noqa: PLR2004
        raise NotApplicable(f"needs two classes with at least {FEWEST_OF_CLASS} rows each")
    codes = np.cumsum(kept)[y[known]] - 1
    doubts = doubted(codes, _out_of_fold(seen, codes, known, frame.seed))
    names = [name for name, there in zip(problem.classes, kept, strict=True) if there]
    found = Doubts(known[doubts.rows], doubts.seen, doubts.lead)
    measured = {"looked_at": len(known), "doubted": len(found.rows), "share": round(len(found.rows) / len(known), 5)}
    findings = [_finding(found, y, sides, positions, names, problem.classes, measured)] if len(found.rows) else []
    cut = len(y) < len(problem.y) + len(problem.y_test)
    part = {"train": int((sides == 0).sum()), "test": int((sides == 1).sum())} if cut else {}
    return answered(RULE, findings, measured=measured, looked_at=part)


def _pooled(frame: Frame, problem: Problem) -> tuple[Codes, Frame, Codes, Codes]:
    """(labels, both sides as one train side, the side of each row: 0 or 1, its position there), a sample where there are many."""
    part = taken(frame, problem.rows, problem.rows_test)
    y = np.concatenate([problem.y, problem.y_test]).astype(np.int64)
    sides = np.repeat([0, 1], [len(problem.y), len(problem.y_test)])
    positions = np.concatenate([part.train.positions, part.test.positions])
    columns = [c.name for c in frame.about.having("feature", "content")]
    rows = pa.table({name: _one(part.train.rows[name], part.test.rows[name]) for name in columns})
    most = affordable(frame.about, MOST_ROWS)
    if len(y) > most:
        chosen = np.sort(chance.generator(frame.seed, RULE, "rows").choice(len(y), most, replace=False))
        y, sides, positions, rows = y[chosen], sides[chosen], positions[chosen], rows.take(chosen)
    both = Part(rows, np.arange(len(y)), len(y))
    none = Part(rows.slice(0, 0), np.empty(0, np.int64), 0)
    return y, replace(frame, train=both, test=none, validation=None), sides, positions


def _one(train: Any, test: Any) -> pa.ChunkedArray:
    """The values of both sides as one column; as text where the sides were read as different types."""
    left, right = plain(train), plain(test)
    if left.type != right.type and not len(right):
        right = pa.nulls(0, left.type)
    if left.type != right.type:
        left, right = left.cast(pa.string()), right.cast(pa.string())
    return pa.chunked_array([left, right])


def _out_of_fold(seen: Views, codes: Codes, known: Codes, seed: int) -> Vector:
    """(n, classes) probabilities: of randomised trees, or of a linear model where there is text."""
    from sklearn.linear_model import LogisticRegression

    if not hasattr(seen.linear[0], "toarray"):
        return _by_trees(seen.neighbours[0][known], codes, seed)
    X, folds = seen.linear[0][known], _folds(codes, seed)
    result = np.zeros((len(codes), int(codes.max()) + 1))
    for fold in range(FOLDS):
        held = folds == fold
        with one_thread():
            model = LogisticRegression(C=10.0, max_iter=200, tol=1e-3).fit(X[~held], codes[~held])
            result[held] = model.predict_proba(X[held])
    return result


def _by_trees(X: Matrix, codes: Codes, seed: int) -> Vector:
    """Each row by the trees of a forest that were grown without it."""
    from sklearn.ensemble import ExtraTreesClassifier

    model = ExtraTreesClassifier(TREES, bootstrap=True, oob_score=True, random_state=chance.state(seed, RULE))
    with warnings.catch_warnings(), one_thread():
        warnings.simplefilter("ignore")  # of rows that every tree has seen: they are doubted by none
        model.fit(X, codes)
    shares = np.bincount(codes) / len(codes)
    found: Vector = np.where(np.isnan(model.oob_decision_function_), shares, model.oob_decision_function_)
    return found


def _folds(codes: Codes, seed: int) -> Codes:
    """Evenly by class, at random."""
    keys = chance.generator(seed, RULE, "folds").random(len(codes))
    folds = np.empty(len(codes), np.int64)
    folds[np.lexsort((keys, codes))] = np.arange(len(codes)) % FOLDS
    return folds


def doubted(labels: Codes, probabilities: Vector) -> Doubts:
    """Confident learning. `labels`: (n,) codes; `probabilities`: (n, classes), out of fold; every class has rows."""
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    threshold = np.bincount(labels, own, classes) / np.bincount(labels, minlength=classes)
    above = np.where(probabilities >= threshold, probabilities, -1.0)
    seen = above.argmax(1)
    rows = np.flatnonzero((above.max(1) > 0) & (seen != labels) & (own < LITTLE))
    lead = probabilities[rows, seen[rows]] - own[rows]
    order = np.argsort(-lead, kind="stable")
    return Doubts(rows[order], seen[rows][order], lead[order])


def _finding(
    found: Doubts,
    y: Codes,
    sides: Codes,
    positions: Codes,
    names: list[str],
    classes: tuple[str, ...],
    measured: Mapping[str, Any],
) -> Finding:
    of_test = sides[found.rows] == 1
    at = positions[found.rows]
    first = [
        f"{('train', 'test')[sides[row]]} row {positions[row]}: {classes[y[row]]}, looks like {names[seen]}"
        for row, seen in list(zip(found.rows, found.seen, strict=True))[:SHOWN]
    ]
    count, looked = len(found.rows), measured["looked_at"]
    return Finding(
        RULE,
        "info",
        f"{count:,} of {looked:,} labels ({count / looked:.1%}) are contradicted with confidence by a model that did not see them.",
        "low",
        because="Confident learning on out-of-fold probabilities; some of these rows are only hard or unusual.",
        matters=f"{int(of_test.sum()):,} of them are in test: a wrong label there counts a right answer as wrong.",
        advice="Look at the first ones: " + "; ".join(first[:5]) + ".",
        rows={"train": tuple(at[~of_test][:MOST_PLACES].tolist()), "test": tuple(at[of_test][:MOST_PLACES].tolist())},
        measured={**measured, "first": first},
    )
