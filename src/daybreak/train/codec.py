r"""Checkpoints as bytes: a tree of plain Python values with arrays and tensors as raw, aligned buffers.

    offset 0   b"DAYBREAK1\\n", padding to 16 bytes, header length (u64, little-endian)
    24         header, msgpack: {"tree": node, "sizes": [bytes of each buffer, ...]}
    aligned    the buffers in order, each at the next multiple of 64 bytes

A node is None, a bool, int, float or str itself, bytes, or a list `[tag, ...]`:

    l items...     list           t items...   tuple          i "123..."   integer beyond 64 bits
    d k v k v...   dict, in order                            o [k, v...] metadata   OrderedDict and its `_metadata`
    s bytes        text that is not valid Unicode
    n dtype bytes  NumPy scalar
    a dtype shape order buffer                      NumPy array      order: axes by falling stride; the layout in
    T dtype shape order requires_grad kind buffer   torch tensor     memory is part of "the same bits"
    p buffer [buffers...] type                      pickle (protocol 5) with its arrays out of band

Whatever is none of these is pickled, and `Encoded.pickled` names the types. Nothing is copied on the way out unless it lives on
an accelerator or has gaps in memory. Shared references inside a tree become separate values (inside one pickle they are kept).
"""

import os
import pickle
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec

from daybreak.base.errors import DamagedFile, UsageError

MAGIC = b"DAYBREAK1\n".ljust(16, b"\0")
ALIGN = 64
LARGEST_INT = 2**63

Buffer = bytes | bytearray | memoryview
Node = Any


@dataclass(slots=True)
class Encoded:
    """A checkpoint ready to be written; holds views of the caller's memory until then."""

    header: bytes
    buffers: list[memoryview]
    offsets: list[int]
    pickled: list[str]  # names of types that only pickle could hold

    def chunks(self) -> Iterator[Buffer]:
        """The bytes in order."""
        start = MAGIC + len(self.header).to_bytes(8, "little")
        yield start + self.header
        position = len(start) + len(self.header)
        for offset, buffer in zip(self.offsets, self.buffers, strict=True):
            if offset > position:
                yield bytes(offset - position)
            yield buffer
            position = offset + buffer.nbytes


def encode(tree: object) -> Encoded:
    """Lay a tree out. Raises `UsageError` for what cannot even be pickled, or refers to itself."""
    writer = _Writer()
    try:
        root = writer.node(tree)
    except RecursionError as error:
        raise UsageError("what is kept must be a tree, it is nested too deeply or refers to itself") from error
    sizes = [buffer.nbytes for buffer in writer.buffers]
    header = msgspec.msgpack.encode({"tree": root, "sizes": sizes})
    offsets, position = [], _aligned(len(MAGIC) + 8 + len(header))
    for size in sizes:
        offsets.append(position)
        position = _aligned(position + size)
    return Encoded(header, writer.buffers, offsets, sorted(set(writer.pickled)))


def decode(data: bytearray) -> Any:
    """The tree that was encoded. Arrays and tensors are views of `data`. Raises `DamagedFile`."""
    if bytes(data[: len(MAGIC)]) != MAGIC:
        raise DamagedFile(
            "a checkpoint must start with DAYBREAK1, this file does not: it is no checkpoint, or of another version"
        )
    start = len(MAGIC) + 8
    end = start + int.from_bytes(data[len(MAGIC) : start], "little")
    whole = memoryview(data)
    header = msgspec.msgpack.decode(whole[start:end])
    buffers, position = [], _aligned(end)
    for size in header["sizes"]:
        buffers.append(whole[position : position + size])
        position = _aligned(position + size)
    return _value(header["tree"], buffers)


def load_checkpoint(file: str | os.PathLike[str]) -> dict[str, Any]:
    """What a checkpoint file keeps: the names given to `run.keep`, each with its state (of a model: its state_dict).

    Raises `OSError`, `DamagedFile`. Parts that only pickle could hold are unpickled: open checkpoints that you trust.
    """
    kept: dict[str, Any] = decode(bytearray(Path(file).read_bytes()))["kept"]
    return kept


def _aligned(position: int) -> int:
    return -(-position // ALIGN) * ALIGN


@dataclass(slots=True)
class _Writer:
    """Turns values into nodes and gathers their buffers."""

    buffers: list[memoryview] = field(default_factory=list)
    pickled: list[str] = field(default_factory=list)

    def node(self, value: Any) -> Node:
        make = _PLAIN.get(type(value))
        if make is not None:
            return make(self, value)
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if torch is not None and type(value) in {torch.Tensor, torch.nn.Parameter} and _is_plain(torch, value):
            return self.tensor(torch, value)
        if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic) and _is_simple(value.dtype):
            if type(value) is numpy.ndarray:
                return self.array(value)
            if isinstance(value, numpy.generic):
                return ["n", value.dtype.str, value.tobytes()]
        return self.pickle(value)

    def add(self, buffer: memoryview) -> int:
        self.buffers.append(buffer)
        return len(self.buffers) - 1

    def array(self, array: Any) -> Node:
        order = _order(array.strides)
        dense = sys.modules["numpy"].ascontiguousarray(array.transpose(order))  # copies only what has gaps
        raw = memoryview(dense.reshape(-1).view("u1")) if dense.nbytes else memoryview(b"")
        return ["a", array.dtype.str, list(array.shape), order, self.add(raw)]

    def tensor(self, torch: Any, tensor: Any) -> Node:
        kind = "parameter" if isinstance(tensor, torch.nn.Parameter) else "tensor"
        plain = tensor.detach().resolve_conj().resolve_neg().cpu()
        order = _order(plain.stride())
        dense = plain.permute(order).contiguous()
        raw = memoryview(dense.reshape(-1).view(torch.uint8).numpy()) if dense.numel() else memoryview(b"")
        dtype = str(tensor.dtype).removeprefix("torch.")
        return ["T", dtype, list(tensor.shape), order, tensor.requires_grad, kind, self.add(raw)]

    def pickle(self, value: Any) -> Node:
        outside: list[pickle.PickleBuffer] = []
        name = f"{type(value).__module__}.{type(value).__qualname__}"
        try:
            body = pickle.dumps(value, protocol=5, buffer_callback=outside.append)
        except Exception as error:
            raise UsageError(
                f"what is kept must be plain data, arrays or picklable, got a {name} that is not ({error})"
            ) from error
        self.pickled.append(name)
        first = self.add(memoryview(body))
        return ["p", first, [self.add(buffer.raw()) for buffer in outside], name]


