"""A checkpoint by SHA-256, leaf by leaf, whatever the encoding of its file: two checkpoints are the same bits when these are.

A leaf is an array, a tensor, or a plain value; a list of plain numbers is one leaf. Lists, tuples, dicts and objects are walked, objects by
what pickle would keep of them (`__reduce_ex__`), so that an estimator's arrays are compared one by one. Paths are sorted, so the order in
which a dict was filled does not count; nor does a tensor's layout in memory, only its values in C order.
"""

import hashlib
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from daybreak.wire.comparison import Difference
from daybreak.wire.segment import Fingerprint, Leaf

MODEL = "model"  # the name under which most training code keeps what it trains
DEEPEST = 200  # levels
_PLAIN = (type(None), bool, int, float, complex, str)

Value = tuple[Leaf, Any]  # with an array of it where it has one


def fingerprint(tree: Mapping[str, Any]) -> Fingerprint:
    """Of a decoded checkpoint: `{"units", "random", "last", "kept"}`, and `"hyperparameters"` where what is kept has any.

    `leaves` are of all of these; what objects were built with is in no digest of its own.
    """
    leaves = {path: leaf for path, (leaf, _) in walk(tree)}
    model = _below(leaves, f"kept.{MODEL}") or _below(leaves, "kept")
    return Fingerprint(
        model=combine({path: leaf for path, leaf in model.items() if leaf.tensor} or model),
        kept=combine(_below(leaves, "kept")),
        random=combine(_below(leaves, "random")),
        last=combine(_below(leaves, "last")),
        leaves=leaves,
    )


def combine(leaves: Mapping[str, Leaf]) -> str:
    """One SHA-256 over (path, kind, shape, SHA-256) of each, by path."""
    hasher = hashlib.sha256()
    for path in sorted(leaves):
        leaf = leaves[path]
        hasher.update(f"{path}\0{leaf.kind}\0{','.join(map(str, leaf.shape))}\0{leaf.sha256}\n".encode())
    return hasher.hexdigest()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Leaves that differ, in the order of `before`; of arrays also where and how much."""
    ours, theirs = dict(walk(before)), dict(walk(after))
    paths = [*ours, *(path for path in theirs if path not in ours)]
    return [
        _difference(path, ours.get(path), theirs.get(path))
        for path in paths
        if _leaf(ours.get(path)) != _leaf(theirs.get(path))
    ]


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Value]]:
    """Every leaf with its path, in the order of the tree."""
    yield from _walk(value, path, ())


def _walk(value: Any, path: str, above: tuple[int, ...]) -> Iterator[tuple[str, Value]]:
    if (array := _array(value)) is not None:
        yield path, (_of_array(array, value), array)
    elif isinstance(value, (*_PLAIN, bytes, bytearray)) or _is_flat(value):
        yield path, (Leaf(type(value).__name__, _sha(_text(value)), _length(value)), None)
    elif id(value) in above or len(above) > DEEPEST:
        yield path, (Leaf("again", _sha(type(value).__qualname__.encode())), None)
    else:
        yield path, (Leaf(_name(type(value)), ""), None)
        for name, part in _parts(value):
            yield from _walk(part, f"{path}.{name}" if path else name, (*above, id(value)))


def _array(value: Any) -> Any:
    """A NumPy array in C order with these values; None for what is no tensor, array or NumPy scalar of plain numbers."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.is_quantized or value.device.type == "meta":
            return None
        import numpy as np

        plain = value.detach().resolve_conj().resolve_neg().cpu().contiguous()
        raw = plain.reshape(-1).view(torch.uint8).numpy() if plain.numel() else np.zeros(0, np.uint8)
        try:
            return raw.view(str(plain.dtype).removeprefix("torch.")).reshape(tuple(plain.shape))
        except TypeError:  # bfloat16 and the like: NumPy has the bits alone
            return raw.reshape(*plain.shape, plain.element_size())
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic) and not value.dtype.hasobject:
        return numpy.ascontiguousarray(value).reshape(value.shape)
    return None


def _of_array(array: Any, value: Any) -> Leaf:
    kind = str(value.dtype).removeprefix("torch.")
    return Leaf(
        kind,
        hashlib.sha256(array.reshape(-1).view("u1") if array.size else b"").hexdigest(),  # no buffer has JAX's bfloat16
        tuple(value.shape),
        tensor=True,
    )


def _parts(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(key if isinstance(key, str) else repr(key), part) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [(str(place), part) for place, part in enumerate(value)]
    if isinstance(value, set | frozenset):
        return [(str(place), part) for place, part in enumerate(sorted(value, key=repr))]
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return [("named", f"{value.__module__}.{value.__qualname__}")]
    return _reduced(value)


def _reduced(value: Any) -> list[tuple[str, Any]]:
    """What pickle would keep of an object."""
    try:
        kept = value.__reduce_ex__(2)
    except Exception as error:  # noqa: BLE001 (an object may say anything)
        return [("unreadable", type(error).__name__)]
    if isinstance(kept, str):
        return [("named", kept)]
    _, arguments, *more = kept
    state, items, pairs = (*more, None, None, None)[:3]
    parts = [(f"({place})", part) for place, part in enumerate(arguments)]
    if isinstance(state, Mapping):
        parts += list(_parts(state))
    elif state is not None:
        parts.append(("state", state))
    parts += [(str(place), part) for place, part in enumerate(items or ())]
    return parts + [(repr(key), part) for key, part in pairs or ()]


def _is_flat(value: Any) -> bool:
    """A list or tuple of plain values only, such as the state of Python's generator."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(part, _PLAIN) for part in value)


def _text(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, float):
        return value.hex().encode()
    if isinstance(value, list | tuple):
        return b"\0".join(type(part).__name__.encode() + b" " + _text(part) for part in value)
    return str(value).encode("utf-8", "surrogatepass")


def _length(value: Any) -> tuple[int, ...]:
    return (len(value),) if isinstance(value, list | tuple | bytes | bytearray) else ()


def _below(leaves: Mapping[str, Leaf], path: str) -> dict[str, Leaf]:
    return {name: leaf for name, leaf in leaves.items() if name.startswith(f"{path}.") or name == path}


def _difference(path: str, before: Value | None, after: Value | None) -> Difference:
    told = Difference(path, _told(before), _told(after))
    if before is None or after is None or before[1] is None or after[1] is None or told.before != told.after:
        return told
    count = math.prod(before[0].shape)  # of a bfloat16 the array has two bytes each
    ours, theirs = (side.reshape(-1).view("u1").reshape(count, -1) for side in (before[1], after[1]))
    apart = (ours != theirs).any(axis=1)  # by bits: NaN is like itself, 0.0 is not like -0.0
    is_number = before[1].dtype.kind in "fiub" and before[1].shape == before[0].shape
    largest = _largest(before[1], after[1]) if is_number else None
    return msgspec.structs.replace(told, elements=int(apart.sum()), of=int(apart.size), largest=largest)


def _largest(ours: Any, theirs: Any) -> float | None:
    import numpy as np

    with np.errstate(all="ignore"):
        size = float(np.nanmax(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)), initial=0.0))
    return size if math.isfinite(size) else None


def _leaf(value: Value | None) -> Leaf | None:
    return value[0] if value else None


def _told(value: Value | None) -> str:
    if value is None:
        return ""
    leaf = value[0]
    return leaf.kind + (f"[{', '.join(map(str, leaf.shape))}]" if leaf.shape else "")


def _name(kind: Callable[..., Any]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
