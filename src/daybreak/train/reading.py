"""Checkpoints read back: the nodes of `train.codec` as values. Nothing in a file is trusted, and nothing in it is executed.

Arrays and tensors are copied into memory of their own: they are aligned as any other, and none holds the whole file in memory.
Objects come as the states of `train.states`.
"""

import base64
import math
import re
import struct
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import msgspec

from daybreak.base.errors import DamagedFile, DaybreakError, UsageError
from daybreak.train import daybreak1, states, tensorfile
from daybreak.train.tensorfile import Tensor
from daybreak.train.tensortypes import NUMPY_TYPES, TORCH_TYPES

VERSION = "2"
REFERABLE = frozenset("ldoCqSmaTxGju")
PLAIN_TYPE = re.compile(r"[<>|=]?[biufcmMSUV]\d+(\[\d*\w+\])?")
TORCH_TYPE = re.compile(r"(u?int|float|bfloat|complex|bool)\w*")

Node = Any


def decode(data: bytearray) -> Any:
    """The tree that was encoded, with `states` for objects. Raises `DamagedFile`; `UsageError` where a framework is missing."""
    try:
        if daybreak1.is_one(data):
            return daybreak1.decode(data)
        metadata, tensors = tensorfile.parse(data)
        if metadata.get("daybreak") != VERSION:
            raise DamagedFile(  # noqa: TRY301 (told like any other damage)
                f"a checkpoint must be a safetensors file with `daybreak: {VERSION}` in its metadata, this one has "
                f"{metadata.get('daybreak', 'none')!r:.40}: it is no checkpoint, or of another version"
            )
        return _Reader(tensors).value(msgspec.json.decode(metadata["tree"]))
    except DaybreakError:
        raise
    except ImportError as error:
        raise UsageError(
            f"the checkpoint holds tensors of {error.name}, which is not installed here: install it, or read the file with safetensors"
        ) from error
    except Exception as error:
        raise DamagedFile(f"a checkpoint's tree must be as it was written, it is not ({error!r:.200})") from error


