"""Where in an ONNX file the numbers of an initializer stand: a walk over the protobuf wire format that decodes nothing else.

Encoding: protobuf.dev/programming-guides/encoding. Fields: onnx.proto (ModelProto.graph = 7, GraphProto.initializer = 5, TensorProto:
data_type = 2, float_data = 4, name = 8, raw_data = 9).
"""

from collections.abc import Iterator
from typing import NamedTuple

from daybreak.base.errors import UsageError

GRAPH, INITIALIZER = 7, 5
TYPE, FLOATS, NAME, RAW = 2, 4, 8, 9
TYPES = {1: "float32", 10: "float16"}  # of ONNX's, those that can be patched
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Place(NamedTuple):
    """An initializer's numbers, little-endian and row-major, in bytes [start, end) of the file."""

    start: int
    end: int
    dtype: str


class _Field(NamedTuple):
    number: int
    kind: int
    start: int
    end: int
    value: int  # of a varint


def places(model: bytes) -> dict[str, Place]:
    """Each initializer of the main graph whose numbers are floats and stand in the file. Raises `UsageError` for no ONNX file."""
    found: dict[str, Place] = {}
    for graph in _fields(model, 0, len(model)):
        if graph.number == GRAPH and graph.kind == BYTES:
            for field in _fields(model, graph.start, graph.end):
                if field.number == INITIALIZER and field.kind == BYTES:
                    name, place = _tensor(model, field)
                    if place is not None:
                        found[name] = place
    return found


def _tensor(model: bytes, tensor: _Field) -> tuple[str, Place | None]:
    name, kind, numbers = "", 0, None
    for field in _fields(model, tensor.start, tensor.end):
        if field.number == NAME:
            name = model[field.start : field.end].decode(errors="replace")
        elif field.number == TYPE:
            kind = field.value
        elif field.number in (FLOATS, RAW) and field.kind == BYTES:
            numbers = field
    if numbers is None or kind not in TYPES or numbers.start == numbers.end:
        return name, None
    return name, Place(numbers.start, numbers.end, TYPES[kind])


def _fields(model: bytes, at: int, end: int) -> Iterator[_Field]:
    while at < end:
        key, at = _varint(model, at, end)
        number, kind, value = key >> 3, key & 7, 0
        start = at
        if kind == VARINT:
            value, at = _varint(model, at, end)
        elif kind == BYTES:
            length, start = _varint(model, at, end)
            at = start + length
        elif kind in (FIXED32, FIXED64):
            at += 4 if kind == FIXED32 else 8
        else:
            raise UsageError(f"byte {at} of the model is no protobuf: wire type {kind}")
        if at > end:
            raise UsageError(
                f"byte {start} of the model is no protobuf: a field of {at - start} bytes leaves its message"
            )
        yield _Field(number, kind, start, at, value)


def _varint(model: bytes, at: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while at < end and shift < 70:  # noqa: PLR2004 (ten groups of seven bits)
        byte = model[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:  # noqa: PLR2004
            return value, at
    raise UsageError(f"byte {at} of the model is no protobuf: a number does not end")
