"""Hyperparameters inside what is kept: those that another point gives must not be undone by an older point's checkpoint.

A checkpoint brings back whole objects: an optimizer with its learning rate, an estimator with what its constructor was given. A clone of a
population and a fork have another point than the trial that wrote the checkpoint, and their code built these objects from it. So a
checkpoint remembers beside each state what the object was built with, and the point. Where it is restored under another point, whatever
was built with another value is set again to what it was built with here; under the same point nothing is ever touched.

Understood are optimizers and learning rate schedulers of torch (and whatever has `param_groups`), estimators with get_params and
set_params, and attributes of one's own objects that are named as arguments of their constructor; also inside dicts, lists and attributes.
A learning rate that a schedule has changed since is scaled by new / old, so that the schedule stays where it is.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from daybreak.train.holders import Holder, Values, holders, moved

MISSING: Any = object()
MOST_TOLD = 12

Places = dict[str, Values]  # of one thing that is kept: where in it -> values


class _Once:
    """Values of objects, by identity: one may be kept under several names. They stay alive meanwhile, so that no id is given again."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[Any, Values]] = {}

    def get(self, holder: Holder, make: Callable[[], Values]) -> tuple[Values, bool]:
        """The object's values, made the first time; and whether this is that time."""
        owner = holder if holder.of is None else holder.of
        key = id(owner), holder.part
        if first := key not in self._known:
            self._known[key] = owner, make()
        return self._known[key][1], first

    def clear(self) -> None:
        """Forget them all."""
        self._known.clear()


class Hyperparameters:
    """What the objects of one attempt were built with, and those of the checkpoint that it goes on from. `point`: the trial's own."""

    def __init__(self, point: Mapping[str, Any], say: Callable[[str], None]) -> None:
        self._point = {name: point[name] for name in sorted(point)}
        self._say = say
        self._fresh: dict[str, Places] = {}  # name of what is kept -> what it was built with
        self._built: dict[str, Places] = {}  # the same, as plain values
        self._then: dict[str, Places] = {}
        self._same_point = True
        self._read, self._set = _Once(), _Once()

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
        fresh = {holder.place: self._read.get(holder, holder.read)[0] for holder in holders(thing)}
        built = {place: found for place, values in fresh.items() if (found := _plain_ones(values))}
        if built:
            self._fresh[name], self._built[name] = fresh, built

    def bring(self, name: str, thing: Any) -> None:
        """`thing` was restored: set what this trial's point gives otherwise, and tell of it in one line.

        What is in it and was set before, under another name, is set to the same again: this name's state has undone it, or has not.
        """
        found = list(holders(thing))
        then, built, told = self._then.pop(name, {}) if found else {}, self._built.get(name, {}), []
        for holder in found:
            known = then.get(holder.place, {}), built.get(holder.place, {})
            changes, first = self._set.get(holder, partial(self._changes, name, holder, *known))
            for key, value in changes.items():
                path = ".".join(filter(None, (name, holder.place, key)))
                if self._same_point:
                    told += [f"{path}={_short(known[1].get(key))}"] if first else []
                    continue
                told += [f"{path} {_short(holder.read().get(key))} -> {_short(value)}"] if first else []
                holder.put(key, value)
        if told:
            self._tell(told)

    def _changes(self, name: str, holder: Holder, then: Values, built: Values) -> Values:
        """What is to be set; other values than rates as they were given, which need not be plain."""
        found = _changes(holder, then, built)
        return {
            key: value if key in holder.rates else self._fresh[name][holder.place][key] for key, value in found.items()
        }

    def settle(self) -> None:
        """Everything is kept: what was met meanwhile need not be known any longer."""
        self._read.clear()
        self._set.clear()

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
        return moved(now, then, built, base_then, base)
    lists = (now, then, built, base_then, base)
    if not all(isinstance(one, list) and len(one) == len(now) for one in lists):
        return now
    return [moved(*ones) for ones in zip(*lists, strict=True)]


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


def _short(value: Any) -> str:
    plain = _plain(value)
    if isinstance(plain, list):
        return "[" + ", ".join(map(_short, plain)) + "]"
    return f"{plain:.6g}" if isinstance(plain, float) else repr(plain)[:40] if plain is not MISSING else "none"
