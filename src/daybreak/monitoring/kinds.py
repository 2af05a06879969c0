"""Which kind of values a column holds, where the signature does not say."""

from typing import Any

import numpy as np

from daybreak.base.errors import UsageError
from daybreak.monitoring.measures.tensors import MOST_ELEMENTS
from daybreak.monitoring.records import Column, Kind
from daybreak.signature.fields import Field, Output

MOST_CLASSES = 50
WORDY = 0.2  # texts are a category while at most this share of rows has a value of its own
BATCH_OF_IMAGES = 4  # axes
SCORES = 2


def kind_of(name: str, values: Any) -> Kind:
    """The kind of a column, whose first axis is rows. Raises `UsageError` where values are of no kind that is followed."""
    array = values if isinstance(values, np.ndarray) else _stacked(values)
    if array.dtype == object or array.dtype.kind in "UT":
        return _of_objects(name, array)
    if array.dtype.kind == "b":
        return "boolean"
    if array.dtype.kind not in "iuf":
        raise UsageError(f"column {name!r} must hold numbers, classes, texts, pictures or sounds, got {array.dtype}")
    if array.ndim == 1:
        return "number"
    return "image" if array.dtype == np.uint8 and array.ndim == BATCH_OF_IMAGES else "tensor"


def _stacked(values: Any) -> Any:
    items = list(values)
    result = np.empty(len(items), object)
    result[:] = items if not items or not isinstance(items[0], np.ndarray) else [*items]
    return result


def _of_objects(name: str, array: Any) -> Kind:
    first = next((value for value in array if value is not None), None)
    if isinstance(first, np.ndarray):
        if first.dtype == np.uint8 and first.ndim >= 2:  # noqa: PLR2004 (height and width)
            return "image"
        return "audio" if first.ndim == 1 and first.dtype.kind == "f" else "tensor"
    if isinstance(first, bool | np.bool_):
        return "boolean"
    if first is None or isinstance(first, int | float | np.number):
        return "number"
    if isinstance(first, str):
        distinct = len({value for value in array if value is not None})
        return "category" if distinct <= min(MOST_CLASSES, max(2, WORDY * len(array))) else "text"
    raise UsageError(
        f"column {name!r} must hold numbers, classes, texts, pictures or sounds, got {type(first).__name__}"
    )


def answer_kind(name: str, values: Any) -> Kind:
    """As `kind_of`, of outputs; rows of two or more numbers in [0, 1] that add up to 1 are the scores of a label."""
    kind = kind_of(name, values)
    if kind != "tensor" or not isinstance(values, np.ndarray) or values.ndim != SCORES or values.dtype == object:
        return kind
    scores = values.astype(np.float64)
    whole = scores.shape[1] > 1 and bool((scores >= 0).all()) and np.allclose(scores.sum(1), 1, atol=1e-3)
    return "label" if whole else kind


def of_input(field: Field) -> Column:
    """How an input that a signature describes is followed."""
    kind: Kind = "number" if field.kind == "integer" else field.kind
    return Column(field.name, kind, classes=field.classes, low=field.low, high=field.high)


def of_output(output: Output) -> Column:
    """How an output that a signature describes is followed; a vector of many numbers is an embedding."""
    many = output.kind == "tensor" and len(output.shape) == 1 and (output.shape[0] or 0) > MOST_ELEMENTS
    kind: Kind = "embedding" if many else output.kind
    return Column(output.name, kind, classes=output.classes, threshold=output.threshold)
