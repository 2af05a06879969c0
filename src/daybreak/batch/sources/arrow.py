"""Arrow's columns as a signature's: numbers without a copy where types agree, lists as tensors, binary as pictures and sounds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from daybreak.base.errors import BadRow, UsageError
from daybreak.signature import media
from daybreak.signature.arrays import cast
from daybreak.signature.columns import LOOSE, dtype_of, free, objects
from daybreak.signature.fields import Field

Faults = dict[int, BadRow]
NEAR = 1_024  # rows


WORDS = ("is_string", "is_large_string", "is_string_view")
LISTS = ("is_list", "is_large_list", "is_fixed_size_list")
NUMBERS = ("is_integer", "is_floating", "is_decimal", "is_null")
MEDIA = ("is_binary", "is_large_binary", "is_struct", *WORDS)


def fits(field: Field, kind: pa.DataType, spread: int) -> bool:
    """Whether a column of that type can hold the field; `spread`: over how many columns."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if field.kind in ("text", "category"):
        asked: tuple[str, ...] = WORDS
    elif field.kind in LOOSE:
        asked = MEDIA
    elif field.kind == "tensor" and spread == 1 and field.shape:
        asked = LISTS
    else:
        asked = ("is_boolean",) if field.kind == "boolean" or dtype_of(field).kind == "b" else NUMBERS
    return any(getattr(pa.types, name)(kind) for name in asked)


def check(field: Field, schema: pa.Schema, columns: list[str], source: str) -> None:
    """Raises `UsageError` where a column's type cannot be the field's."""
    for name in columns:
        kind = schema.field(name).type
        if not fits(field, kind, len(columns)):
            raise UsageError(
                f"column {name!r} of {source} is {kind}, the field {field.name!r} is a {field.kind}; convert it, or name another: --column"
            )


def column(field: Field, table: pa.Table, columns: list[str], faults: Faults) -> NDArray[Any]:
    """A field's values. Rows that have none in its form are put into `faults`, and hold a hole."""
    if len(columns) > 1:
        return _stacked(field, [_numbers(field, table.column(name)) for name in columns])
    chunked = table.column(columns[0])
    if pa.types.is_dictionary(chunked.type):
        chunked = chunked.cast(chunked.type.value_type)
    if field.kind in LOOSE:
        return _media(field, chunked, faults)
    if field.kind in ("text", "category"):
        return objects(chunked.to_pylist())
    if field.kind == "tensor" and field.shape:
        return _lists(field, chunked, faults)
    return _numbers(field, chunked)


def _numbers(field: Field, chunked: pa.ChunkedArray) -> NDArray[Any]:
    """As the file has them; null is NaN."""
    if pa.types.is_decimal(chunked.type) or pa.types.is_null(chunked.type):
        chunked = chunked.cast(pa.float64())
    if pa.types.is_boolean(chunked.type) and chunked.null_count:
        chunked = pc.cast(pc.cast(chunked, pa.int8()), pa.float32())
    array = chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # of no chunks
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], chunked.type)
    values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return values.astype(dtype_of(field)) if values.dtype.kind == "O" else values


def _stacked(field: Field, columns: list[NDArray[Any]]) -> NDArray[Any]:
    """Side by side, a few rows at a time: so many that what is written stays in the processor's cache."""
    stacked = np.empty((len(columns[0]), len(columns)), dtype_of(field))
    with np.errstate(over="ignore"):
        for start in range(0, len(stacked), NEAR):
            rows = stacked[start : start + NEAR]
            for place, values in enumerate(columns):
                rows[:, place] = values[start : start + NEAR]
    return stacked


def _lists(field: Field, chunked: pa.ChunkedArray, faults: Faults) -> NDArray[Any]:
    array = chunked.combine_chunks() if chunked.num_chunks != 1 else chunked.chunk(0)
    flat = None if free(field) else _flat(array, field.shape)
    if flat is None:
        return _each(field, array.to_pylist(), faults)
    return np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(len(array), *field.shape)


def _flat(array: Any, shape: tuple[int | None, ...]) -> Any:
    """All values behind each other; None where a row has another shape, or something is null."""
    for size in shape:
        if array.null_count or not pa.types.is_nested(array.type):
            return None
        if pa.types.is_fixed_size_list(array.type):
            even = array.type.list_size == size
        else:
            lengths = pc.min_max(pc.list_value_length(array)).as_py()
            even = not len(array) or lengths == {"min": size, "max": size}
        if not even:
            return None
        array = array.flatten()
    return None if array.null_count or pa.types.is_nested(array.type) else array


def _each(field: Field, values: list[Any], faults: Faults) -> NDArray[Any]:
    """Row by row, where lists differ in length or hold null."""
    dtype = dtype_of(field)
    held = []
    for row, value in enumerate(values):
        try:
            held.append(None if value is None else cast(field, np.array([value], dtype))[0])
        except (BadRow, ValueError, TypeError) as error:
            faults[row] = (
                error if isinstance(error, BadRow) else BadRow("bad_shape", f"{field.name!r}: {error}", row, field.name)
            )
            held.append(None)
    if free(field):
        return objects(held)
    hole = np.zeros([length or 0 for length in field.shape], dtype)
    missing = np.full_like(hole, np.nan) if dtype.kind == "f" else hole
    return np.array([missing if value is None else value for value in held], dtype).reshape(len(held), *hole.shape)


def _media(field: Field, chunked: pa.ChunkedArray, faults: Faults) -> NDArray[Any]:
    held: list[Any] = []
    for row, value in enumerate(chunked.to_pylist()):
        data = (
            value.get("bytes") if isinstance(value, Mapping) else value
        )  # the datasets library keeps {"bytes", "path"}
        try:
            held.append(
                None
                if data is None
                else media.decoded(field, data)
                if isinstance(data, str)
                else media.read(field, data)
            )
        except BadRow as bad:
            faults[row] = bad
            held.append(None)
    return objects(held)
