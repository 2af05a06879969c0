"""What is to be predicted, as numbers: codes of classes or values, of the rows that have a target."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from daybreak.audit.canonical import labels
from daybreak.audit.encoding import Codes, Vector, numbers
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import NotApplicable


@dataclass(frozen=True)
class Problem:
    """The target of both sides. `rows`, `rows_test`: which rows of the frame have one, ascending; `y`, `y_test`: theirs.

    `classes`: names of what the codes mean, numbers in numeric order; empty where a number is predicted.
    """

    y: Vector
    y_test: Vector
    rows: Codes
    rows_test: Codes
    classes: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether a number is predicted."""
        return not self.classes


def problem_of(frame: Frame) -> Problem:
    """The target of a frame. Raises `NotApplicable` where there is none, or none that varies in train."""
    column = frame.about.target
    if column is None or frame.about.task is None:
        raise NotApplicable("needs a target: name the column with --target")
    sides = frame.train.rows[column.name], frame.test.rows[column.name]
    if frame.about.task == "classification":
        train, test, classes = labels(*sides)
        found = _kept(train, train >= 0, test, test >= 0, classes)
    else:
        values = numbers(sides[0]), numbers(sides[1])
        found = _kept(values[0], ~np.isnan(values[0]), values[1], ~np.isnan(values[1]), ())
    if len(np.unique(found.y)) <= 1:
        raise NotApplicable(f"the target {column.name} has fewer than two values in train")
    return found


def _kept(train: Any, there: Any, test: Any, there_test: Any, classes: tuple[str, ...]) -> Problem:
    y, y_test = train[there].astype(np.float64), test[there_test].astype(np.float64)
    return Problem(y, y_test, np.flatnonzero(there), np.flatnonzero(there_test), classes)
