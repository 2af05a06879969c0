"""Hyperparameters inside what is kept: those that another point gives must not be undone by an older point's checkpoint.

A checkpoint brings back whole objects: an optimizer with its learning rate, an estimator with what its constructor was given. A clone of a
population and a fork have another point than the trial that wrote the checkpoint, and their code built these objects from it. So a
checkpoint remembers beside each state what the object was built with, and the point. Where it is restored under another point, whatever
was built with another value is set again to what it was built with here; under the same point nothing is ever touched.

Understood are optimizers and learning rate schedulers of torch (and whatever has `param_groups`), estimators with get_params and
set_params, and attributes of one's own objects that are named as arguments of their constructor; also inside dicts, lists and attributes.
A learning rate that a schedule has changed since is scaled by new / old, so that the schedule stays where it is.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from daybreak.train.states import ByPickle

MISSING: Any = object()
DEEPEST = 8  # levels of containers and attributes that are looked through
MOST_TOLD = 12

Values = dict[str, Any]  # name -> value
Places = dict[str, Values]  # of one thing that is kept: where in it -> values


@dataclass(frozen=True)
class Holder:
    """One object with hyperparameters: how they are read, and how one is set.

    `rates`: names of learning rates (numbers, or lists of them), which a schedule may have changed since, each with the names of those
    that tell by what factor it changes: the first that is known. `constant`: take only what nothing has changed since it was built.
    """

    place: str
    read: Callable[[], Values]
    put: Callable[[str, Any], None]
    rates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constant: bool = False


class Hyperparameters:
    """What the objects of one attempt were built with, and those of the checkpoint that it goes on from. `point`: the trial's own."""

    def __init__(self, point: Mapping[str, Any], say: Callable[[str], None]) -> None:
        self._point = {name: point[name] for name in sorted(point)}
        self._say = say
        self._fresh: dict[str, Places] = {}  # name of what is kept -> what it was built with
        self._built: dict[str, Places] = {}  # the same, as plain values
        self._then: dict[str, Places] = {}
        self._same_point = True

    def load(self, stored: Mapping[str, Any] | None) -> None:
        """What a checkpoint remembers; None where it is of an older version."""
        self._then = dict(stored["built"]) if stored else {}
        self._same_point = not stored or _same(stored["point"], self._point)

    def state(self) -> dict[str, Any] | None:
        """What a checkpoint is to remember; None where nothing that is kept has hyperparameters."""
        return {"point": self._point, "built": self._built} if self._built else None

    def note(self, name: str, thing: Any) -> None:
        """`thing` was built, and is not restored yet. Of several times the first counts."""
        if name in self._built:
            return
        fresh = {holder.place: holder.read() for holder in holders(thing)}
        built = {place: found for place, values in fresh.items() if (found := _plain_ones(values))}
        if built:
            self._fresh[name], self._built[name] = fresh, built

    def bring(self, name: str, thing: Any) -> None:
        """`thing` was restored: set what this trial's point gives otherwise, and tell of it in one line."""
        found = list(holders(thing))
        then, built, told = self._then.pop(name, {}) if found else {}, self._built.get(name, {}), []
        for holder in found:
            known = then.get(holder.place, {}), built.get(holder.place, {})
            for key, value in _changes(holder, *known).items():
                path = ".".join(filter(None, (name, holder.place, key)))
                if self._same_point:
                    told.append(f"{path}={_short(known[1].get(key))}")
                    continue
                told.append(f"{path} {_short(holder.read().get(key))} -> {_short(value)}")
                holder.put(key, value if key in holder.rates else self._fresh[name][holder.place][key])
        if told:
            self._tell(told)

    def _tell(self, told: list[str]) -> None:
        more = f" and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
        line = ", ".join(told[:MOST_TOLD]) + more
        if self._same_point:
            self._say(
                f"the code builds with {line}, otherwise than when the checkpoint was written at the same point: what the checkpoint holds "
                "goes on; to change it, set it after run.keep"
            )
        else:
            self._say(f"hyperparameters of this trial's point in place of the checkpoint's: {line}")


def holders(thing: Any, place: str = "", above: tuple[int, ...] = ()) -> Iterator[Holder]:
    """Every object in `thing` that has hyperparameters; `place` is empty for `thing` itself."""
    if isinstance(thing, Holder):
        yield thing
    elif isinstance(thing, ByPickle):
        yield from holders(thing.value, place, above)
    elif _is_optimizer(thing):
        for number in range(len(thing.param_groups)):
            yield _group(thing, number, place)
    elif _is_scheduler(thing):
        yield _schedule(thing, place)
        yield from _inside(getattr(thing, "_schedulers", ()), _at(place, "schedulers"), above)
    elif _is_estimator(thing):
        yield _estimator(thing, place)
    elif not hasattr(thing, "state_dict") and not inspect.isroutine(thing) and not inspect.isclass(thing):
        if (made := _made(thing, place)) is not None:
            yield made
        yield from _inside(thing, place, above)


