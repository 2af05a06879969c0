"""Checkpoints as safetensors files: tensors and arrays by name, and the tree that they hang in as JSON text in the metadata.

Any safetensors reader finds the tensors: the weight that `run.keep(model=model)` holds under `0.weight` is `model.0.weight`. The metadata
has `daybreak`, the version of this encoding, and `tree`: a node is null, a bool, an integer, a finite float or text itself, or a list:

    l items...       list             t items...  tuple       i "123..."   integer beyond 64 bits
    d k v k v...     dict, in order                           o [k, v...] metadata   OrderedDict and its `_metadata`
    C k v k v...     Counter          q maxlen items...       deque         S items...  set      F items...  frozenset
    f hex            NaN, infinity    c hex       complex     s base64      text that is not valid Unicode
    b base64         bytes, B name    long ones               m base64      bytearray            g start stop step  range
    n dtype base64   NumPy scalar     e dtype     NumPy dtype
    z items...       torch.Size       y name      torch.dtype v name        torch.device
    a name dtype order                           NumPy array        order: axes by falling stride, null for C order
    T name dtype strides requires_grad kind      torch tensor       strides: null for C order; the layout is part of "the same bits"
    x class own state   r number                 object (train.states), something inside it that is shared
    G kind state        j class arguments state  u class state      random generator, compiled object, nested state_dict
    k class name        p class name [names]     by skops, by pickle (protocol 5) with its arrays out of band

What safetensors has no type for (complex, text, structures, other byte orders) is stored as bytes (U8, one more axis); the node says what
they are. Equal trees give equal bytes: gaps between the fields of structures are zeros. Nothing is copied on the way out unless it lives on
an accelerator, is not in C order, or has such gaps.
"""

import base64
import importlib.util
import os
import pickle
import struct
import sys
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import UsageError
from daybreak.train import states
from daybreak.train.reading import decode
from daybreak.train.tensorfile import Buffer, Part, header, in_order
from daybreak.train.tensortypes import NUMPY_TYPES, TORCH_TYPES

VERSION = "2"
LARGEST_INT = 2**63
LONG_BYTES = 256  # bytes objects from here on are tensors
KEPT = "kept."  # names of what the user keeps stand without it
REFERABLE = frozenset("ldoCqSmaTxGju")  # nodes that may be shared inside an object

Node = Any


@dataclass(slots=True)
class Encoded:
    """A checkpoint ready to be written; holds views of the caller's memory until then."""

    header: bytes
    parts: list[Part]
    pickled: list[str]  # names of classes that were pickled

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self.header) + sum(part.data.nbytes for part in self.parts)

    def chunks(self) -> Iterator[Buffer]:
        """The bytes in order."""
        yield self.header
        yield from (part.data for part in self.parts)


def encode(tree: object) -> Encoded:
    """Lay a tree out. Raises `UsageError` for what is no plain data, array, tensor, estimator or object made of these."""
    writer = _Writer()
    try:
        root = writer.node(tree)
    except RecursionError as error:
        raise UsageError("what is kept must be a tree, it is nested too deeply or refers to itself") from error
    parts = in_order(writer.parts)
    text = msgspec.json.encode(root).decode()
    return Encoded(header(parts, {"daybreak": VERSION, "tree": text}), parts, sorted(set(writer.pickled)))


def load_checkpoint(file: str | os.PathLike[str], pickle: Collection[str] = ()) -> dict[str, Any]:
    """What a checkpoint file keeps: the names given to `run.keep`, each with its state (of a model: its state_dict).

    Parts that were kept by pickle stay closed, since a pickle may run any code: `pickle` names those to open. Objects of the user's
    own classes come as records with the same attributes. Raises `OSError`, `DamagedFile`, `UsageError`.
    """
    kept: dict[str, Any] = decode(bytearray(Path(file).read_bytes()))["kept"]
    unknown = [name for name in pickle if name not in kept]
    if unknown:
        raise UsageError(
            f"pickle= names parts of the checkpoint, there is no {', '.join(unknown)}: it holds {', '.join(kept)}"
        )
    return {
        name: state.load()
        if name in pickle and isinstance(state, states.Pickled)
        else states.settle(state, strict=False)
        for name, state in kept.items()
    }


