"""What a trial keeps over a freeze: objects whose state can be taken out and put back in place."""

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from daybreak.base.errors import UsageError
from daybreak.train.states import ByPickle, generator_kind, generator_state, restore_generator, settle

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
        save, load = value
        return save, lambda state: load(settle(state))
    return None


def _state_dict(value: Any) -> tuple[Save, Load] | None:
    if not (hasattr(value, "state_dict") and hasattr(value, "load_state_dict")):
        return None

    def load(state: Any) -> None:
        state = settle(state)
        if misfit := first_misfit(value.state_dict(), state):
            raise UsageError(f"the checkpoint must fit the {type(value).__name__} it is loaded into: {misfit}")
        try:
            value.load_state_dict(state)
        except (RuntimeError, ValueError, KeyError) as error:  # torch names each key that is missing or too many
            raise UsageError(
                f"the checkpoint must fit the {type(value).__name__} it is loaded into: {error}; build the same model, or start afresh"
            ) from error

    return value.state_dict, load


def first_misfit(here: Any, there: Any, path: str = "") -> str:
    """The first tensor that has another shape in the checkpoint (`there`), with both shapes; empty where all that both have fit."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for name in (name for name in here if name in there):
            if misfit := first_misfit(here[name], there[name], f"{path}{name}."):
                return misfit
        return ""
    shapes = [tuple(side.shape) if hasattr(side, "shape") else None for side in (here, there)]
    if None not in shapes and shapes[0] != shapes[1]:
        name = path.removesuffix(".")
        return f"{name} has shape {shapes[0]} here and {shapes[1]} in the checkpoint; build the same model, or start afresh"
    return ""


def _generator(value: Any) -> tuple[Save, Load] | None:
    if not generator_kind(value):
        return None
    return lambda: generator_state(value), lambda state: restore_generator(value, settle(state))


def _container(value: Any) -> tuple[Save, Load] | None:
    if isinstance(value, dict | list):
        return lambda: value, lambda state: _refill(value, settle(state, value))
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and type(value) is numpy.ndarray and value.ndim:
        return lambda: value, lambda state: numpy.copyto(value, _fitting(value, state))
    if torch is not None and isinstance(value, torch.Tensor):
        return value.detach, lambda state: value.detach().copy_(_fitting(value, state))
    return None


def _fitting(here: Any, there: Any) -> Any:
    if misfit := first_misfit(here, there, "it."):
        raise UsageError(f"the checkpoint must fit what it is loaded into: {misfit}")
    return there


def _refill(value: Any, state: Any) -> None:
    value.clear()
    (value.update if isinstance(value, dict) else value.extend)(state)


def _object(value: Any) -> tuple[Save, Load] | None:
    """A whole object, restored into itself: estimators, whatever keeps its state in its `__dict__`, what is kept by pickle."""
    marked = isinstance(value, ByPickle)
    if not marked and (not hasattr(value, "__dict__") or inspect.isroutine(value) or inspect.isclass(value)):
        return None

    def load(state: Any) -> None:
        settle(state, value)

    return lambda: value, load


_KEEPERS: tuple[Keeper, ...] = (_callables, _state_dict, _generator, _container, _object)
