"""A signature from a run's samples: what they are says names, types, shapes, classes, ranges and what may be missing.

    infer_signature({"age": ages, "job": jobs}, incomes)                  # or a data frame, or a list of rows as dicts
    infer_signature(x_test, y_test, names=("width", "height"))            # a matrix: each column is a field
    infer_signature(x_test, y_test, names=("features",))                  # the same as one tensor
    infer_signature(pictures, digits, names=("image",))                   # uint8 (rows, height, width, channels)
    infer_signature({"sound": recordings}, words, rates={"sound": 8000})  # arrays of their own length

What inference cannot know (units, a strict range, what is optional) is declared: `kinds`, `units`, or a `Signature` of one's own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.signature.fields import Field, InputKind, Output, OutputKind, Signature, Span

CATEGORIES = 100  # a column of words has at most so many different ones, else it is text
REPEATED = 4  # and each of them stands there so often, on average
CLASSES = 200  # whole numbers as targets are classes, as far as they are so few
SIDE = 8  # pixels: bytes in smaller squares are no picture
TEXT = "text"


def infer_signature(
    inputs: Any,
    targets: Any = None,
    *,
    names: Sequence[str] = (),
    kinds: Mapping[str, InputKind] | None = None,
    rates: Mapping[str, int] | None = None,
    units: Mapping[str, str] | None = None,
    classes: Sequence[Any] = (),
    output: str = "prediction",
    target: OutputKind | None = None,
) -> Signature:
    """A signature from samples: columns (name -> rows), a data frame, rows as dicts, one array, or a list of texts.

    `names`: of an array's columns, or one name for all of it; `rates`: samples a second of recordings; `classes`: in the order of the
    model's scores, where targets are their places or do not show all; `target`: label, number, ... where it is not clear.
    Raises `UsageError` for samples that no field can hold.
    """
    told, rates, units = kinds or {}, rates or {}, units or {}
    columns = columns_of(inputs, names)
    unknown = sorted((set(told) | set(rates)) - set(columns))
    if unknown:
        raise UsageError(
            f"kinds and rates are of fields that samples have, got {', '.join(unknown)}; they have {', '.join(columns)}"
        )
    fields = tuple(
        _with(field_of(name, column, told.get(name), rates.get(name)), units.get(name))
        for name, column in columns.items()
    )
    return Signature(fields, (_with(output_of(output, targets, classes, target), units.get(output)),))


def _with(told: Any, unit: str | None) -> Any:
    return msgspec.structs.replace(told, unit=unit) if unit else told


def columns_of(inputs: Any, names: Sequence[str] = ()) -> dict[str, NDArray[Any]]:
    """Samples in any of the accepted forms as columns. Raises `UsageError`."""
    if hasattr(inputs, "columns") and hasattr(inputs, "__getitem__"):  # a data frame of whatever library
        return {str(name): _column(inputs[name]) for name in inputs.columns}
    if isinstance(inputs, Mapping):
        return {str(name): _column(values) for name, values in inputs.items()}
    if isinstance(inputs, (list, tuple)) and inputs and isinstance(inputs[0], Mapping):
        known = dict.fromkeys(str(name) for row in inputs for name in row)
        return {name: _column([row.get(name) for row in inputs]) for name in known}
    array = _column(inputs)
    if len(names) <= 1:
        return {(names[0] if names else TEXT if array.dtype.kind == "O" else "features"): array}
    if array.ndim != 2 or array.shape[1] != len(names):  # noqa: PLR2004 - rows and columns
        raise UsageError(
            f"names are one for each column, got {len(names)} for an array of shape {array.shape}; give one for all of it"
        )
    return {name: array[:, place] for place, name in enumerate(names)}


def _column(values: Any) -> NDArray[Any]:
    """An array whose first axis is rows; of objects where rows are words, missing, or of their own size."""
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    if not isinstance(values, np.ndarray):
        values = list(values)
        sized = [value for value in values if isinstance(value, (list, tuple, np.ndarray))]
        if (
            any(value is None or isinstance(value, str) for value in values)
            or len({np.shape(value) for value in sized}) > 1
        ):
            held = np.empty(len(values), object)
            held[:] = values
            return held
        values = np.asarray(values)
    array: NDArray[Any] = values
    return array.astype(object) if array.dtype.kind in "UT" else array


def field_of(name: str, column: NDArray[Any], kind: InputKind | None = None, rate: int | None = None) -> Field:
    """The field that a column's values need. Raises `UsageError`."""
    if kind is not None and kind not in get_args(InputKind):
        raise UsageError(f"a field's kind is one of {', '.join(get_args(InputKind))}, got {kind!r} for {name!r}")
    if not len(column):
        raise UsageError(f"a field is inferred from rows, {name!r} has none; give samples or declare the signature")
    if column.ndim > 1 or (column.dtype.kind == "O" and isinstance(_first(column), (np.ndarray, list, tuple))):
        return _shaped(name, column, kind, rate)
    missing, present = _present(column)
    if column.dtype.kind == "O":
        found = np.array(present.tolist())
        if found.dtype.kind in "US" or not len(found):
            return _worded(name, present, missing, kind)
        column = present = found
    if column.dtype.kind not in "biuf":
        raise UsageError(
            f"a field holds numbers, truth, words, pictures or sounds, {name!r} is {column.dtype}; convert it"
        )
    return _numbered(name, present, missing, kind)


