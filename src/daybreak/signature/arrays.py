"""Arrays that come as arrays (V2's tensors, a table's columns) as valid columns of a signature.

columns = taken(signature, {"features": array})      # the first bad row raises
columns, faults = sifted(signature, arrays)          # every bad row, with why; columns hold them still, as holes
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import BadRow
from daybreak.signature.checking import checker, shown
from daybreak.signature.columns import LOOSE, array_type, dtype_of, free
from daybreak.signature.fields import Columns, Field, Signature
from daybreak.signature.rows import bounds, number_type

Bad = tuple[NDArray[np.bool_], str, Callable[[int], str]]  # rows that are bad, the code, what is said of one of them


def taken(signature: Signature, arrays: Mapping[str, NDArray[Any]]) -> Columns:
    """Columns of the signature's types. Raises `BadRow` for the first thing that is wrong; an absent optional one is null."""
    columns, faults = sifted(signature, arrays)
    if faults:
        raise faults[min(faults)]
    return columns


def sifted(signature: Signature, arrays: Mapping[str, NDArray[Any]]) -> tuple[Columns, dict[int, BadRow]]:
    """Columns, and what is wrong with single rows of them. Raises `BadRow` for what is wrong with all: names, types, shapes, lengths."""
    rows = _length(signature, arrays)
    columns: Columns = {}
    faults: dict[int, BadRow] = {}
    for field in signature.inputs:
        array = arrays.get(field.name)
        columns[field.name] = column = _hole(field, rows) if array is None else cast(field, array)
        for bad, code, why in _bad(field, column) if array is not None else ():
            for row in np.flatnonzero(bad).tolist():
                faults.setdefault(row, BadRow(code, why(row), row, field.name))
    return columns, faults


def _length(signature: Signature, arrays: Mapping[str, NDArray[Any]]) -> int:
    """Rows of all arrays. Raises `BadRow` for names that are not the fields'."""
    absent = {field.name: None for field in signature.inputs if field.optional and field.name not in arrays}
    present = [field for field in signature.inputs if field.name not in absent]
    checker(Signature(tuple(map(_any, present)), signature.outputs))(dict.fromkeys(arrays, ""), None)
    lengths = {name: len(array) if array.ndim else -1 for name, array in arrays.items()}
    if len(set(lengths.values())) > 1 or -1 in lengths.values():
        told = ", ".join(f"{name} {'no axis' if size < 0 else size}" for name, size in lengths.items())
        raise BadRow("bad_shape", f"all fields have as many rows, got {told}")
    return next(iter(lengths.values()), 0)


def _any(field: Field) -> Field:
    return Field(field.name, "text")


def _hole(field: Field, rows: int) -> NDArray[Any]:
    dtype = dtype_of(field)
    if dtype.kind == "O" or free(field):
        return np.full(rows, None, object)
    return np.full((rows, *(length or 0 for length in field.shape)), np.nan, dtype)


def cast(field: Field, array: NDArray[Any]) -> NDArray[Any]:
    """An array in the column's type and shape. Raises `BadRow` (bad_type, bad_shape) where they differ by more than width.

    Whole numbers may stand for others, and floats for whole ones where they are whole (`_bad` sees to that); (rows, 1) for (rows,).
    """
    if dtype_of(field).kind == "O" or free(field):
        return _loose(field, array)
    truth = number_type(field).kind == "b"
    kinds = (
        ("bf" if dtype_of(field).kind == "f" else "b") if truth else "iuf"
    )  # where null may be, truth is 0, 1 or NaN
    if array.dtype.kind not in kinds:
        raise BadRow("bad_type", f"{field.name!r} is of type {number_type(field)}, got {array.dtype}", None, field.name)
    shape = (len(array), *field.shape)
    if array.shape != shape and array.shape != (len(array), 1, *field.shape) and array.shape != (*shape, 1):
        raise BadRow(
            "bad_shape",
            f"{field.name!r} has shape {list(field.shape)} a row, got {list(array.shape[1:])}",
            None,
            field.name,
        )
    array = array.reshape(tuple(length or 0 for length in shape))
    wanted = dtype_of(field)
    if wanted.kind in "iu" and array.dtype.kind != "b" and not _fits(field, array):
        return array  # rows that are no whole numbers, or too large: told one by one
    with np.errstate(over="ignore"):
        return array.astype(wanted, copy=False)


def _fits(field: Field, array: NDArray[Any]) -> bool:
    least, most = bounds(field)
    inside = bool(np.all((array >= least) & (array <= most)))
    return inside and (array.dtype.kind != "f" or bool(np.all(array == np.floor(array))))


