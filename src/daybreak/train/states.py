"""States of objects, as a checkpoint holds them: plain data until somebody restores them into an object.

Reading a checkpoint makes no object of any class and calls nothing. It yields these records; `settle` then puts each into the object
that the user holds at the same place (`in place`), or makes a new one where its class is known to be safe: classes of scikit-learn
and random generators. Pickles stay bytes until they were asked for by name (`Pickled.load`).
"""

import contextlib
import importlib
import pickle
import random
import sys
from collections.abc import Callable
from typing import Any, cast

from daybreak.base.errors import DamagedFile, UsageError

NOTHING: Any = object()  # no object is there yet
HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: made by a class statement, not by compiled code
Memo = dict[int, Any]


def class_name(kind: type) -> str:
    """Its full name."""
    return f"{kind.__module__}.{kind.__qualname__}"


class State:
    """What a checkpoint holds of one object. `name`: its class."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def settle(self, existing: Any, settle: Callable[[Any, Any], Any]) -> Any:
        """The restored object: `existing` where it is of this class, else a new one. Raises `UsageError`."""
        raise NotImplementedError

    def refuse(self, existing: Any) -> UsageError:
        """There is nothing to restore it into."""
        here = "there is none here" if existing is NOTHING else f"there is a {class_name(type(existing))} here"
        return UsageError(
            f"the checkpoint must be restored into a {self.name}, {here}: build the same object before run.keep, or keep a pair of "
            "functions (save, load)"
        )


class ObjectState(State):
    """An object whose state is its `__dict__` (or what its own `__getstate__` gives, when `own`); attributes can be read from it."""

    __slots__ = ("own", "state")

    def __init__(self, name: str, state: Any, *, own: bool = False) -> None:
        super().__init__(name)
        self.state, self.own = state, own

    def __getattr__(self, name: str) -> Any:
        """An attribute as it was saved."""
        if not name.startswith("__") and isinstance(self.state, dict) and name in self.state:
            return self.state[name]
        raise AttributeError(f"the checkpoint holds no attribute {name!r} of this {self.name}")

    def settle(self, existing: Any, settle: Callable[[Any, Any], Any]) -> Any:
        """Its attributes become those of the target, no others."""
        target = existing if class_name(type(existing)) == self.name else NOTHING
        if target is NOTHING:
            if existing is not NOTHING and not self.name.startswith("sklearn."):
                raise self.refuse(existing)
            kind = _safe_class(self.name)
            if kind is None:
                raise self.refuse(existing)
            target = cast("Any", kind).__new__(kind)
        if self.own:
            target.__setstate__(settle(self.state, NOTHING))
            return target
        before = dict(target.__dict__)
        after = {name: settle(value, before.get(name, NOTHING)) for name, value in self.state.items()}
        target.__dict__.clear()
        target.__dict__.update(after)
        return target


class CompiledState(State):
    """An object of a class that scikit-learn wrote in Cython: arguments of its constructor, and what `__setstate__` takes."""

    __slots__ = ("arguments", "state")

    def __init__(self, name: str, arguments: tuple[Any, ...], state: Any) -> None:
        super().__init__(name)
        self.arguments, self.state = arguments, state

    def settle(self, existing: Any, settle: Callable[[Any, Any], Any]) -> Any:
        """A new one: its class says how it is made."""
        kind = _safe_class(self.name)
        if kind is None or kind.__flags__ & HEAP_TYPE:
            raise self.refuse(existing)
        made = kind(*settle(self.arguments, NOTHING))
        if self.state is not None:
            made.__setstate__(settle(self.state, NOTHING))
        return made


class GeneratorState(State):
    """A random generator; `name` is its kind."""

    __slots__ = ("state",)

    def __init__(self, name: str, state: Any) -> None:
        super().__init__(name)
        self.state = state

    def settle(self, existing: Any, settle: Callable[[Any, Any], Any]) -> Any:
        """The one that is there goes on from the state, or a new one."""
        del settle
        target = existing if generator_kind(existing) == self.name else GENERATORS[self.name][0](self.state)
        GENERATORS[self.name][2](target, self.state)
        return target


class StateDictState(State):
    """An object inside another, with state_dict and load_state_dict."""

    __slots__ = ("state",)

    def __init__(self, name: str, state: Any) -> None:
        super().__init__(name)
        self.state = state

    def settle(self, existing: Any, settle: Callable[[Any, Any], Any]) -> Any:
        """Into the one that is there."""
        if class_name(type(existing)) != self.name:
            raise self.refuse(existing)
        existing.load_state_dict(settle(self.state, NOTHING))
        return existing


class SkopsState(State):
    """A scikit-learn estimator by skops, which refuses types that it does not trust."""

    __slots__ = ("data",)

    def __init__(self, name: str, data: bytes) -> None:
        super().__init__(name)
        self.data = data

    def settle(self, existing: Any, settle: Callable[[Any, Any], Any]) -> Any:
        """Its attributes become those of the one that is there."""
        del settle
        import skops.io

        loaded = skops.io.loads(self.data, trusted=[])
        if class_name(type(loaded)) != self.name or (existing is not NOTHING and type(existing) is not type(loaded)):
            raise self.refuse(existing)
        if existing is NOTHING:
            return loaded
        existing.__dict__.clear()
        existing.__dict__.update(loaded.__dict__)
        return existing


class Pickled(State):
    """Bytes of a pickle. Nothing is unpickled before `load` is called, which runs whatever code the pickle names."""

    __slots__ = ("body", "buffers")

    def __init__(self, name: str, body: bytes | memoryview, buffers: list[Any]) -> None:
        super().__init__(name)
        self.body, self.buffers = body, buffers

    def load(self) -> Any:
        """Unpickle it. Raises `DamagedFile` when that fails."""
        try:
            return pickle.loads(self.body, buffers=self.buffers)  # noqa: S301 (asked for by name)
        except Exception as error:
            raise DamagedFile(f"a pickled {self.name} in the checkpoint cannot be read ({error})") from error

    def settle(self, existing: Any, settle: Callable[[Any, Any], Any]) -> Any:
        """Only into what the user marked as pickled."""
        del settle
        if not isinstance(existing, ByPickle):
            raise UsageError(
                f"this part of the checkpoint is a pickled {self.name}, and a pickle may run any code: when you trust its source, keep it "
                "as daybreak.by_pickle(value), or name it: load_checkpoint(file, pickle=(NAME,))"
            )
        existing.take(self.load())
        return existing

    def __getattr__(self, name: str) -> Any:
        """Nothing can be read of what was not unpickled."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise UsageError(
            f"this part is a pickled {self.name}, and a pickle may run any code: when you trust the file, load it with "
            "load_checkpoint(file, pickle=(NAME,))"
        )


