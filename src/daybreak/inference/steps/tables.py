"""Numbers and categories as the matrices that models take."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import BadRows, UsageError
from daybreak.inference.session import Arrays
from daybreak.inference.steps import Before, Context, Options
from daybreak.registry.package import Step
from daybreak.signature.columns import Matrix
from daybreak.signature.fields import Columns

SHOWN = 80  # characters of names in a message


def target(options: Options, context: Context) -> str:
    """The name that a step feeds: its option `to`, or the model's only input."""
    if "to" in options:
        return str(options["to"])
    if len(context.inputs) != 1:
        raise UsageError(f"a step says `to` which input it feeds, the model has {', '.join(context.inputs)}")
    return next(iter(context.inputs))


def found(name: str, columns: Columns, feeds: Arrays) -> NDArray[Any]:
    """An earlier feed or a column."""
    array: NDArray[Any] = feeds[name] if name in feeds else columns[name]
    return array


def wide(array: NDArray[Any]) -> NDArray[Any]:
    """(rows, values of one row), also of no rows."""
    if array.ndim == 2:  # noqa: PLR2004 - it is so already
        return array
    return array.reshape(len(array), int(np.prod(array.shape[1:], dtype=np.int64)))


def narrowed(array: NDArray[Any], dtype: Any, name: str) -> NDArray[Any]:
    """`array` in the type that the model computes with. Raises `BadRows` (out_of_range) for rows with a number beyond that type.

    A field may be of a wider one: 1e39 is a float64, and an infinity to a model of float32.
    """
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        made = array.astype(dtype)
    if made.dtype.kind == "f":
        finite(made, name, np.isinf(array) if array.dtype.kind == "f" else None)
    return made


def finite(values: NDArray[Any], name: str, before: Any = None) -> None:
    """Raises `BadRows` (out_of_range) for rows that became infinite; `before`: what was so already. NaN is a missing number."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return
    beyond = np.isinf(values) if before is None else np.isinf(values) & ~before
    rows = np.flatnonzero(beyond.reshape(len(values), -1).any(axis=1)).tolist()
    if rows:
        most = float(np.finfo(values.dtype).max)
        why = f"{name!r} has a number that the model, which computes in {values.dtype} up to {most:.3g}, cannot hold"
        raise BadRows(dict.fromkeys(rows, why), "out_of_range")


def feed(options: Options, context: Context) -> Before:
    """A column as it is, in the type of the model's input. Options: `field`, `to`. (rows,) becomes (rows, 1) where the model wants that.

    Null text is the empty one.
    """
    to, name = target(options, context), str(options["field"])
    asked, shape = context.inputs.get(to, (None, ()))
    dtype = None if asked is None else np.dtype(asked)
    narrow = len(shape) == 2 and shape[1] in (1, None)  # noqa: PLR2004 - rows and one column
    sizes = tuple(-1 if length is None else length for length in shape[1:])

    def step(columns: Columns, feeds: Arrays) -> None:
        array = found(name, columns, feeds)
        if array.dtype.kind == "O" and dtype is not None:
            array = np.array([_whole(value) for value in array], dtype) if len(array) else np.zeros((0,), dtype)
        elif dtype is not None:
            array = narrowed(array, dtype, name)
        if array.ndim == 1 and narrow:
            array = array[:, None]
        elif shape and array.ndim != len(shape) and sizes.count(-1) <= 1 and len(array):
            array = array.reshape(len(array), *sizes)
        feeds[to] = array

    return step


def _whole(value: Any) -> Any:
    return "" if value is None else value


def stack(options: Options, context: Context) -> Before:
    """Columns and earlier feeds side by side as (rows, width). Options: `fields` (all inputs where absent), `to`.

    A matrix that the codec filled goes in without a copy.
    """
    names = tuple(options.get("fields") or (field.name for field in context.signature.inputs))
    to = target(options, context)
    dtype = context.inputs.get(to, (np.float32, ()))[0] or np.float32
    told = ", ".join(names)[:SHOWN]

    def step(columns: Columns, feeds: Arrays) -> None:
        if isinstance(columns, Matrix) and tuple(columns) == names:
            feeds[to] = narrowed(columns.matrix, dtype, told)
            return
        parts = [narrowed(wide(found(name, columns, feeds)), dtype, name) for name in names]
        feeds[to] = np.concatenate(parts, axis=1)

    return step


def standardize(options: Options, context: Context) -> Before:
    """(x - mean) / std. Options: `of` (a column or an earlier feed), `mean`, `std` (numbers or lists that broadcast), `to`.

    `missing`: what stands for NaN afterwards (0 is the mean); without it NaN goes on.
    """
    name, to = str(options["of"]), target(options, context)
    dtype = context.inputs.get(to, (np.float32, ()))[0] or np.float32
    mean, std = np.asarray(options["mean"], dtype), np.asarray(options["std"], dtype)
    missing = options.get("missing")
    if not np.all(std > 0):
        raise ValueError("std must be above zero")

    def step(columns: Columns, feeds: Arrays) -> None:
        with np.errstate(over="ignore"):
            values = (narrowed(found(name, columns, feeds), dtype, name) - mean) / std
        finite(values, name)
        feeds[to] = values if missing is None else np.where(np.isnan(values), dtype(missing), values)

    return step


def onehot(options: Options, context: Context) -> Before:
    """One column a class, zeros for null and for an unknown one. Options: `field`, `classes` (the field's where absent), `to`."""
    name, to = str(options["field"]), target(options, context)
    field = context.field(name)
    classes = tuple(options.get("classes") or (field.classes if field else ()))
    if not classes:
        raise ValueError("lacks `classes`")
    places = {label: place for place, label in enumerate(classes)}
    table = np.concatenate([np.eye(len(classes), dtype=np.float32), np.zeros((1, len(classes)), np.float32)])

    def step(columns: Columns, feeds: Arrays) -> None:
        feeds[to] = table[[places.get(value, len(classes)) for value in found(name, columns, feeds)]]

    return step


def assumed(context: Context) -> list[Step]:
    """What stands in where no step is declared. Raises `UsageError` where names do not tell."""
    fields, inputs = {field.name for field in context.signature.inputs}, list(context.inputs)
    if fields == set(inputs):
        return [Step("feed", {"field": name, "to": name}) for name in inputs]
    if len(fields) == 1 and len(inputs) == 1:
        return [Step("feed", {"field": fields.pop(), "to": inputs[0]})]
    if len(inputs) == 1 and all(field.kind in ("number", "integer", "boolean") for field in context.signature.inputs):
        return [Step("stack", {"to": inputs[0]})]
    told = f"fields {', '.join(sorted(fields))}, inputs {', '.join(inputs)}"
    raise UsageError(
        f"steps say how fields become the model's inputs where their names differ, got {told}; declare `before`"
    )