def _order(strides: tuple[int, ...]) -> list[int]:
    return sorted(range(len(strides)), key=lambda axis: -strides[axis])


def _is_plain(torch: Any, tensor: Any) -> bool:
    return tensor.layout == torch.strided and not tensor.is_quantized and tensor.device.type != "meta"


def _is_simple(dtype: Any) -> bool:
    """Its name says all: no objects, no fields."""
    return not dtype.hasobject and dtype.names is None and dtype.itemsize > 0


def _integer(_: _Writer, value: int) -> Node:
    return value if -LARGEST_INT <= value < LARGEST_INT else ["i", str(value)]


def _text(_: _Writer, value: str) -> Node:
    try:
        value.encode()
    except UnicodeEncodeError:
        return ["s", value.encode("utf-8", "surrogatepass")]
    return value


def _pairs(writer: _Writer, value: dict[Any, Any]) -> list[Node]:
    return [writer.node(part) for pair in value.items() for part in pair]


def _ordered(writer: _Writer, value: "OrderedDict[Any, Any]") -> Node:
    return ["o", _pairs(writer, value), writer.node(getattr(value, "_metadata", None))]


_PLAIN: dict[type, Callable[[_Writer, Any], Node]] = {
    type(None): lambda _, value: value,
    bool: lambda _, value: value,
    float: lambda _, value: value,
    bytes: lambda _, value: value,
    int: _integer,
    str: _text,
    list: lambda writer, value: ["l", *map(writer.node, value)],
    tuple: lambda writer, value: ["t", *map(writer.node, value)],
    dict: lambda writer, value: ["d", *_pairs(writer, value)],
    OrderedDict: _ordered,
}


def _value(node: Node, buffers: list[memoryview]) -> Any:
    if not isinstance(node, list):
        return node
    return _READ[node[0]](node, buffers)


def _read_pairs(parts: list[Node], buffers: list[memoryview]) -> Iterator[tuple[Any, Any]]:
    values = (_value(part, buffers) for part in parts)
    return zip(values, values, strict=True)


def _read_ordered(node: Node, buffers: list[memoryview]) -> Any:
    value: OrderedDict[Any, Any] = OrderedDict(_read_pairs(node[1], buffers))
    metadata = _value(node[2], buffers)
    if metadata is not None:
        cast("Any", value)._metadata = metadata  # noqa: SLF001 (torch's modules read their versions from there)
    return value


def _read_array(node: Node, buffers: list[memoryview]) -> Any:
    import numpy as np

    _, dtype, shape, order, index = node
    laid_out = [shape[axis] for axis in order]
    return np.frombuffer(buffers[index], np.uint8).view(dtype).reshape(laid_out).transpose(_inverse(order))


def _read_scalar(node: Node, _: list[memoryview]) -> Any:
    import numpy as np

    return np.frombuffer(node[2], node[1])[0]


def _read_tensor(node: Node, buffers: list[memoryview]) -> Any:
    import torch

    _, dtype_name, shape, order, requires_grad, kind, index = node
    dtype = getattr(torch, dtype_name)
    laid_out = [shape[axis] for axis in order]
    flat = torch.frombuffer(buffers[index], dtype=dtype) if buffers[index].nbytes else torch.empty(0, dtype=dtype)
    tensor = flat.reshape(laid_out).permute(_inverse(order))
    if kind == "parameter":
        return torch.nn.Parameter(tensor, requires_grad=requires_grad)
    return tensor.requires_grad_(requires_grad)


def _read_pickle(node: Node, buffers: list[memoryview]) -> Any:
    return pickle.loads(buffers[node[1]], buffers=[buffers[index] for index in node[2]])  # noqa: S301 (verified: our own)


def _inverse(order: list[int]) -> list[int]:
    return sorted(range(len(order)), key=order.__getitem__)


_READ: dict[str, Callable[[Node, list[memoryview]], Any]] = {
    "l": lambda node, buffers: [_value(part, buffers) for part in node[1:]],
    "t": lambda node, buffers: tuple(_value(part, buffers) for part in node[1:]),
    "d": lambda node, buffers: dict(_read_pairs(node[1:], buffers)),
    "o": _read_ordered,
    "i": lambda node, _: int(node[1]),
    "s": lambda node, _: node[1].decode("utf-8", "surrogatepass"),
    "n": _read_scalar,
    "a": _read_array,
    "T": _read_tensor,
    "p": _read_pickle,
}
