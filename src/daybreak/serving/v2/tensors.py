"""Tensors of the Open Inference Protocol V2: datatypes, JSON data, and the bytes of the binary tensor extension.

Binary is little endian, row-major, without padding; an element of BYTES is its length in 4 bytes, then itself.
In JSON `data` is flat or nested as `shape` is; BYTES are strings there, and null stands for a value that is missing.
"""

import math
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.serving.problems import refuse

BYTES = "BYTES"
DATATYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
NAMES = {dtype: name for name, dtype in DATATYPES.items()}
_DEEPEST = 8  # axes
_LENGTH = struct.Struct("<I")


class Tensor(NamedTuple):
    """One tensor. `array` has `shape`; of BYTES: objects, `bytes` where they came as binary, else `str` or None."""

    name: str
    datatype: str
    array: NDArray[Any]


def dtype_of(name: str, datatype: str) -> np.dtype[Any]:
    """NumPy's type of a datatype; objects for BYTES. Raises `Refusal` (bad_tensor)."""
    if datatype == BYTES:
        return np.dtype(object)
    if datatype not in DATATYPES:
        told = ", ".join([*DATATYPES, BYTES])
        raise refuse("bad_tensor", f"datatypes are {told}; {name} has {datatype[:40]!r}", name)
    return DATATYPES[datatype]


def from_json(name: str, datatype: str, shape: Sequence[int], data: bytes) -> Tensor:
    """A tensor from the JSON text of its `data`. Raises `Refusal` (bad_tensor)."""
    dtype = dtype_of(name, datatype)
    nested = data.lstrip()[1:].lstrip()[:1] == b"["
    depth = len(shape) if nested else 1
    if not 1 <= depth <= _DEEPEST:
        raise refuse(
            "bad_tensor", f"`data` is flat or nested as `shape` is, with 1 to {_DEEPEST} axes; {name} is not", name
        )
    try:
        values = _decoder(dtype.kind, depth).decode(data)
        array = _objects(values, depth) if dtype.hasobject else np.array(values, dtype)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, TypeError, OverflowError) as error:
        raise refuse(
            "bad_tensor", f"`data` of {name} is no {datatype} of shape {list(shape)}: {error}", name
        ) from error
    if nested and array.shape != tuple(shape):
        raise refuse("bad_tensor", f"`data` of {name} has shape {list(array.shape)}, `shape` says {list(shape)}", name)
    return Tensor(name, datatype, shaped(name, array, shape))


def from_binary(name: str, datatype: str, shape: Sequence[int], data: memoryview) -> Tensor:
    """A tensor from its bytes; the array looks into them and is not to be written to. Raises `Refusal` (bad_tensor)."""
    dtype = dtype_of(name, datatype)
    if dtype.hasobject:
        return Tensor(name, datatype, shaped(name, _split(name, data), shape))
    if len(data) != math.prod(shape) * dtype.itemsize:
        told = f"{datatype} of shape {list(shape)} has {math.prod(shape) * dtype.itemsize} bytes, {name} came with {len(data)}"
        raise refuse("bad_tensor", told, name)
    if datatype == "BOOL":
        return Tensor(name, datatype, shaped(name, np.frombuffer(data, np.uint8) != 0, shape))
    return Tensor(name, datatype, shaped(name, np.frombuffer(data, dtype), shape))


def to_binary(tensor: Tensor) -> bytes:
    """Its bytes."""
    if tensor.datatype != BYTES:
        return np.ascontiguousarray(tensor.array, DATATYPES[tensor.datatype]).tobytes()
    parts = [raw(value) for value in tensor.array.ravel()]
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def to_json(tensor: Tensor) -> list[Any]:
    """Its data, flat; NaN and infinities become null, for JSON has none; BYTES that are no text raise `Refusal` (bad_request)."""
    flat = tensor.array.ravel()
    if tensor.datatype != BYTES:
        if flat.dtype.kind == "f" and not np.isfinite(flat).all():
            return [value if math.isfinite(value) else None for value in flat.tolist()]
        listed: list[Any] = flat.tolist()
        return listed
    try:
        return [value if isinstance(value, str) else value.decode() for value in flat]
    except UnicodeDecodeError as error:
        told = f"{tensor.name} is no text: ask for it with the parameter binary_data true"
        raise refuse("bad_request", told, tensor.name) from error


def shaped(name: str, array: NDArray[Any], shape: Sequence[int]) -> NDArray[Any]:
    """A flat array in the shape that it came with. Raises `Refusal` (bad_tensor)."""
    if array.size != math.prod(shape):
        told = f"shape {list(shape)} has {math.prod(shape)} elements, {name} came with {array.size}"
        raise refuse("bad_tensor", told, name)
    try:
        return array.reshape(shape)
    except ValueError as error:  # of no elements, with axes beyond all memory
        raise refuse("bad_tensor", f"shape {list(shape)} of {name} cannot be: {error}", name) from error


def raw(value: str | bytes) -> bytes:
    """An element of BYTES as bytes."""
    return value.encode() if isinstance(value, str) else value


def objects(values: Sequence[Any]) -> NDArray[Any]:
    """A flat array of objects, whatever they are."""
    array = np.empty(len(values), object)
    array[:] = values
    return array


@cache
def _decoder(kind: str, depth: int) -> msgspec.json.Decoder[Any]:
    element: Any = {"b": bool, "O": str | None, "f": float | None}.get(kind, int)
    for _ in range(depth):
        element = list[element]
    return msgspec.json.Decoder(element)


def _objects(values: list[Any], depth: int) -> NDArray[Any]:
    shape: list[int] = []
    for _ in range(depth - 1):
        widths = {len(value) for value in values}
        if len(widths) > 1:
            raise ValueError("its lists differ in length")
        shape.append(len(values) // max(math.prod(shape), 1))
        values = [one for value in values for one in value]
    flat = objects(values)
    return flat.reshape(*shape, -1) if shape and flat.size else flat


def _split(name: str, data: memoryview) -> NDArray[Any]:
    found, place = [], 0
    while place < len(data):
        begin = place + _LENGTH.size
        place = begin + _LENGTH.unpack_from(data, place)[0] if begin <= len(data) else begin
        if place > len(data):
            raise refuse("bad_tensor", f"an element of {name} is longer than what is left of its bytes", name)
        found.append(bytes(data[begin:place]))
    return objects(found)
