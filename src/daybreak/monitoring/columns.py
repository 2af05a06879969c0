"""A column's values as the values of its tracks: numbers (n,) with NaN where missing, or classes as text with None."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.measures import images, sounds, tensors, texts
from daybreak.monitoring.records import Column, Kind
from daybreak.monitoring.special import Vector
from daybreak.signature.answers import decided, undecided

Texts = list[str | None]
Values = Mapping[str, Any]  # name -> values, first axis rows

CONFIDENCE = "confidence"
WHOLE = ""  # the name of the one track of a column that is followed as it is


def measured(column: Column, values: Any) -> Mapping[str, Vector | Texts]:
    """The tracks of a column, each of as many values as the column has rows."""
    if column.kind == "text":
        return texts.measure(as_texts(values), texts.unpacked(column.words))
    if column.kind in {"tensor", "embedding"}:
        return tensors.measure(values, column.centre)
    if column.kind == "label":
        return labels(values, column.classes, column.threshold)
    return _PLAIN[column.kind](values)


def labels(scores: NDArray[Any], names: tuple[str, ...], threshold: float | None) -> Mapping[str, Vector | Texts]:
    """Scores (rows, classes) as the class that is told and the score it has; both missing where no class is."""
    places = decided(scores, threshold)
    sure: Vector = scores[np.arange(len(scores)), places].astype(np.float64)
    told: Texts = [names[place] for place in places.tolist()]
    for row in np.flatnonzero(undecided(scores)).tolist():
        told[row], sure[row] = None, np.nan
    return {WHOLE: told, CONFIDENCE: sure}


def numbers(values: Any) -> Vector:
    """(n,) floats; None is NaN, an array of one number is that number."""
    array = values if isinstance(values, np.ndarray) else np.array(list(values), object)
    if array.dtype == object:
        return np.array([np.nan if value is None else float(value) for value in array.ravel()], np.float64)
    result: Vector = array.astype(np.float64, copy=False).reshape(len(array), -1)[:, 0] if array.ndim > 1 else array
    return result.astype(np.float64, copy=False)


def classes(values: Any) -> Texts:
    """Classes as JSON would write them: true, 3, spam. None and NaN are missing."""
    listed: Sequence[Any] = values.ravel().tolist() if isinstance(values, np.ndarray) else list(values)
    return [value if type(value) is str else _class(value) for value in listed]


def _class(value: Any) -> str | None:
    if value is None or value != value:  # noqa: PLR0124 (NaN)
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_texts(values: Any) -> Texts:
    """Texts as they are; None is missing."""
    listed: Sequence[Any] = values.ravel().tolist() if isinstance(values, np.ndarray) else list(values)
    return [value if value is None or isinstance(value, str) else str(value) for value in listed]


def _spans(values: Any) -> Mapping[str, Vector | Texts]:
    """Spans of text by their score and length."""
    rows = [(np.nan, np.nan) if span is None else (span.score, float(span.end - span.start)) for span in values]
    scores, lengths = np.array(rows, np.float64).reshape(-1, 2).T
    return {CONFIDENCE: scores, "length": lengths}


_BOOLEAN: Mapping[str | None, str] = {"0": "false", "1": "true"}  # booleans that may be null are numbers
_PLAIN: Mapping[Kind, Callable[[Any], Mapping[str, Vector | Texts]]] = {
    "number": lambda values: {WHOLE: numbers(values)},
    "boolean": lambda values: {WHOLE: [_BOOLEAN.get(value, value) for value in classes(values)]},
    "category": lambda values: {WHOLE: classes(values)},
    "image": images.measure,
    "audio": sounds.measure,
    "span": _spans,
}