def _loose(field: Field, array: NDArray[Any]) -> NDArray[Any]:
    """Words, or one array a row."""
    if field.kind in ("text", "category"):
        if array.dtype.kind not in "OUST":
            raise BadRow("bad_type", f"{field.name!r} is words, got {array.dtype}", None, field.name)
        return np.array([_word(value) for value in array.reshape(-1).tolist()] + [None], object)[:-1]
    axes = {"image": 3, "audio": 1}.get(field.kind, len(field.shape))
    held = np.empty(len(array), object)
    for row, value in enumerate(array):
        held[row] = None if value is None else _sized(field, np.asarray(value), axes)
    return held


def _word(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _sized(field: Field, value: NDArray[Any], axes: int) -> NDArray[Any]:
    wanted = array_type(field)
    if value.ndim == axes - 1 and field.kind == "image":
        value = value[:, :, None]
    fits = value.ndim == axes and all(
        length in (None, size) for length, size in zip(field.shape, value.shape, strict=False)
    )
    if not fits and not (field.kind in LOOSE and value.ndim == axes):
        raise BadRow(
            "bad_shape",
            f"{field.name!r} has {axes} axes {list(field.shape)}, got {list(value.shape)}",
            None,
            field.name,
        )
    if value.dtype.kind not in "biuf" or (
        wanted.kind in "iub" and value.dtype.kind != wanted.kind and value.dtype != wanted
    ):
        raise BadRow("bad_type", f"{field.name!r} is of type {wanted}, got {value.dtype}", None, field.name)
    with np.errstate(over="ignore"):  # an infinity is told as one
        return value.astype(wanted, copy=False)


def _bad(field: Field, column: NDArray[Any]) -> list[Bad]:
    """Kinds of bad rows that a column has."""
    empty_allowed = field.nullable or field.optional
    if column.dtype.kind == "O":
        return _bad_objects(field, column, empty_allowed=empty_allowed)
    found: list[Bad] = []
    if column.dtype.kind == "f" and not _all_finite(column):
        wrong = np.isinf(column) if empty_allowed else ~np.isfinite(column)
        finite = f"{field.name!r} must be finite, and not null"
        found.append((_rows(wrong), "bad_value", lambda row: f"{finite}, got {shown(_odd(column[row]))}"))
    if number_type(field).kind in "iu" and column.dtype.kind == "f":
        parts = np.isfinite(column) & (column != np.floor(column))
        found.append(
            (
                _rows(parts),
                "bad_type",
                lambda row: f"{field.name!r} is a whole number, got {shown(column[row].tolist())}",
            )
        )
    if number_type(field).kind == "b" and column.dtype.kind == "f":
        neither = np.isfinite(column) & (column != 0) & (column != 1)
        found.append(
            (
                _rows(neither),
                "bad_type",
                lambda row: f"{field.name!r} is true or false, got {shown(column[row].tolist())}",
            )
        )
    least, most = _ends(field)
    if least is not None:
        outside = (column < least) | (column > most)
        told = f"{field.name!r} lies in {least:g}..{most:g}"
        found.append((_rows(outside), "out_of_range", lambda row: f"{told}, got {shown(column[row].tolist())}"))
    return [bad for bad in found if bad[0].any()]


def _all_finite(column: NDArray[Any]) -> bool:
    """Whether surely all are: a sum is finite only then (and may overflow all the same, which one looks into)."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.add.reduce(column, axis=None)))


def _ends(field: Field) -> tuple[Any, Any]:
    least, most = bounds(field)
    if least is None or not field.strict:
        return (least, most) if number_type(field).kind in "iu" else (None, None)
    return (least if field.low is None else field.low), (most if field.high is None else field.high)


def _bad_objects(field: Field, column: NDArray[Any], *, empty_allowed: bool) -> list[Bad]:
    values = column.tolist()
    found: list[Bad] = []
    if not empty_allowed:
        missing = np.array([value is None for value in values], bool)
        found.append((missing, "bad_value", lambda _: f"{field.name!r} may not be null"))
    if field.kind in ("text", "category"):
        other = np.array([value is not None and not isinstance(value, str) for value in values], bool)
        found.append((other, "bad_type", lambda row: f"{field.name!r} is words, got {shown(values[row])}"))
    else:
        odd = np.array(
            [value is not None and value.dtype.kind == "f" and not np.isfinite(value).all() for value in values], bool
        )
        found.append((odd, "bad_value", lambda _: f"{field.name!r} must be finite"))
    if field.kind == "category" and field.strict and field.classes:
        strange = np.array([isinstance(value, str) and value not in field.classes for value in values], bool)
        found.append((strange, "bad_value", lambda row: f"{field.name!r} has no class {shown(values[row])}"))
    return [bad for bad in found if bad[0].any()]


def _rows(wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return wrong if wrong.ndim == 1 else np.asarray(wrong.reshape(len(wrong), -1).any(axis=1))


def _odd(value: Any) -> Any:
    array = np.asarray(value)
    return array[~np.isfinite(array)].reshape(-1)[0].item()