@dataclass(slots=True)
class _Writer:
    """Turns values into nodes and gathers their tensors."""

    parts: list[Part] = field(default_factory=list)
    pickled: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=lambda: {"__metadata__"})
    shared: dict[int, tuple[int, Any]] | None = None  # inside an object: what was met, with its number

    def node(self, value: Any) -> Node:
        if self.shared is None:
            return self.fresh(value)
        known = self.shared.get(id(value))
        if known is not None:
            return ["r", known[0]]
        node = self.fresh(value)
        if type(node) is list and node[0] in REFERABLE:
            self.shared[id(value)] = len(self.shared), value
        return node

    def fresh(self, value: Any) -> Node:  # noqa: PLR0911 (one for each family of types)
        make = _PLAIN.get(type(value))
        if make is not None:
            return make(self, value)
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if torch is not None:
            if type(value) in {torch.Tensor, torch.nn.Parameter} and _is_plain(torch, value):
                return self.tensor(torch, value)
            if type(value) in {torch.Size, torch.dtype, torch.device}:
                return _of_torch(torch, value)
        if numpy is not None:
            if type(value) is numpy.ndarray and _has_plain_type(value.dtype):
                return self.array(numpy, value)
            if isinstance(value, numpy.generic) and _has_plain_type(value.dtype) and value.dtype.names is None:
                return ["n", value.dtype.str, _base64(value.tobytes())]
            if isinstance(value, numpy.dtype) and _has_plain_type(value):
                return ["e", numpy.lib.format.dtype_to_descr(value)]
        return self.object(value)

    def at(self, name: object, value: Any) -> Node:
        """The node of something inside the present one."""
        self.path.append(str(name))
        node = self.node(value)
        self.path.pop()
        return node

    def pairs(self, value: Iterable[tuple[Any, Any]]) -> list[Node]:
        return [part for key, held in value for part in (self.node(key), self.at(key, held))]

    def items(self, value: Iterable[Any]) -> list[Node]:
        return [self.at(number, item) for number, item in enumerate(value)]

    def add(self, dtype: str, shape: list[int], data: memoryview, *, itemsize: int = 1, borrowed: bool = False) -> str:
        """A tensor of the file, named after the path; its name."""
        name = ".".join(self.path).removeprefix(KEPT).encode("utf-8", "replace").decode() or "value"
        unique, count = name, 1
        while unique in self.names:
            count += 1
            unique = f"{name}~{count}"
        self.names.add(unique)
        self.parts.append(Part(unique, dtype, shape, data, borrowed, itemsize))
        return unique

    def add_bytes(self, data: memoryview | bytes) -> str:
        return self.add("U8", [len(data)], memoryview(data))

    def array(self, numpy: Any, array: Any) -> Node:
        dense = numpy.ascontiguousarray(_without_gaps(numpy, array))
        raw = memoryview(dense.reshape(-1).view("u1")) if dense.nbytes else memoryview(b"")
        dtype, shape, size = NUMPY_TYPES.get(array.dtype.str), list(array.shape), array.dtype.itemsize
        shape = shape if dtype else [*shape, size]
        borrowed = bool(dense.nbytes) and numpy.may_share_memory(dense, array)
        name = self.add(dtype or "U8", shape, raw, itemsize=size, borrowed=borrowed)
        order = None if array.flags.c_contiguous else sorted(range(array.ndim), key=lambda a: -array.strides[a])
        return ["a", name, numpy.lib.format.dtype_to_descr(array.dtype), order]

    def tensor(self, torch: Any, tensor: Any) -> Node:
        kind = "parameter" if isinstance(tensor, torch.nn.Parameter) else "tensor"
        plain = tensor.detach().resolve_conj().resolve_neg().cpu()
        dense = plain.contiguous()
        raw = memoryview(dense.reshape(-1).view(torch.uint8).numpy()) if dense.numel() else memoryview(b"")
        true, shape, size = str(tensor.dtype).removeprefix("torch."), list(tensor.shape), tensor.element_size()
        dtype = TORCH_TYPES.get(true)
        borrowed = bool(dense.numel()) and dense.data_ptr() == tensor.data_ptr()
        name = self.add(dtype or "U8", shape if dtype else [*shape, size], raw, itemsize=size, borrowed=borrowed)
        return ["T", name, true, _strides(plain), tensor.requires_grad, kind]

    def object(self, value: Any) -> Node:
        if isinstance(value, states.ByPickle):
            return self.pickle(value.value)
        kind, name = states.generator_kind(value), states.class_name(type(value))
        if kind:
            return ["G", kind, self.at("state", states.generator_state(value))]
        if self.shared is not None and hasattr(value, "state_dict") and hasattr(value, "load_state_dict"):
            return ["u", name, self.node(value.state_dict())]
        outermost, before = self.shared is None, (len(self.parts), set(self.names), list(self.path))
        self.shared = {} if self.shared is None else self.shared
        try:
            return self.state(name, value)
        except UsageError:
            if not outermost or not _is_estimator(value):
                raise
            self.parts[before[0] :], self.names, self.path = [], before[1], before[2]
            return self.skops(name, value)
        finally:
            self.shared = None if outermost else self.shared

    def state(self, name: str, value: Any) -> Node:
        """An object by what it consists of."""
        kind: Any = type(value)
        if name.startswith("sklearn.") and not kind.__flags__ & states.HEAP_TYPE:
            made = value.__reduce__()
            if made[0] is kind and len(made) in {2, 3}:
                return ["j", name, self.node(tuple(made[1])), self.node(made[2] if made[2:] else None)]
        if (
            hasattr(value, "__dict__")
            and kind.__reduce_ex__ is object.__reduce_ex__
            and kind.__reduce__ is object.__reduce__
        ):
            own = kind.__getstate__ is not object.__getstate__ and not _is_estimator(value)
            if not own and not _has_slots(kind) and not callable(value):
                return ["x", name, False, ["d", *self.pairs(value.__dict__.items())]]
            if own and hasattr(value, "__setstate__"):
                return ["x", name, True, self.node(value.__getstate__())]
        raise UsageError(self.refusal(name))

    def refusal(self, name: str) -> str:
        place = ".".join(self.path).removeprefix(KEPT) or "it"
        return (
            f"what is kept must be plain data, arrays, tensors, or objects made of these, {place} is a {name}, which is not: keep a "
            "pair of functions (save, load), or ask for pickle by name: daybreak.by_pickle(value)"
        )

    def skops(self, name: str, value: Any) -> Node:
        if importlib.util.find_spec("skops") is None:
            raise UsageError(self.refusal(name) + "; skops (`pip install daybreak[sklearn]`) may be able to store it")
        import skops.io

        try:
            data = skops.io.dumps(value)
            unknown = skops.io.get_untrusted_types(data=data)
        except Exception as error:
            raise UsageError(f"{self.refusal(name)} ({error})") from error
        if unknown:
            raise UsageError(f"{self.refusal(name)} (skops does not trust {', '.join(unknown)})")
        return ["k", name, self.add_bytes(data)]

    def pickle(self, value: Any) -> Node:
        outside: list[pickle.PickleBuffer] = []
        name = states.class_name(type(value))
        try:
            body = pickle.dumps(value, protocol=5, buffer_callback=outside.append)
        except Exception as error:
            raise UsageError(
                f"what is kept by_pickle must be picklable, got a {name} that is not ({error}): keep a pair of functions (save, load)"
            ) from error
        self.pickled.append(name)
        buffers = [buffer.raw() for buffer in outside]
        first = self.add_bytes(body)
        return ["p", name, first, [self.add("U8", [b.nbytes], b, borrowed=True) for b in buffers]]