class _Reader:
    """Turns nodes into values."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors
        self.shared: list[Any] | None = None  # inside an object: what was met

    def value(self, node: Node) -> Any:
        if type(node) is not list:
            return node
        scope, tag = self.shared, node[0]
        made = _READ[tag](self, *node[1:])
        if scope is not None and tag in REFERABLE:
            scope.append(made)
        return made

    def values(self, nodes: Iterable[Node]) -> Iterator[Any]:
        return map(self.value, nodes)

    def pairs(self, nodes: Iterable[Node]) -> Iterator[tuple[Any, Any]]:
        values = self.values(nodes)
        return zip(values, values, strict=True)

    def reference(self, number: int) -> Any:
        if self.shared is None or not 0 <= number < len(self.shared):
            raise DamagedFile(f"a shared value is numbered {number}, there is no such one")
        return self.shared[number]

    def inside(self, make: Callable[[], Any]) -> Any:
        """Make something in which values may be shared."""
        outermost = self.shared is None
        self.shared = [] if self.shared is None else self.shared
        try:
            return make()
        finally:
            self.shared = None if outermost else self.shared

    def ordered(self, nodes: list[Node], metadata: Node) -> Any:
        value: OrderedDict[Any, Any] = OrderedDict(self.pairs(nodes))
        versions = self.value(metadata)
        if versions is not None:
            cast("Any", value)._metadata = versions  # noqa: SLF001 (torch's modules read their versions from there)
        return value

    def queue(self, most: int | None, *nodes: Node) -> "deque[Any]":
        return deque(self.values(nodes), most)

    def array(self, name: str, dtype: Node, order: list[int] | None) -> Any:
        import numpy as np

        tensor, true = self.tensors[name], _numpy_type(dtype)
        shape = _shape(tensor, true.itemsize, NUMPY_TYPES.get(true.str))
        flat = np.frombuffer(tensor.data, true) if math.prod(shape) else np.empty(0, true)
        array = flat.reshape(shape)
        if order is None:
            return array.copy()
        inverse = sorted(range(len(order)), key=order.__getitem__)
        return array.transpose(order).copy().transpose(inverse)

    def tensor(self, name: str, dtype: str, strides: list[int] | None, requires_grad: bool, kind: str) -> Any:
        import torch

        tensor, true = self.tensors[name], getattr(torch, dtype) if TORCH_TYPE.fullmatch(dtype) else None
        if not isinstance(true, torch.dtype):
            raise DamagedFile(f"{dtype!r:.40} is no type of torch's elements")
        shape = _shape(tensor, true.itemsize, TORCH_TYPES.get(dtype))
        if not math.prod(shape):
            made = torch.empty(shape, dtype=true)
        else:
            flat = torch.frombuffer(tensor.data, dtype=true).reshape(shape)
            made = (
                torch.empty_strided(shape, _checked(shape, strides), dtype=true).copy_(flat)
                if strides
                else flat.clone()
            )
        if kind == "parameter":
            return torch.nn.Parameter(made, requires_grad=requires_grad)
        return made.requires_grad_(requires_grad)

    def scalar(self, dtype: str, data: str) -> Any:
        import numpy as np

        return np.frombuffer(base64.b64decode(data), _numpy_type(dtype))[0]

    def generator(self, kind: str, state: Node) -> Any:
        if kind not in states.GENERATORS:
            raise DamagedFile(f"there is no random generator of the kind {kind!r:.40}")
        return states.GeneratorState(kind, self.value(state))

    def object(self, name: str, own: bool, state: Node) -> Any:
        return self.inside(lambda: states.ObjectState(name, self.value(state), own=own))

    def compiled(self, name: str, arguments: Node, state: Node) -> Any:
        return self.inside(lambda: states.CompiledState(name, self.value(arguments), self.value(state)))

    def skops(self, name: str, part: str) -> Any:
        return states.SkopsState(name, bytes(self.tensors[part].data))

    def pickle(self, name: str, body: str, buffers: list[str]) -> Any:
        return states.Pickled(name, self.tensors[body].data, [bytearray(self.tensors[b].data) for b in buffers])


def _shape(tensor: Tensor, itemsize: int, native: str | None) -> tuple[int, ...]:
    """Of what is stored as what it is (`native`: its type in safetensors), or as bytes with one more axis."""
    if native is not None:
        if tensor.dtype != native:
            raise DamagedFile(f"items of type {native} cannot be stored as {tensor.dtype}")
        return tensor.shape
    if tensor.dtype != "U8" or tensor.shape[-1:] != (itemsize,):
        raise DamagedFile(f"items of {itemsize} bytes cannot be stored as {tensor.dtype} of shape {tensor.shape}")
    return tensor.shape[:-1]


def _numpy_type(described: Node) -> Any:
    import numpy as np

    def plain(node: Node) -> Any:
        """As `numpy.lib.format` wants it, from JSON: fields are tuples."""
        if isinstance(node, str):
            if not PLAIN_TYPE.fullmatch(node):
                raise DamagedFile(f"{node!r:.40} is no plain type of NumPy's elements")
            return node
        return [
            (tuple(name) if isinstance(name, list) else name, plain(dtype), *map(tuple, shape))
            for name, dtype, *shape in node
        ]

    return np.lib.format.descr_to_dtype(plain(described))


def _checked(shape: tuple[int, ...], strides: list[int]) -> list[int]:
    """Strides that reach every item of `shape` once and nothing else."""
    step = 1
    for axis in sorted(range(len(shape)), key=lambda axis: (strides[axis], -axis)):
        if shape[axis] != 1:
            if strides[axis] != step:
                raise DamagedFile(f"strides {strides} do not lay out a dense tensor of shape {list(shape)}")
            step *= shape[axis]
    if len(strides) != len(shape) or not all(0 <= stride < 2**62 for stride in strides):
        raise DamagedFile(f"strides {strides} do not fit the shape {list(shape)}")
    return strides


def _complex(hexadecimal: str) -> complex:
    return complex(*struct.unpack(">2d", bytes.fromhex(hexadecimal)))


def _of_torch(kind: str) -> Callable[..., Any]:
    def make(_: _Reader, *parts: Any) -> Any:
        import torch

        if kind == "Size":
            return torch.Size(parts)
        if kind == "device":
            return torch.device(parts[0])
        dtype = getattr(torch, parts[0]) if TORCH_TYPE.fullmatch(parts[0]) else None
        if not isinstance(dtype, torch.dtype):
            raise DamagedFile(f"{parts[0]!r:.40} is no type of torch's elements")
        return dtype

    return make


_READ: dict[str, Callable[..., Any]] = {
    "l": lambda reader, *nodes: list(reader.values(nodes)),
    "t": lambda reader, *nodes: tuple(reader.values(nodes)),
    "d": lambda reader, *nodes: dict(reader.pairs(nodes)),
    "o": _Reader.ordered,
    "C": lambda reader, *nodes: Counter(dict(reader.pairs(nodes))),
    "q": _Reader.queue,
    "S": lambda reader, *nodes: set(reader.values(nodes)),
    "F": lambda reader, *nodes: frozenset(reader.values(nodes)),
    "i": lambda _, text: int(text),
    "f": lambda _, text: struct.unpack(">d", bytes.fromhex(text))[0],
    "c": lambda _, text: _complex(text),
    "s": lambda _, text: base64.b64decode(text).decode("utf-8", "surrogatepass"),
    "b": lambda _, text: base64.b64decode(text),
    "B": lambda reader, name: bytes(reader.tensors[name].data),
    "m": lambda _, text: bytearray(base64.b64decode(text)),
    "g": lambda _, *bounds: range(*bounds),
    "n": _Reader.scalar,
    "e": lambda _, described: _numpy_type(described),
    "z": _of_torch("Size"),
    "y": _of_torch("dtype"),
    "v": _of_torch("device"),
    "a": _Reader.array,
    "T": _Reader.tensor,
    "x": _Reader.object,
    "r": _Reader.reference,
    "G": _Reader.generator,
    "j": _Reader.compiled,
    "u": lambda reader, name, state: states.StateDictState(name, reader.value(state)),
    "k": _Reader.skops,
    "p": _Reader.pickle,
}