class ByPickle:
    """A value that the user asks to keep by pickle. Loading one runs whatever code the pickle names."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def take(self, loaded: Any) -> None:
        """Restore in place: into the object where it has a `__dict__`, or is a dict or list; else `value` is a new one."""
        if type(loaded) is not type(self.value):
            raise UsageError(
                f"the checkpoint must hold a {class_name(type(self.value))}, it holds a {class_name(type(loaded))}: keep the same "
                "class, or start the trial afresh"
            )
        if isinstance(loaded, dict | list):
            self.value.clear()
            (self.value.update if isinstance(loaded, dict) else self.value.extend)(loaded)
        elif hasattr(loaded, "__dict__"):
            self.value.__dict__.clear()
            self.value.__dict__.update(loaded.__dict__)
        else:
            self.value = loaded


def by_pickle(value: Any) -> ByPickle:
    """Keep `value` by pickle: `run.keep(helper=daybreak.by_pickle(helper))`.

    For what is neither tensors, estimators nor plain data. It is restored in place when the trial goes on. A pickle runs code when it
    is read: whoever opens such a checkpoint elsewhere must name the part (`load_checkpoint(file, pickle=("helper",))`).
    """
    return ByPickle(value)


def settle(tree: Any, existing: Any = NOTHING, *, strict: bool = True) -> Any:
    """Turn the states in `tree` into objects, in place where `existing` has one at the same place. Raises `UsageError`.

    What was shared inside the tree stays shared. With `strict` off, states that nothing can be made of stay as they are.
    """
    memo: dict[int, tuple[Any, Any]] = {}

    def visit(node: Any, there: Any) -> Any:
        if id(node) in memo:
            return memo[id(node)][1]
        made = _settled(node, there, visit, strict=strict)
        memo[id(node)] = node, made  # the node is held, so that no other gets its id
        return made

    return visit(tree, existing)


def _settled(node: Any, there: Any, visit: Callable[[Any, Any], Any], *, strict: bool) -> Any:
    if isinstance(node, State):
        try:
            return node.settle(there, visit)
        except UsageError:
            if strict:
                raise
            return node
    if isinstance(node, dict):
        known: Any = there if isinstance(there, dict) else {}
        for key, value in node.items():
            node[key] = visit(value, known.get(key, NOTHING))
    elif type(node) in {list, tuple}:
        known = there if type(there) is type(node) and len(there) == len(node) else (NOTHING,) * len(node)
        made = [visit(value, old) for value, old in zip(node, cast("Any", known), strict=True)]
        if isinstance(node, tuple):
            return tuple(made)
        node[:] = made
    else:
        return _same_parameter(node, there)
    return node


def _same_parameter(node: Any, there: Any) -> Any:
    """An optimiser may hold the parameter that is there: it takes the values instead of making room."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(there, torch.Tensor) or not isinstance(node, torch.Tensor):
        return node
    if not there.requires_grad or not there.is_leaf or there.shape != node.shape or there.dtype != node.dtype:
        return node
    there.detach().copy_(node.detach())
    return there


