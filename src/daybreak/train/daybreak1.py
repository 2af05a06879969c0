r"""Checkpoints of the first format, DAYBREAK1: read, not written any more (`train.codec` has the present one).

    offset 0   b"DAYBREAK1\n", padding to 16 bytes, header length (u64, little-endian)
    24         header, msgpack: {"tree": node, "sizes": [bytes of each buffer, ...]}
    aligned    the buffers in order, each at the next multiple of 64 bytes

Nodes are tagged as in `train.codec`, but `a dtype shape order buffer`, `T dtype shape order requires_grad kind buffer`, `n dtype bytes`,
`s bytes` and `p buffer [buffers...] type`, where `order` lists the axes of the stored bytes by falling stride.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec

from daybreak.train.states import Pickled

MAGIC = b"DAYBREAK1\n".ljust(16, b"\0")
ALIGN = 64

Node = Any


def is_one(data: bytearray) -> bool:
    """Whether the file is of this format."""
    return data[: len(MAGIC)] == MAGIC


def decode(data: bytearray) -> Any:
    """The tree that was encoded; arrays and tensors are views of `data`, pickles stay closed. A damaged file raises anything."""
    start = len(MAGIC) + 8
    end = start + int.from_bytes(data[len(MAGIC) : start], "little")
    whole = memoryview(data)
    header = msgspec.msgpack.decode(whole[start:end])
    buffers, position = [], _aligned(end)
    for size in header["sizes"]:
        buffers.append(whole[position : position + size])
        position = _aligned(position + size)
    return _value(header["tree"], buffers)


def _aligned(position: int) -> int:
    return -(-position // ALIGN) * ALIGN


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
    return Pickled(node[3], buffers[node[1]], [buffers[index] for index in node[2]])


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