def _base64(data: bytes | bytearray) -> str:
    return base64.b64encode(data).decode()


def _strides(tensor: Any) -> list[int] | None:
    """Where it is not in C order: its strides if it is dense, else those of a dense tensor with the same order of axes."""
    if tensor.is_contiguous() and tensor.stride() == tensor.contiguous().new_empty(tensor.shape).stride():
        return None
    strides, dense, step = list(tensor.stride()), list(tensor.stride()), 1
    for axis in sorted(range(tensor.dim()), key=lambda axis: (strides[axis], -axis)):
        if tensor.shape[axis] != 1:
            dense[axis] = step
            step *= tensor.shape[axis]
    return dense


def _is_plain(torch: Any, tensor: Any) -> bool:
    return tensor.layout == torch.strided and not tensor.is_quantized and tensor.device.type != "meta"


def _has_plain_type(dtype: Any) -> bool:
    return not dtype.hasobject and dtype.itemsize > 0 and dtype.kind in "biufcmMSUV"


def _without_gaps(numpy: Any, array: Any) -> Any:
    """Between the fields of a structure stands whatever was in memory before (so in scikit-learn's trees): zeros instead."""
    if not _has_gaps(array.dtype):
        return array
    clean = numpy.zeros(array.shape, array.dtype)  # zeros_like would leave the gaps as they are
    _copy_fields(clean, array)
    return clean