def _safe_class(name: str) -> type | None:
    """A class of scikit-learn's own, imported; None for any other."""
    module, _, short = name.rpartition(".")
    if not name.startswith("sklearn.") or ".tests" in name:
        return None
    with contextlib.suppress(ImportError):
        found = getattr(importlib.import_module(module), short, None)
        if isinstance(found, type) and class_name(found) == name and "_testing" not in name:
            return found
    return None


def generator_kind(value: Any) -> str:
    """Which kind of random generator it is; empty for none."""
    if isinstance(value, random.Random):
        return "random.Random"
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and isinstance(value, numpy.random.RandomState):
        return "numpy.global" if value is numpy.random.mtrand._rand else "numpy.RandomState"  # noqa: SLF001
    if numpy is not None and isinstance(value, numpy.random.Generator):
        return "numpy.Generator"
    if torch is not None and isinstance(value, torch.Generator):
        return "torch.Generator"
    return ""


def generator_state(value: Any) -> Any:
    """The state of a random generator, as plain values and arrays."""
    return GENERATORS[generator_kind(value)][1](value)


def restore_generator(value: Any, state: Any) -> None:
    """It goes on where `state` was taken."""
    GENERATORS[generator_kind(value)][2](value, state)


def _numpy() -> Any:
    return importlib.import_module("numpy.random")


def _torch_generator(_: Any) -> Any:
    return importlib.import_module("torch").Generator()


def _numpy_generator(state: dict[str, Any]) -> Any:
    kind = state["bit_generator"]
    if kind not in {"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"}:
        raise DamagedFile(f"a NumPy generator must be one of NumPy's own kinds, the checkpoint names {kind!r:.40}")
    return _numpy().Generator(getattr(_numpy(), kind)())


def _set_bits(generator: Any, state: Any) -> None:
    generator.bit_generator.state = state


_Make = Callable[[Any], Any]
_Take = Callable[[Any], Any]
_Put = Callable[[Any, Any], object]
_legacy: tuple[_Take, _Put] = lambda value: value.get_state(legacy=False), lambda value, state: value.set_state(state)
# How to make one, take its state, put a state into it. scikit-learn's estimators without a seed share NumPy's global generator, whose
# own state goes into every checkpoint: theirs is only the mark that they share it.
GENERATORS: dict[str, tuple[_Make, _Take, _Put]] = {
    "random.Random": (lambda _: random.Random(), lambda value: value.getstate(), lambda v, state: v.setstate(state)),
    "numpy.RandomState": (lambda _: _numpy().RandomState(), *_legacy),
    "numpy.global": (lambda _: _numpy().mtrand._rand, lambda _: None, lambda *_: None),  # noqa: SLF001
    "numpy.Generator": (_numpy_generator, lambda value: value.bit_generator.state, _set_bits),
    "torch.Generator": (_torch_generator, lambda value: value.get_state(), lambda v, state: v.set_state(state)),
}
