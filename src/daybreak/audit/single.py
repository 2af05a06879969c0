"""How well one column alone tells the target, out of fold.

Of classes: the area under the ROC curve, one class against the rest, the mean over classes. Of numbers: R2 of the target or of its ranks,
so that a monotone copy of the target is found whatever its scale. Numbers are cut into bins of equal counts; the target's mean over the
other rows of a bin, or of a category, is what tells. A missing value may tell, too, and so may a text's length and its words.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import atanh, sqrt, tanh
from typing import Any

import numpy as np

from daybreak.audit.about import Column
from daybreak.audit.canonical import plain
from daybreak.audit.encoding import Codes, Matrix, Vector, category_codes, numbers, vectors
from daybreak.audit.frame import Frame
from daybreak.audit.intervals import area, area_interval
from daybreak.audit.problem import Problem

FOLDS = 5
BINS, FINE_BINS = 64, 512  # of a number, for classes and for numbers
ROWS_A_BIN = 10
FEWEST = 5  # rows of a class that is scored
MOST_CLASSES = 20  # the most frequent ones are scored
MOST_WORDS = 5000
MOST_NUMBERS, FEWEST_LONG = 10_000_000, 500  # of a long vector's sample
FEW_VALUES = 20  # a number with no more is looked at as a category, too
ONE_SIDED = 1.644854  # the lower bound holds with 95 %
MISSING = "whether it is missing"
FEWEST_EXACT = 20  # rows for which "each value is one class" is no accident


@dataclass(frozen=True)
class Single:
    """What one column tells. `how`: what of it was looked at. `exact`: how it equals the target, if it does."""

    column: str
    how: str
    score: float  # AUC, or R2
    low: float  # lower 95 % bound
    exact: str = ""


@dataclass(frozen=True)
class Sample:
    """The rows that are looked at: the target, their folds, and for a series their order in time."""

    y: Vector
    folds: Codes
    classes: int  # 0: a number
    order: Codes | None = None


def look(frame: Frame, column: Column, problem: Problem, sample: Sample, rows: Codes) -> Single:
    """The strongest of what a column can tell; `rows`: those of train that the sample is about."""
    found = [
        _score(column.name, how, values, sample, categorical=categorical)
        for how, values, categorical in _parts(frame, column, rows)
    ]
    if column.type == "text":
        found += _words(
            column.name, [t or "" for t in plain(frame.train.rows[column.name]).take(rows).to_pylist()], sample
        )
    best = max(
        found,
        key=lambda one: (round(one.low, 3), one.how == MISSING),
        default=Single(column.name, "its value", 0.0, 0.0),
    )
    same = "" if column.type in {"text", "image", "audio", "vector"} else _same(frame, column, problem, sample, rows)
    return replace(best, exact=same) if same else best


def _parts(frame: Frame, column: Column, rows: Codes) -> Iterator[tuple[str, Vector, bool]]:
    """(what is looked at, numbers or codes, whether they are codes)."""
    array = frame.train.rows[column.name]
    if column.type == "text":
        texts = [text or "" for text in plain(array).take(rows).to_pylist()]
        yield "its length", np.array([len(text) for text in texts], np.float64), False
        return
    if column.type in {"image", "audio", "vector"}:
        return
    if column.type == "category":
        codes = category_codes(array, array)[0][rows].astype(np.float64)
        yield "its value", codes, True
        missing = codes < 0
    else:
        values = numbers(array)[rows]
        yield "its value", values, False
        if len(np.unique(values)) <= FEW_VALUES:
            yield "its value", np.unique(values, return_inverse=True)[1].astype(np.float64), True
        missing = np.isnan(values)
    if 0 < missing.sum() < len(rows):
        yield MISSING, missing.astype(np.float64), False


def _score(column: str, how: str, values: Vector, sample: Sample, *, categorical: bool) -> Single:
    if sample.classes:
        score, low = _area(_class_scores(values, sample, categorical=categorical), sample, values)
    elif sample.order is not None and not categorical:
        moved, steps = np.diff(values[sample.order]), np.diff(sample.y[sample.order])
        there = ~np.isnan(moved)
        inner = Sample(steps[there], sample.folds[1:][there], 0)
        score, low = min(
            _determined(values, sample, categorical=False), _determined(moved[there], inner, categorical=False)
        )
    else:
        score, low = _determined(values, sample, categorical=categorical)
    return Single(column, how, score, low)


def _class_scores(values: Vector, sample: Sample, *, categorical: bool) -> Vector:
    """(n, classes): how likely each class is by this column, out of fold."""
    codes = values.astype(np.int64) if categorical else _bins(values, BINS)
    y = sample.y.astype(np.int64)
    result = np.zeros((len(y), sample.classes))
    for held in _held(sample):
        result[held] = _frequencies(codes, y, held, sample.classes)
    return result


def _bins(values: Vector, most: int) -> Codes:
    """Codes of a number: its values where there are few, otherwise bins of ten rows or more each; -1 where it is missing."""
    there = ~np.isnan(values)
    codes = np.full(len(values), -1)
    distinct, inverse = np.unique(values[there], return_inverse=True)
    most = max(2, min(most, int(there.sum()) // ROWS_A_BIN))
    if len(distinct) <= most:
        codes[there] = inverse
    else:
        edges = np.unique(np.quantile(values[there], np.linspace(0, 1, most + 1)[1:-1]))
        codes[there] = np.searchsorted(edges, values[there], side="right")
    return codes


def _held(sample: Sample) -> Iterator[Any]:
    for fold in range(FOLDS):
        held = sample.folds == fold
        if held.any() and not held.all():
            yield held


def _frequencies(values: Codes, y: Codes, held: Any, classes: int) -> Vector:
    """Shares of classes of each value outside the fold, pulled to the overall shares by one row."""
    codes = values + 1
    counts = np.zeros((int(codes.max()) + 1, classes))
    np.add.at(counts, (codes[~held], y[~held]), 1.0)
    prior = np.bincount(y[~held], minlength=classes) / max((~held).sum(), 1)
    shares: Vector = (counts[codes[held]] + prior) / (counts[codes[held]].sum(1, keepdims=True) + 1)
    return shares


def _area(scores: Vector, sample: Sample, values: Vector) -> tuple[float, float]:
    """The mean AUC over classes and its lower bound. Of two classes the number itself is a score as well, either way round."""
    counts = np.bincount(sample.y.astype(np.int64), minlength=sample.classes)
    asked = [
        int(code) for code in np.argsort(-counts)[:MOST_CLASSES] if FEWEST <= counts[code] <= len(sample.y) - FEWEST
    ]
    if sample.classes == 2:  # noqa: PLR2004
        asked = asked[-1:]
    areas, lows = [], []
    for code in asked:
        truth = sample.y == code
        value = area(truth, scores[:, code])
        if sample.classes == 2:  # noqa: PLR2004
            value = max(value, _either_way(truth, values))
        areas.append(value)
        lows.append(area_interval(value, int(truth.sum()), int((~truth).sum()), ONE_SIDED).low)
    return (float(np.mean(areas)), float(np.mean(lows))) if areas else (0.5, 0.0)


def _either_way(truth: Any, values: Vector) -> float:
    there = ~np.isnan(values)
    if there.mean() < 1 or truth.all() or not truth.any():
        return 0.5
    value = area(truth, values)
    return max(value, 1 - value)


def _determined(values: Vector, sample: Sample, *, categorical: bool) -> tuple[float, float]:
    """R2 and its lower bound (Fisher's z): of a straight line, or of the ranks by means of bins or categories out of fold."""
    from scipy.stats import rankdata

    if len(sample.y) < 2 * FOLDS or np.ptp(sample.y) == 0:
        return 0.0, 0.0
    ranks = rankdata(sample.y)
    best = max(_held_out_r2(values, ranks, sample, categorical=categorical), 0.0)
    there = ~np.isnan(values)
    if not categorical and there.all() and np.ptp(values) > 0:
        line, monotone = (np.corrcoef(a, b)[0, 1] ** 2 for a, b in ((values, sample.y), (rankdata(values), ranks)))
        best = max(best, float(line), float(monotone))
    r = min(sqrt(min(best, 1.0)), 1 - 1e-12)
    low = tanh(max(atanh(r) - ONE_SIDED / sqrt(max(len(sample.y) - 3, 1)), 0.0)) ** 2
    return best, low


def _held_out_r2(values: Vector, target: Vector, sample: Sample, *, categorical: bool) -> float:
    """Of the target's mean over the other rows with the same value or in the same bin."""
    codes = (values.astype(np.int64) if categorical else _bins(values, FINE_BINS)) + 1
    predicted = np.full(len(target), target.mean())
    for held in _held(sample):
        count = np.bincount(codes[~held], minlength=int(codes.max()) + 1)
        total = np.bincount(codes[~held], target[~held], int(codes.max()) + 1)
        predicted[held] = ((total + target[~held].mean()) / (count + 1))[codes[held]]
    return float(1 - ((target - predicted) ** 2).sum() / ((target - target.mean()) ** 2).sum())


def _same(frame: Frame, column: Column, problem: Problem, sample: Sample, rows: Codes) -> str:
    """How a column equals the target value for value, "" where it does not."""
    if len(rows) < FEWEST_EXACT:
        return ""
    array = frame.train.rows[column.name]
    if column.type == "category":
        return _same_classes(category_codes(array, array)[0][rows], sample, problem) if sample.classes else ""
    if sample.classes:
        values, codes = np.unique(numbers(array)[rows], return_inverse=True)
        return _same_classes(codes, sample, problem) if len(values) <= max(sample.classes, 2) else ""
    values = numbers(array)[rows]
    if np.isnan(values).any() or np.ptp(values) == 0 or len(np.unique(sample.y)) <= 2:  # noqa: PLR2004
        return ""
    if (values == sample.y).all():
        return "it holds the target's own numbers"
    correlation = float(np.corrcoef(values, sample.y)[0, 1])
    return "the target is a straight line of it" if abs(correlation) > 1 - 1e-12 else ""


def _same_classes(codes: Codes, sample: Sample, problem: Problem) -> str:
    y = sample.y.astype(np.int64)
    classes, counts = np.unique(y, return_counts=True)
    values = len(np.unique(codes))
    if len(classes) < 2 or np.sort(counts)[-2] < FEWEST:  # noqa: PLR2004
        return ""
    if len(_pairs(codes, y)) == values == len(classes):
        return "each of its values stands for one class"
    for code in classes[counts >= FEWEST]:
        if values == 2 == len(_pairs(codes, y == code)):  # noqa: PLR2004
            return f"it says whether the class is {problem.classes[code]}"
    return ""


def _pairs(left: Any, right: Any) -> Any:
    return np.unique(np.column_stack([left, right]), axis=0)


def _words(column: str, texts: list[str], sample: Sample) -> list[Single]:
    """The word that tells a class best, each class against the rest, by its presence."""
    from sklearn.feature_extraction.text import CountVectorizer

    if not sample.classes:
        return []
    vectorizer = CountVectorizer(binary=True, max_features=MOST_WORDS, token_pattern=r"(?u)\b\w+\b")  # noqa: S106
    try:
        there = vectorizer.fit_transform(texts)
    except ValueError:  # not one word
        return []
    words, found = vectorizer.get_feature_names_out(), []
    for code in range(sample.classes):
        truth = sample.y == code
        many, rest = int(truth.sum()), int((~truth).sum())
        if min(many, rest) < FEWEST:
            continue
        apart = np.abs(np.asarray(there[truth].sum(0)) / many - np.asarray(there[~truth].sum(0)) / rest).ravel()
        value = float((1 + apart.max()) / 2)
        low = area_interval(value, many, rest, ONE_SIDED).low
        found.append(Single(column, f"whether it has the word '{words[apart.argmax()]}'", value, low))
    return found


def strongest_dimension(array: Any, sample: Sample, rows: Codes) -> tuple[int, Single]:
    """The place of a picture, sound or vector that tells most, by the share of its variance that the target explains: (index, single)."""
    step = max(1, -(-len(rows) * plain(array).type.list_size // MOST_NUMBERS))
    some = slice(None, None, min(step, max(1, len(rows) // FEWEST_LONG)))
    part = Sample(sample.y[some], sample.folds[some], sample.classes)
    values = vectors(plain(array).take(rows[some]))
    best = int(np.argmax(explained(values, part.y, part.classes)))
    return best, _score("", "its value", values[:, best].astype(np.float64), part, categorical=False)


def explained(X: Matrix, y: Vector, classes: int) -> Vector:
    """The share of each column's variance between classes, or R2 of a straight line, (d,); a missing value is the column's mean."""
    with np.errstate(invalid="ignore"):
        centred = np.nan_to_num(X - np.nanmean(X, 0), posinf=0, neginf=0)
    total = np.einsum("nd,nd->d", centred, centred, dtype=np.float64)
    if classes:
        members = np.eye(classes, dtype=np.float32)[y.astype(np.int64)]
        counts = np.maximum(members.sum(0), 1)
        between = ((members.T @ centred).astype(np.float64) ** 2 / counts[:, None]).sum(0)
    else:
        away = y - y.mean()
        between = (away @ centred) ** 2 / max(float(away @ away), 1e-300)
    share: Vector = np.where(total > 0, between / np.maximum(total, 1e-300), 0)
    return share
