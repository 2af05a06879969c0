"""Scores of answers against truth, and what a model's confidence says of being right; from the evaluation set."""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.columns import classes, numbers
from daybreak.monitoring.records import Calibration, Score
from daybreak.monitoring.special import Vector

Z = 1.959964
FEWEST = 50  # rows with confidence and truth that a calibration needs


def scored_numbers(predicted: Vector, truth: Any) -> Score | None:
    """The mean absolute error of numbers; None where no row has both."""
    errors = np.abs(predicted - numbers(truth))
    errors = errors[np.isfinite(errors)]
    return mean_error(len(errors), float(errors.sum()), float(errors @ errors))


def rightness(predicted: Any, truth: Any) -> NDArray[np.int8]:
    """(n,) 1 where the class is the right one, 0 where not, -1 where either is missing."""
    pairs = zip(classes(predicted), classes(truth), strict=True)
    return np.array([-1 if a is None or b is None else a == b for a, b in pairs], np.int8)


def accuracy(right: int, rows: int) -> Score | None:
    """A share of right answers with the interval of Wilson (1927); None of no rows."""
    if rows == 0:
        return None
    share = right / rows
    middle = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z / (1 + Z**2 / rows) * sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2))
    return Score("accuracy", share, max(0.0, middle - half), min(1.0, middle + half), rows)


def mean_error(rows: int, total: float, squares: float) -> Score | None:
    """A mean absolute error from sums over rows, with a normal interval; None of no rows."""
    if rows == 0:
        return None
    mean = total / rows
    half = Z * sqrt(max(squares / rows - mean**2, 0.0) / rows)
    return Score("mae", mean, max(0.0, mean - half), mean + half, rows)


def calibrated(output: str, sure: Vector, right: NDArray[np.int8], edges: tuple[float, ...]) -> Calibration | None:
    """How often rows of each confidence are right, on the edges that confidence is followed on; None of fewer than `FEWEST` rows.

    `sure` (n,): confidence; `right` (n,): as of `rightness`.
    """
    there = (right >= 0) & np.isfinite(sure)
    sure, right = sure[there], right[there]
    if len(sure) < FEWEST:
        return None
    bins = len(edges) - 1
    placed = np.clip(np.searchsorted(edges, sure, "left") - 1, 0, bins - 1)
    rows, hits = np.bincount(placed, minlength=bins), np.bincount(placed, right, bins).astype(int)
    return Calibration(output, edges, tuple(rows.tolist()), tuple(hits.tolist()))