def _inside(thing: Any, place: str, above: tuple[int, ...]) -> Iterator[Holder]:
    if id(thing) in above or len(above) >= DEEPEST:
        return
    if isinstance(thing, dict):
        parts = list(thing.items())
    elif isinstance(thing, list | tuple):
        parts = list(enumerate(thing))
    else:
        parts = list(_attributes(thing).items())
    for name, part in parts:
        if not isinstance(part, bool | int | float | complex | str | bytes | type(None)):
            yield from holders(part, _at(place, str(name)), (*above, id(thing)))


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
    return Holder(place if alone else _at(place, f"group {number}"), read, put, dict.fromkeys(bases, bases))


def _schedule(scheduler: Any, place: str) -> Holder:
    def read() -> Values:
        return {name: value for name, value in vars(scheduler).items() if name != "_schedulers"}

    rates = {"_last_lr": ("base_lrs", "_last_lr")}
    return Holder(place, read, lambda name, value: setattr(scheduler, name, value), rates, constant=True)


def _estimator(estimator: Any, place: str) -> Holder:
    def put(name: str, value: Any) -> None:
        known = estimator.get_params()
        estimator.set_params(**{name: value})
        path, _, own = name.rpartition("__")
        _into_solver(known[path] if path else estimator, own, known[name], value)

    return Holder(place, estimator.get_params, put)


def _into_solver(estimator: Any, name: str, before: Any, value: Any) -> None:
    """scikit-learn's perceptrons have an optimizer inside, made by the first fit, with values of its own."""
    solver = getattr(estimator, "_optimizer", None)
    if solver is not None and name in vars(solver):
        setattr(solver, name, value)
        if name == "learning_rate_init":
            solver.learning_rate = _rate(solver.learning_rate, before, value, before, value)


def _made(thing: Any, place: str) -> Holder | None:
    """What an object of the user's own was given, where it keeps it under the same name."""
    if type(thing).__init__ is object.__init__ or not _attributes(thing):
        return None
    try:
        names = [name for name in inspect.signature(type(thing).__init__).parameters if name in _attributes(thing)]
    except (TypeError, ValueError):  # compiled
        return None

    def read() -> Values:
        known = _attributes(thing)
        return {name: known[name] for name in names if name in known}

    return Holder(place, read, lambda name, value: setattr(thing, name, value), constant=True) if names else None


def _attributes(thing: Any) -> Values:
    known = getattr(thing, "__dict__", None)
    return known if isinstance(known, dict) and not inspect.ismodule(thing) else {}


def _changes(holder: Holder, then: Values, built: Values) -> Values:
    """What is to be set: whatever was built with another value here than then, and is not that already. Plain values."""
    now, found = _plain_ones(holder.read()), {}
    for name in (name for name in built if name in then and name in now and name not in holder.rates):
        unchanged = _same(now[name], then[name])
        if (
            not _same(then[name], built[name])
            and not _same(now[name], built[name])
            and (unchanged or not holder.constant)
        ):
            found[name] = built[name]
    for name, bases in holder.rates.items():
        base = next((base for base in bases if base in then and base in built), None)
        own = name if name in then and name in built else base
        if base is None or own is None or name not in now:
            continue
        rate = _rates(now[name], then[own], built[own], then[base], built[base])
        if not _same(rate, now[name]):
            found[name] = rate
    return found


def _rates(now: Any, then: Any, built: Any, base_then: Any, base: Any) -> Any:
    """A learning rate, or one for each group, as it ought to be."""
    if not isinstance(now, list):
        return _rate(now, then, built, base_then, base)
    lists = (now, then, built, base_then, base)
    if not all(isinstance(one, list) and len(one) == len(now) for one in lists):
        return now
    return [_rate(*ones) for ones in zip(*lists, strict=True)]


def _rate(now: float, then: float, built: float, base_then: float, base: float) -> float:
    """As it was built here, where nothing has changed it since; else as far along its schedule as it was."""
    if _same(now, then):
        return built
    return now if _same(base_then, base) or not base_then else now * (base / base_then)


def _plain_ones(values: Values) -> Values:
    found = {name: _plain(value) for name, value in values.items()}
    return {name: value for name, value in found.items() if value is not MISSING}


def _plain(value: Any) -> Any:
    """Numbers, text, None, and lists and dicts of these, as Python's own; MISSING for anything else."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # a scalar of NumPy or torch
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        parts = [_plain(part) for part in value]
        return MISSING if any(part is MISSING for part in parts) else parts
    if isinstance(value, dict):
        pairs = {key: _plain(part) for key, part in value.items()}
        plain = all(isinstance(key, bool | int | float | str) for key in pairs)
        return pairs if plain and not any(part is MISSING for part in pairs.values()) else MISSING
    return MISSING


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and one != one:  # noqa: PLR0124 (NaN is like itself here)
        return other != other  # noqa: PLR0124
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _short(value: Any) -> str:
    plain = _plain(value)
    if isinstance(plain, list):
        return "[" + ", ".join(map(_short, plain)) + "]"
    return f"{plain:.6g}" if isinstance(plain, float) else repr(plain)[:40] if plain is not MISSING else "none"
