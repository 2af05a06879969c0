"""Baselines fitted on the spot: what a score has to beat, and what shows that an overlap pays.

Trivial ones (the most frequent class, the mean, the last value of a series), a linear one, 1-NN, which knows what stands in train, and
boosted trees. They see train alone; rows are bounded by the caller.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from daybreak.audit import chance
from daybreak.audit.encoding import Codes, Vector, category_codes, numbers
from daybreak.audit.frame import Frame
from daybreak.audit.problem import Problem
from daybreak.audit.threads import one_thread
from daybreak.audit.views import Views

Name = Literal["majority class", "mean", "last value", "linear", "1-NN", "boosted trees"]
TREES = 600  # of all classes together; at most 100 rounds


@dataclass(frozen=True)
class Predicted:
    """Predictions for (m,) test rows. `labels`: codes of classes or values; `scores`: (m,) of the class coded 1 where there are two."""

    labels: Vector
    scores: Vector | None = None


def trivial(frame: Frame, problem: Problem) -> tuple[Name, Predicted]:
    """What needs no features. The last value of a series is the value one row before, of its own group where groups are declared."""
    many = len(problem.y_test)
    if not problem.numeric:
        codes, counts = np.unique(problem.y, return_counts=True)
        return "majority class", Predicted(np.full(many, codes[counts.argmax()]))
    if frame.about.task == "forecast":
        return "last value", Predicted(_last_values(frame, problem))
    return "mean", Predicted(np.full(many, problem.y.mean()))


def _last_values(frame: Frame, problem: Problem) -> Vector:
    """For each test row the target of the row before it; the mean of train where there is none."""
    y = np.concatenate([problem.y, problem.y_test])
    groups, moments = _groups(frame, problem), _moments(frame, problem)
    order = np.lexsort((np.arange(len(y)), moments, groups))
    before = np.full(len(y), problem.y.mean())
    follows = np.flatnonzero(groups[order][1:] == groups[order][:-1])
    before[order[follows + 1]] = y[order[follows]]
    return before[len(problem.y) :]


def time_order(frame: Frame, problem: Problem, chosen: Codes) -> Codes:
    """Indices that bring the chosen ones of the problem's train rows into the order of (group, time)."""
    groups, moments = _groups(frame, problem)[chosen], _moments(frame, problem)[chosen]
    return np.lexsort((np.arange(len(chosen)), moments, groups))


def _groups(frame: Frame, problem: Problem) -> Codes:
    both = np.zeros(len(problem.y) + len(problem.y_test), np.int64)
    for column in frame.about.having("group"):
        train, test, names = category_codes(frame.train.rows[column.name], frame.test.rows[column.name])
        both = both * (len(names) + 1) + np.concatenate([train[problem.rows], test[problem.rows_test]])
    return both


def _moments(frame: Frame, problem: Problem) -> Vector:
    """When each row was, of a time column or else of their order: train, then test."""
    times = frame.about.having("time")
    if not times:
        return np.arange(len(problem.y) + len(problem.y_test), dtype=np.float64)
    name = times[0].name
    train, test = numbers(frame.train.rows[name]), numbers(frame.test.rows[name])
    return np.concatenate([train[problem.rows], test[problem.rows_test]])


def linear(given: Views, problem: Problem, seed: int) -> Predicted:
    """Logistic or ridge regression, lightly regularised."""
    from sklearn.linear_model import LogisticRegression, Ridge

    train, test = given.linear
    if problem.numeric:
        return Predicted(
            Ridge(1.0, solver="lsqr" if hasattr(train, "toarray") else "auto").fit(train, problem.y).predict(test)
        )
    model = LogisticRegression(max_iter=200, tol=1e-3, random_state=chance.state(seed, "linear"))
    with one_thread():
        return _classified(model.fit(train, problem.y), test)


def nearest(given: Views, problem: Problem) -> Predicted:
    """The target of the nearest train row."""
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

    train, test = given.neighbours
    kind: Any = KNeighborsRegressor if problem.numeric else KNeighborsClassifier
    model = kind(1, algorithm="kd_tree" if train.shape[1] <= 3 else "brute")  # noqa: PLR2004 (a tree pays in few dimensions)
    return Predicted(np.asarray(model.fit(train, problem.y).predict(test), np.float64))


def boosted(given: Views, problem: Problem, seed: int) -> Predicted:
    """Boosted trees on histograms (Ke et al., "LightGBM", 2017, as scikit-learn has them)."""
    train, test = given.trees
    with one_thread():
        model = boosting(problem, given.categorical, seed).fit(train, problem.y)
        return _classified(model, test, numeric=problem.numeric)


def boosting(problem: Problem, categorical: Any, seed: int, rounds: int = 100) -> Any:
    """The unfitted model."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    classes = len(np.unique(problem.y)) if not problem.numeric else 1
    kind: Any = HistGradientBoostingRegressor if problem.numeric else HistGradientBoostingClassifier
    return kind(
        max_iter=max(10, min(rounds, TREES // max(classes, 1))),
        min_samples_leaf=max(2, min(20, len(problem.y) // 20)),
        categorical_features=categorical if categorical.any() else None,
        early_stopping=False,
        random_state=chance.state(seed, "boosted"),
    )


def _classified(model: Any, test: Any, *, numeric: bool = False) -> Predicted:
    if numeric or len(model.classes_) != 2:  # noqa: PLR2004
        return Predicted(np.asarray(model.predict(test), np.float64))
    scores = model.predict_proba(test)[:, 1]
    return Predicted(model.classes_[(scores > 0.5).astype(int)].astype(np.float64), scores)  # noqa: PLR2004
