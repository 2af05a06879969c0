"""Columns of a signature's inputs: their types in memory, made of rows, joined and cut without a look at single values.

Numbers of one type lie side by side in one matrix (rows, fields), of which the columns are views: `Matrix` keeps it at hand, so that a
model that wants exactly that matrix gets it without a copy.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.signature.fields import Columns, Field, Signature

NUMERIC = ("number", "integer", "boolean")
LOOSE = ("image", "audio")  # each row has an array of its own size


class Matrix(dict[str, NDArray[Any]]):
    """Columns that are the columns of `matrix` (rows, fields), in that order."""

    __slots__ = ("matrix",)

    def __init__(self, names: Sequence[str], matrix: NDArray[Any]) -> None:
        super().__init__(zip(names, matrix.T, strict=True))
        self.matrix = matrix


def dtype_of(field: Field) -> np.dtype[Any]:
    """The type of a field's column: `object` for words and for arrays of their own size; a float where null is possible."""
    if field.kind in ("category", "text", *LOOSE):
        return np.dtype(object)
    named = np.dtype(field.dtype)
    if field.kind == "integer" and named.kind == "f":
        named = np.dtype(np.int64)
    if field.kind == "boolean":
        named = np.dtype(np.bool_)
    if (field.nullable or field.optional) and named.kind != "f":
        return np.dtype(np.float64 if named.itemsize > 2 else np.float32)  # noqa: PLR2004 - exact to 24 bits
    return named


def free(field: Field) -> bool:
    """Whether a column is one of arrays (rows,) of objects, for rows may differ in size."""
    return field.kind in LOOSE or (field.kind == "tensor" and None in field.shape)


def gatherer(signature: Signature) -> Callable[[Sequence[Any]], Columns]:
    """A function from rows (msgspec structs with the fields in order, valid) to columns."""
    fields = signature.inputs
    types = {dtype_of(field) for field in fields}
    if all(field.kind in NUMERIC for field in fields) and len(types) == 1:
        return _matrix_gatherer(tuple(field.name for field in fields), types.pop())
    if len(fields) == 1:
        name, column, get = fields[0].name, _column(fields[0]), attrgetter("f0")
        return lambda rows: {name: column([get(row) for row in rows])}
    columns = [(field.name, _column(field)) for field in fields]

    def gather(rows: Sequence[Any]) -> Columns:
        values = zip(*map(msgspec.structs.astuple, rows), strict=True) if rows else ((),) * len(columns)
        return {name: column(found) for (name, column), found in zip(columns, values, strict=True)}

    return gather


def _matrix_gatherer(names: tuple[str, ...], dtype: np.dtype[Any]) -> Callable[[Sequence[Any]], Columns]:
    def gather(rows: Sequence[Any]) -> Columns:
        matrix = np.array([*map(msgspec.structs.astuple, rows)], dtype)  # None becomes NaN
        return Matrix(names, matrix.reshape(len(rows), len(names)))

    return gather


def _column(field: Field) -> Callable[[Sequence[Any]], NDArray[Any]]:
    """From the values of one field to its column."""
    dtype = dtype_of(field)
    if free(field):
        return lambda values: objects(
            [None if value is None else np.asarray(value, array_type(field)) for value in values]
        )
    if dtype.kind == "O":
        return _words
    if field.kind != "tensor":
        return lambda values: np.array(values, dtype)
    shape = tuple(length for length in field.shape if length is not None)
    hole = np.full(shape, np.nan).tolist() if field.nullable or field.optional else None

    def tensor(values: Sequence[Any]) -> NDArray[Any]:
        whole = values if hole is None else [hole if value is None else value for value in values]
        return np.array(whole, dtype).reshape(len(values), *shape)

    return tensor


def array_type(field: Field) -> np.dtype[Any]:
    """The type of one row's array, of fields whose rows may differ in size."""
    if field.kind == "image":
        return np.dtype(np.uint8)
    return np.dtype(np.float32) if field.kind == "audio" else dtype_of(field)


def objects(values: Sequence[Any]) -> NDArray[Any]:
    """(rows,) of objects, also where all are arrays of one shape."""
    column = np.empty(len(values), object)
    for place, value in enumerate(values):
        column[place] = value
    return column


def _words(values: Sequence[str | None]) -> NDArray[Any]:
    column = np.empty(len(values), object)
    column[:] = values
    return column


def joined(parts: Sequence[Columns]) -> Columns:
    """Columns of several requests as one batch, in order. All come from one signature."""
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part, Matrix) for part in parts):
        return Matrix(tuple(parts[0]), np.concatenate([part.matrix for part in parts]))  # type: ignore[attr-defined]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def cut(columns: Columns, start: int, stop: int) -> Columns:
    """Rows [start, stop) of columns, as views."""
    if isinstance(columns, Matrix):
        return Matrix(tuple(columns), columns.matrix[start:stop])
    return {name: column[start:stop] for name, column in columns.items()}


def picked(columns: Columns, rows: NDArray[Any]) -> Columns:
    """Those rows, in that order."""
    if isinstance(columns, Matrix):
        return Matrix(tuple(columns), columns.matrix[rows])
    return {name: column[rows] for name, column in columns.items()}


def length(columns: Columns) -> int:
    """How many rows; 0 where there are no columns."""
    return len(next(iter(columns.values()), ()))
