"""A column's values as the values of its tracks: numbers (n,) with NaN where missing, or classes as text with None."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.measures import images, sounds, tensors, texts
from daybreak.monitoring.records import Kind
from daybreak.monitoring.special import Vector

Texts = list[str | None]
Columns = Mapping[str, Any]

WHOLE = ""  # the name of the one track of a column that is followed as it is


def measured(
    kind: Kind, values: Any, words: NDArray[np.uint8] | None, centre: tuple[float, ...]
) -> Mapping[str, Vector | Texts]:
    """The tracks of a column, each of as many values as the column has rows."""
    if kind == "text":
        return texts.measure(as_texts(values), words if words is not None else texts.known_words(()))
    if kind in {"tensor", "embedding"}:
        return tensors.measure(values, centre)
    return _PLAIN[kind](values)


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


def confidence(values: Any) -> Vector:
    """The largest probability of each row (n, k); of one probability p per row, that of the likelier side."""
    rows = tensors.flat(values)
    if isinstance(rows, list):
        return np.array([row.max() if len(row) else np.nan for row in rows])
    if rows.shape[1] == 1:
        return np.maximum(rows[:, 0], 1 - rows[:, 0])
    result: Vector = rows.max(1) if rows.shape[1] else np.full(len(rows), np.nan)
    return result


_PLAIN: Mapping[Kind, Callable[[Any], Mapping[str, Vector | Texts]]] = {
    "number": lambda values: {WHOLE: numbers(values)},
    "category": lambda values: {WHOLE: classes(values)},
    "image": images.measure,
    "audio": sounds.measure,
    "probabilities": lambda values: {"confidence": confidence(values)},
}
