"""Scores with 95 % intervals.

Accuracy: Wilson, "Probable inference, the law of succession, and statistical inference", 1927. AUC: Hanley and McNeil, "The meaning and use
of the area under a receiver operating characteristic (ROC) curve", 1982. All others: a bootstrap of sums over rows (of blocks of rows
where there are many), percentiles of 1,000 draws.
"""

from math import sqrt
from typing import Any

import numpy as np

from daybreak.audit import chance
from daybreak.audit.encoding import Vector
from daybreak.audit.scores import Interval, Metric

Z = 1.959964
DRAWS = 1000
MOST_BLOCKS = 2000


def wilson(hits: int, rows: int) -> Interval:
    """A share of `rows` with its Wilson interval. `rows` > 0."""
    share = hits / rows
    middle = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z / (1 + Z**2 / rows) * sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Interval(share, low if hits else 0.0, high if hits < rows else 1.0, rows)


def area(truth: Any, scores: Any) -> float:
    """Area under the ROC curve: how often a positive row has the higher score, ties half. `truth`: (n,) bool, both values present."""
    from scipy.stats import rankdata

    truth = np.asarray(truth, bool)
    positives = int(truth.sum())
    ranks = rankdata(scores)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * (len(truth) - positives)))


def area_interval(value: float, positives: int, negatives: int, z: float = Z) -> Interval:
    """An AUC with the interval of Hanley and McNeil; pulled half a row towards chance, so that a perfect one has an interval, too."""
    few = min(positives, negatives)
    pulled = 0.5 + (value - 0.5) * few / (few + 1)
    one, two = pulled / (2 - pulled), 2 * pulled**2 / (1 + pulled)
    square = (pulled * (1 - pulled) + (positives - 1) * (one - pulled**2) + (negatives - 1) * (two - pulled**2)) / (
        positives * negatives
    )
    half = z * sqrt(max(square, 0.0))
    return Interval(value, max(0.0, pulled - half), min(1.0, max(value, pulled + half)), positives + negatives)


def scored(metric: Metric, truth: Vector, predicted: Vector, seed: int = 0) -> Interval:
    """A metric of (n,) predictions, n > 0. `auc` wants scores of the class coded 1; the other metrics of classes want codes.

    A value that is not defined (R2 of a constant target, AUC of one class) is NaN.
    """
    if metric == "accuracy":
        return wilson(int((truth == predicted).sum()), len(truth))
    if metric == "auc":
        positives = int((truth == 1).sum())
        if positives in {0, len(truth)}:
            return Interval(float("nan"), float("nan"), float("nan"), len(truth))
        return area_interval(area(truth == 1, predicted), positives, len(truth) - positives)
    if metric == "balanced_accuracy":
        codes = np.unique(truth, return_inverse=True)[1]
        there = np.eye(codes.max() + 1)[codes]
        sums = np.hstack([there, there * (truth == predicted)[:, None]])
    else:
        error = truth - predicted
        sums = np.column_stack([np.ones(len(truth)), truth, truth**2, error**2, np.abs(error)])
        if metric == "r2":
            sums[:, 1:3] = _centred(truth)
    return _bootstrap(metric, sums, seed)


def _centred(truth: Vector) -> Vector:
    """Deviations and their squares: R2 from raw sums of squares cancels where the mean is large."""
    centred = truth - truth.mean()
    return np.column_stack([centred, centred**2])


def _bootstrap(metric: Metric, sums: Vector, seed: int) -> Interval:
    rows = len(sums)
    rng = chance.generator(seed, "bootstrap", metric, rows)
    if rows > MOST_BLOCKS:
        blocks = rng.permutation(np.arange(rows) % MOST_BLOCKS)
        sums = np.column_stack([np.bincount(blocks, column, MOST_BLOCKS) for column in sums.T])
    many = len(sums)
    drawn = rng.integers(0, many, (DRAWS, many)) + many * np.arange(DRAWS)[:, None]
    weights = np.bincount(drawn.ravel(), minlength=DRAWS * many).reshape(DRAWS, many).astype(np.float64)
    value = float(_of_sums(metric, sums.sum(0)[None])[0])
    draws = _of_sums(metric, weights @ sums)
    draws = draws[np.isfinite(draws)]
    low, high = np.percentile(draws, [2.5, 97.5]) if len(draws) else (value, value)
    return Interval(value, float(min(low, value)), float(max(high, value)), rows)


def _of_sums(metric: Metric, sums: Vector) -> Vector:
    """The metric of each row of sums over data rows, (draws,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if metric == "balanced_accuracy":
            classes = sums.shape[1] // 2
            recalls = sums[:, classes:] / sums[:, :classes]
            there = np.isfinite(recalls)
            balanced: Vector = np.where(there, recalls, 0).sum(1) / np.maximum(there.sum(1), 1)
            return balanced
        count, total, squares, errors, absolute = sums.T
        if metric == "r2":
            spread = squares - total**2 / count
            value: Vector = np.where(spread > 1e-12 * np.maximum(squares, 1e-300), 1 - errors / spread, np.nan)
            return value
        result: Vector = absolute / count if metric == "mae" else np.sqrt(errors / count)
        return result


def sd(score: Interval) -> float:
    """The standard deviation that an interval stands for."""
    return (score.high - score.low) / (2 * Z)
