"""Quick probes: how well a small forest predicts the target, row by row, out of fold and on test.

A forest of fully grown, randomised trees (Geurts et al., "Extremely randomized trees", 2006): it remembers single rows, as a large
model does, so that what a memory gains shows.
"""

from typing import Any

import numpy as np

from daybreak.audit import chance
from daybreak.audit.encoding import Codes, Encoded, Matrix, Vector
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.problem import Problem, problem_of
from daybreak.audit.sketch import sketch

TREES = 50
MOST_CLASSES = 50
MOST_WRONG = 5.0


def probed(frame: Frame) -> tuple[Encoded, Problem]:
    """Features and target of the rows that have a target.

    Raises `NotApplicable` where there is no target, one with more than 50 classes, or no feature.
    """
    problem = problem_of(frame)
    if len(problem.classes) > MOST_CLASSES:
        raise NotApplicable(f"looks at no more than {MOST_CLASSES} classes, the target has {len(problem.classes)}")
    encoded = sketch(frame)
    if not encoded.names:
        raise NotApplicable("needs at least one feature to predict the target from")
    sides = encoded.train[problem.rows], encoded.test[problem.rows_test]
    return Encoded(*sides, encoded.names, encoded.sources, encoded.categorical), problem


def filled(matrix: Matrix, like: Matrix) -> Matrix:
    """A matrix without NaN: the medians of `like` stand for them."""
    holes = np.isnan(matrix)
    if not holes.any():
        return matrix
    there = ~np.isnan(like).all(axis=0)
    medians = np.zeros(matrix.shape[1], np.float32)
    medians[there] = np.nanmedian(like[:, there], axis=0)
    result: Matrix = np.where(holes, medians, matrix).astype(np.float32)
    return result


def forest(problem: Problem, seed: int) -> Any:
    """An unfitted forest for this problem."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    if problem.numeric:
        return ExtraTreesRegressor(TREES, max_features=0.4, random_state=seed)
    return ExtraTreesClassifier(TREES, random_state=seed)


def rightness(problem: Problem, truth: Vector, predicted: Vector) -> Vector:
    """How right each prediction is: 1 or 0 of a class; of a number 1 - |error| / (mean distance of train's values from their median).

    An error counts at most five such distances: one wild row must not outweigh a thousand.
    """
    if not problem.numeric:
        return np.asarray(truth == predicted, np.float64)
    scale = float(np.abs(problem.y - np.median(problem.y)).mean())
    return 1 - np.minimum(np.abs(truth - predicted) / max(scale, 1e-300), MOST_WRONG)


def out_of_fold(X: Matrix, problem: Problem, folds: Codes, seed: int) -> Vector:
    """Each train row's rightness by a forest that was fitted without its fold. `folds`: (n,), fold numbers."""
    right = np.zeros(len(X))
    for fold in np.unique(folds):
        held = folds == fold
        model = forest(problem, chance.state(seed, "forest", int(fold))).fit(X[~held], problem.y[~held])
        right[held] = rightness(problem, problem.y[held], model.predict(X[held]))
    return right


def out_of_fold_and_on_test(encoded: Encoded, problem: Problem, folds: Codes, seed: int) -> tuple[Vector, Vector]:
    """Rightness of train rows out of fold, and of test rows by the same models, their mean: what differs is not the models."""
    X, X_test = filled(encoded.train, encoded.train), filled(encoded.test, encoded.train)
    right, on_test = np.zeros(len(X)), np.zeros(len(X_test))
    numbers_of_folds = np.unique(folds)
    for fold in numbers_of_folds:
        held = folds == fold
        model = forest(problem, chance.state(seed, "forest", int(fold))).fit(X[~held], problem.y[~held])
        right[held] = rightness(problem, problem.y[held], model.predict(X[held]))
        on_test += rightness(problem, problem.y_test, model.predict(X_test)) / len(numbers_of_folds)
    return right, on_test


def random_folds(count: int, folds: int, seed: int, *names: str | int) -> Codes:
    """A fold number for each of `count` rows, evenly, at random."""
    dealt: Codes = chance.generator(seed, "folds", *names).permutation(np.arange(count) % folds)
    return dealt


def folds_of_groups(groups: Codes, folds: int, seed: int) -> Codes:
    """A fold number for each row such that a group lies in one fold."""
    values, inverse = np.unique(groups, return_inverse=True)
    return random_folds(len(values), min(folds, len(values)), seed, "groups")[inverse]


def cluster_variance(values: Vector, clusters: Codes) -> float:
    """The variance of the mean of values that come in clusters: rows of one cluster are no independent evidence."""
    _, inverse = np.unique(clusters, return_inverse=True)
    sums = np.bincount(inverse, values - values.mean())
    many = max(len(sums) - 1, 1)
    return float((sums**2).sum() * len(sums) / many / len(values) ** 2)
