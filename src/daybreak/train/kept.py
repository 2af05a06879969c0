"""What a trial keeps over a freeze: objects whose state can be taken out and put back in place."""

import inspect
import random
import sys
from collections.abc import Callable
from typing import Any, Protocol

from daybreak.base.errors import UsageError

Save = Callable[[], Any]
Load = Callable[[Any], object]


class Keeper(Protocol):
    """One way to save and restore a kind of object."""

    def __call__(self, value: Any) -> tuple[Save, Load] | None:
        """The pair for `value`, or None when it is of another kind."""


def holder(name: str, value: Any) -> tuple[Save, Load]:
    """How to save `value` and restore it in place. Raises `UsageError` for what has no state to put back."""
    for keeper in _KEEPERS:
        pair = keeper(value)
        if pair is not None:
            return pair
    raise UsageError(
        f"run.keep({name}=...) takes something whose state can be put back in place, got {type(value).__name__}: give an object with "
        "state_dict and load_state_dict, a scikit-learn estimator, a dict, list, array or random generator, or a pair of functions "
        "(save, load)"
    )


def _callables(value: Any) -> tuple[Save, Load] | None:
    pair = 2
    if isinstance(value, tuple) and len(value) == pair and all(map(callable, value)):
        return value
    return None


def _state_dict(value: Any) -> tuple[Save, Load] | None:
    if hasattr(value, "state_dict") and hasattr(value, "load_state_dict"):
        return value.state_dict, value.load_state_dict
    return None


def _generator(value: Any) -> tuple[Save, Load] | None:
    if isinstance(value, random.Random):
        return value.getstate, value.setstate
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and isinstance(value, numpy.random.RandomState):
        return lambda: value.get_state(legacy=False), value.set_state
    if numpy is not None and isinstance(value, numpy.random.Generator):
        return lambda: value.bit_generator.state, lambda state: setattr(value.bit_generator, "state", state)
    if torch is not None and isinstance(value, torch.Generator):
        return value.get_state, value.set_state
    return None


def _container(value: Any) -> tuple[Save, Load] | None:
    if isinstance(value, dict):
        return lambda: value, lambda state: _refill(value, state)
    if isinstance(value, list):
        return lambda: value, lambda state: _refill(value, state)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and isinstance(value, numpy.ndarray) and value.ndim:
        return lambda: value, lambda state: numpy.copyto(value, state)
    if torch is not None and isinstance(value, torch.Tensor):
        return value.detach, value.detach().copy_
    return None


def _refill(value: Any, state: Any) -> None:
    value.clear()
    (value.update if isinstance(value, dict) else value.extend)(state)


def _object(value: Any) -> tuple[Save, Load] | None:
    """A whole object by pickle: scikit-learn estimators, and whatever keeps its state in its `__dict__`."""
    if not hasattr(value, "__dict__") or inspect.isroutine(value) or inspect.isclass(value):
        return None

    def load(state: Any) -> None:
        if type(state) is not type(value):
            raise UsageError(f"the checkpoint must hold a {type(value).__name__}, it holds a {type(state).__name__}")
        value.__dict__.clear()
        value.__dict__.update(state.__dict__)

    return lambda: value, load


_KEEPERS: tuple[Keeper, ...] = (_callables, _state_dict, _generator, _container, _object)
