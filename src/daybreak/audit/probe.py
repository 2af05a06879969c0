"""Quick probes: how well a small forest predicts the target, row by row, out of fold and on test.

A forest of fully grown, randomised trees (Geurts et al., "Extremely randomized trees", 2006): it remembers single rows, as a large
model does, so that what a memory gains shows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from daybreak.audit import chance
from daybreak.audit.encoding import Codes, Encoded, Matrix, Vector, category_codes, numbers
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import NotApplicable

TREES = 50
MOST_CLASSES = 50


@dataclass(frozen=True)
class Target:
    """What is to be predicted, (n,) and (m,), NaN where missing: codes of `classes` classes, or numbers where `classes` is 0."""

    train: Vector
    test: Vector
    classes: int

    @property
    def numeric(self) -> bool:
        """Whether a number is predicted."""
        return self.classes == 0


def target_of(frame: Frame) -> Target:
    """The target of both sides. Raises `NotApplicable` where there is none, or only one value of it."""
    column = frame.about.target
    if column is None or frame.about.task is None:
        raise NotApplicable("needs a target: name the column with --target")
    sides = frame.train.rows[column.name], frame.test.rows[column.name]
    if frame.about.task == "classification":
        train, test, names = category_codes(*sides)
        target = Target(_missing(train), _missing(test), max(len(names), 1))
        if target.classes > MOST_CLASSES:
            raise NotApplicable(
                f"looks at no more than {MOST_CLASSES} classes, the target {column.name} has {target.classes}"
            )
    else:
        target = Target(numbers(sides[0]), numbers(sides[1]), 0)
    if len(np.unique(target.train[~np.isnan(target.train)])) <= 1:
        raise NotApplicable(f"the target {column.name} has fewer than two values in train")
    return target


def _missing(codes: Codes) -> Vector:
    values = codes.astype(np.float64)
    values[codes < 0] = np.nan
    return values


def with_target(encoded: Encoded, target: Target) -> tuple[Encoded, Target, Codes, Codes]:
    """Only the rows whose target is there, and which these are on either side."""
    train, test = np.flatnonzero(~np.isnan(target.train)), np.flatnonzero(~np.isnan(target.test))
    kept = Encoded(encoded.train[train], encoded.test[test], encoded.names, encoded.sources, encoded.categorical)
    return kept, Target(target.train[train], target.test[test], target.classes), train, test


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


def forest(target: Target, seed: int) -> Any:
    """An unfitted forest for this target."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    if target.numeric:
        return ExtraTreesRegressor(TREES, max_features=0.4, random_state=seed)
    return ExtraTreesClassifier(TREES, random_state=seed)


def rightness(target: Target, truth: Vector, predicted: Vector) -> Vector:
    """How right each prediction is: 1 or 0 of a class; of a number 1 - |error| / (mean distance of train's values from their median)."""
    if not target.numeric:
        return np.asarray(truth == predicted, np.float64)
    scale = float(np.abs(target.train - np.median(target.train)).mean())
    skill: Vector = 1 - np.abs(truth - predicted) / max(scale, 1e-300)
    return skill


def out_of_fold(X: Matrix, target: Target, folds: Codes, seed: int) -> Vector:
    """Each train row's rightness by a forest that was fitted without its fold. `folds`: (n,), fold numbers."""
    right = np.zeros(len(X))
    for fold in np.unique(folds):
        held = folds == fold
        model = forest(target, chance.state(seed, "forest", int(fold))).fit(X[~held], target.train[~held])
        right[held] = rightness(target, target.train[held], model.predict(X[held]))
    return right


def out_of_fold_and_on_test(encoded: Encoded, target: Target, folds: Codes, seed: int) -> tuple[Vector, Vector]:
    """Rightness of train rows out of fold, and of test rows by the same models, their mean: what differs is not the models."""
    X, X_test = filled(encoded.train, encoded.train), filled(encoded.test, encoded.train)
    right, on_test = np.zeros(len(X)), np.zeros(len(X_test))
    numbers_of_folds = np.unique(folds)
    for fold in numbers_of_folds:
        held = folds == fold
        model = forest(target, chance.state(seed, "forest", int(fold))).fit(X[~held], target.train[~held])
        right[held] = rightness(target, target.train[held], model.predict(X[held]))
        on_test += rightness(target, target.test, model.predict(X_test)) / len(numbers_of_folds)
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