def _copy_fields(to: Any, source: Any) -> None:
    if to.dtype.names is None:
        to[...] = source
        return
    for name in to.dtype.names:
        _copy_fields(to[name], source[name])


def _has_gaps(dtype: Any) -> bool:
    if dtype.subdtype is not None:
        return _has_gaps(dtype.subdtype[0])
    if dtype.names is None:
        return False
    fields = [dtype.fields[name][0] for name in dtype.names]
    return sum(field.itemsize for field in fields) != dtype.itemsize or any(map(_has_gaps, fields))


def _of_torch(torch: Any, value: Any) -> Node:
    if isinstance(value, torch.Size):
        return ["z", *value]
    return ["y" if isinstance(value, torch.dtype) else "v", str(value).removeprefix("torch.")]


def _is_estimator(value: Any) -> bool:
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(value, base.BaseEstimator)


def _has_slots(kind: type) -> bool:
    return any(
        name not in {"__dict__", "__weakref__"} for base in kind.__mro__ for name in base.__dict__.get("__slots__", ())
    )


def _integer(_: _Writer, value: int) -> Node:
    return value if -LARGEST_INT <= value < LARGEST_INT else ["i", str(value)]


def _float(_: _Writer, value: float) -> Node:
    return value if value - value == 0 else ["f", struct.pack(">d", value).hex()]


def _text(_: _Writer, value: str) -> Node:
    try:
        value.encode()
    except UnicodeEncodeError:
        return ["s", _base64(value.encode("utf-8", "surrogatepass"))]
    return value


def _bytes(writer: _Writer, value: bytes) -> Node:
    return ["b", _base64(value)] if len(value) < LONG_BYTES else ["B", writer.add_bytes(value)]


def _ordered(writer: _Writer, value: "OrderedDict[Any, Any]") -> Node:
    return ["o", writer.pairs(value.items()), writer.node(getattr(value, "_metadata", None))]


def _unordered(tag: str) -> Callable[[_Writer, Any], Node]:
    return lambda writer, value: [tag, *sorted(map(writer.node, value), key=msgspec.json.encode)]


_PLAIN: dict[type, Callable[[_Writer, Any], Node]] = {
    type(None): lambda _, value: value,
    bool: lambda _, value: value,
    float: _float,
    complex: lambda _, value: ["c", struct.pack(">2d", value.real, value.imag).hex()],
    bytes: _bytes,
    bytearray: lambda _, value: ["m", _base64(value)],
    int: _integer,
    str: _text,
    range: lambda _, value: ["g", value.start, value.stop, value.step],
    list: lambda writer, value: ["l", *writer.items(value)],
    tuple: lambda writer, value: ["t", *writer.items(value)],
    dict: lambda writer, value: ["d", *writer.pairs(value.items())],
    OrderedDict: _ordered,
    Counter: lambda writer, value: ["C", *writer.pairs(value.items())],
    deque: lambda writer, value: ["q", value.maxlen, *writer.items(value)],
    set: _unordered("S"),
    frozenset: _unordered("F"),
}