def _first(column: NDArray[Any]) -> Any:
    return next((value for value in column if value is not None), None)


def _present(column: NDArray[Any]) -> tuple[bool, NDArray[Any]]:
    """Whether something is missing (None, NaN), and what is not."""
    there = np.array([value is not None and value == value for value in column.tolist()], bool)  # noqa: PLR0124 - NaN
    return not there.all(), column[there]


def _numbered(name: str, values: NDArray[Any], missing: bool, kind: InputKind | None) -> Field:
    found: InputKind = "boolean" if values.dtype.kind == "b" else "integer" if values.dtype.kind in "iu" else "number"
    if found == "number" and missing and len(values) and np.all(values == np.floor(values)) and kind == "integer":
        found = "integer"
    kind = kind or found
    if kind in ("category", "text"):
        return _worded(name, values.astype(str).astype(object), missing, kind)
    if kind == "boolean":
        return Field(name, kind, dtype="bool", nullable=missing)
    dtype = "int64" if kind == "integer" else "float32" if values.dtype in (np.float16, np.float32) else "float64"
    low, high = _range(values)
    return Field(name, kind, dtype=dtype, low=low, high=high, nullable=missing)


def _range(values: NDArray[Any]) -> tuple[float | None, float | None]:
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    return (float(finite.min()), float(finite.max())) if finite.size and finite.dtype.kind != "b" else (None, None)


def _worded(name: str, values: NDArray[Any], missing: bool, kind: InputKind | None) -> Field:
    different = sorted(set(map(str, values.tolist())))
    few = len(different) <= min(CATEGORIES, max(2, len(values) // REPEATED))
    if kind == "category" or (kind is None and few and different):
        return Field(name, "category", classes=tuple(different), nullable=missing)
    return Field(name, "text", nullable=missing)


def _shaped(name: str, column: NDArray[Any], kind: InputKind | None, rate: int | None) -> Field:
    rows = [np.asarray(value) for value in column if value is not None]
    missing = len(rows) < len(column)
    dimensions, dtype = {row.ndim for row in rows}, np.result_type(*{row.dtype for row in rows})
    if len(dimensions) != 1 or dtype.kind not in "biuf":
        raise UsageError(
            f"rows of one field have as many axes and hold numbers, {name!r} has {sorted(dimensions)} axes of {dtype}"
        )
    lengths = list(zip(*(row.shape for row in rows), strict=True))
    shape = tuple(along[0] if len(set(along)) == 1 else None for along in lengths)
    if kind == "audio" or rate:
        if len(shape) != 1:
            raise UsageError(
                f"a recording is (samples,), mono, {name!r} has shape {shape}; take the mean of its channels"
            )
        return Field(name, "audio", rate=rate, nullable=missing)
    if kind == "image" or (kind is None and _pictures(shape, dtype)):
        return Field(name, "image", dtype="uint8", shape=(*shape, 1)[:3], nullable=missing)
    finite = all(np.isfinite(row).all() for row in rows) if dtype.kind == "f" else True
    low, high = _range(np.concatenate([row.reshape(-1) for row in rows]))
    held = "float32" if dtype.kind == "f" else str(dtype)
    return Field(name, "tensor", dtype=held, shape=shape, low=low, high=high, nullable=missing or not finite)


def _pictures(shape: tuple[int | None, ...], dtype: np.dtype[Any]) -> bool:
    grey = len(shape) == 2 and all(length is None or length >= SIDE for length in shape)  # noqa: PLR2004
    return dtype == np.uint8 and (grey or (len(shape) == 3 and shape[2] in (1, 3, 4)))  # noqa: PLR2004


def output_of(name: str, targets: Any, classes: Sequence[Any] = (), kind: OutputKind | None = None) -> Output:
    """The output that targets need: words, truth and few whole numbers are labels, others numbers, `Span`s spans.

    Raises `UsageError` where neither targets nor classes nor the kind tell.
    """
    if classes:
        return Output(name, kind or "label", classes=tuple(map(str, classes)))
    if targets is None:
        if kind is None or kind == "label":
            raise UsageError(
                "an output is inferred from targets or from classes, got none; give one of them or declare the signature"
            )
        return Output(name, kind)
    column = _column(targets)
    if kind is None and isinstance(_first(column), Span):
        raise UsageError(
            "a span lies in a text field, which samples do not tell; declare Output(name, 'span', of=FIELD)"
        )
    if column.dtype.kind == "O" and not isinstance(_first(column), (str, np.ndarray)):
        column = np.array([value for value in column.tolist() if value is not None])
    if column.ndim > 1:
        return Output(name, kind or "tensor", shape=column.shape[1:])
    whole = column.dtype.kind in "iu" and len(np.unique(column)) <= CLASSES
    if kind == "label" or (kind is None and (whole or column.dtype.kind in "bO")):
        return Output(name, "label", classes=tuple(str(value) for value in _sorted(column)))
    return Output(name, kind or "number")


def _sorted(column: NDArray[Any]) -> list[Any]:
    return sorted({value for value in column.tolist() if value is not None})
