"""Objects that have hyperparameters, found in whatever is kept: how each is read, and how one is set (`train.hyperparameters`)."""

import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from daybreak.train.states import ByPickle

DEEPEST = 8  # levels of containers and attributes that are looked through

Values = dict[str, Any]  # name -> value
Seen = dict[int, Any]  # by id; the objects stay alive meanwhile, so that no id is given again


@dataclass(frozen=True)
class Holder:
    """One object with hyperparameters: how they are read, and how one is set.

    `rates`: names of learning rates (numbers, or lists of them), which a schedule may have changed since, each with the names of those
    that tell by what factor it changes: the first that is known. `constant`: take only what nothing has changed since it was built.
    `of`, `part`: the object, and which part of it, where one object has several; without it the holder is its own.
    """

    place: str
    read: Callable[[], Values]
    put: Callable[[str, Any], None]
    rates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constant: bool = False
    of: Any = None
    part: int = 0


def holders(thing: Any, place: str = "") -> Iterator[Holder]:
    """Every object in `thing` that has hyperparameters, once, at the first place it is found; `place` is empty for `thing` itself."""
    return _holders(thing, place, {}, 0)


def _holders(thing: Any, place: str, seen: Seen, depth: int) -> Iterator[Holder]:
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    if isinstance(thing, Holder):
        yield thing
    elif isinstance(thing, ByPickle):
        yield from _holders(thing.value, place, seen, depth)
    elif _is_optimizer(thing):
        for number in range(len(thing.param_groups)):
            yield _group(thing, number, place)
    elif _is_scheduler(thing):
        yield _schedule(thing, place)
        yield from _inside(getattr(thing, "_schedulers", ()), _at(place, "schedulers"), seen, depth)
    elif _is_estimator(thing):
        yield _estimator(thing, place)
    elif not hasattr(thing, "state_dict") and not inspect.isroutine(thing) and not inspect.isclass(thing):
        if (made := _made(thing, place)) is not None:
            yield made
        yield from _inside(thing, place, seen, depth)


def _inside(thing: Any, place: str, seen: Seen, depth: int) -> Iterator[Holder]:
    if depth >= DEEPEST or isinstance(thing, logging.Logger):
        return
    if isinstance(thing, dict):
        parts = list(thing.items())
    elif isinstance(thing, list | tuple):
        parts = list(enumerate(thing))
    else:
        parts = list(_attributes(thing).items())
    for name, part in parts:
        if not isinstance(part, bool | int | float | complex | str | bytes | type(None)):
            yield from _holders(part, _at(place, str(name)), seen, depth + 1)


def _is_optimizer(thing: Any) -> bool:
    groups = getattr(thing, "param_groups", None)
    return isinstance(groups, list) and bool(groups) and all(isinstance(group, dict) for group in groups)


def _is_scheduler(thing: Any) -> bool:
    schedulers = sys.modules.get("torch.optim.lr_scheduler")
    return schedulers is not None and isinstance(thing, schedulers.LRScheduler)


def _is_estimator(thing: Any) -> bool:
    return not isinstance(thing, type) and callable(getattr(thing, "get_params", None)) and hasattr(thing, "set_params")


def _group(optimizer: Any, number: int, place: str) -> Holder:
    """One group of parameters of an optimizer. A group that a scheduler was made for has its first rate as `initial_lr`."""
    alone = len(optimizer.param_groups) == 1

    def read() -> Values:
        return {name: value for name, value in optimizer.param_groups[number].items() if name != "params"}

    def put(name: str, value: Any) -> None:
        group = optimizer.param_groups[number]
        if hasattr(group.get(name), "fill_"):
            group[name].fill_(value)
        else:
            group[name] = value

    bases = ("initial_lr", "lr")
    place = place if alone else _at(place, f"group {number}")
    return Holder(place, read, put, dict.fromkeys(bases, bases), of=optimizer, part=number)


def _schedule(scheduler: Any, place: str) -> Holder:
    def read() -> Values:
        return {name: value for name, value in vars(scheduler).items() if name != "_schedulers"}

    rates = {"_last_lr": ("base_lrs", "_last_lr")}
    return Holder(place, read, lambda name, value: setattr(scheduler, name, value), rates, constant=True, of=scheduler)


def _estimator(estimator: Any, place: str) -> Holder:
    def put(name: str, value: Any) -> None:
        known = estimator.get_params()
        estimator.set_params(**{name: value})
        path, _, own = name.rpartition("__")
        _into_solver(known[path] if path else estimator, own, known[name], value)

    return Holder(place, estimator.get_params, put, of=estimator)


def _into_solver(estimator: Any, name: str, before: Any, value: Any) -> None:
    """scikit-learn's perceptrons have an optimizer inside, made by the first fit, with values of its own."""
    solver = getattr(estimator, "_optimizer", None)
    if solver is not None and name in vars(solver):
        setattr(solver, name, value)
        if name == "learning_rate_init":
            solver.learning_rate = moved(solver.learning_rate, before, value, before, value)


def _made(thing: Any, place: str) -> Holder | None:
    """What an object of the user's own was given, where it keeps it under the same name."""
    if type(thing).__init__ is object.__init__ or not _attributes(thing) or isinstance(thing, logging.Logger):
        return None
    try:
        names = [name for name in inspect.signature(type(thing).__init__).parameters if name in _attributes(thing)]
    except (TypeError, ValueError):  # compiled
        return None

    def read() -> Values:
        known = _attributes(thing)
        return {name: known[name] for name in names if name in known}

    if not names:
        return None
    return Holder(place, read, lambda name, value: setattr(thing, name, value), constant=True, of=thing)


def _attributes(thing: Any) -> Values:
    known = getattr(thing, "__dict__", None)
    return known if isinstance(known, dict) and not inspect.ismodule(thing) else {}


def moved(now: float, then: float, built: float, base_then: float, base: float) -> float:
    """A learning rate as it was built here, where nothing has changed it since; else as far along its schedule as it was."""
    if now == then:
        return built
    return now if base_then == base or not base_then else now * (base / base_then)


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
