"""The command line's shorthand: the same experiment from flags, with the same checks; places name the flag.

    lr=log:1e-4..1e-1            a range: log, uniform or int
    d=uniform:0..0.5:0.1         with a step
    n=int:1..512:log:count=4     options of a domain: `log`, `count=4`, `step=2`
    width=16,32,64               a choice; `choice:16` for one of a single value
    epochs=30                    a constant
    m=uniform:0..0.99 if optimizer == 'sgd'

Values are read as in a file: `16` is a number, `'16'` is text. In a budget a bare duration is wall time.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.spec.faults import Faults, NamedPlaces, Path, did_you_mean, shown
from daybreak.spec.loading import BUILT_IN, KnownNames, resolve
from daybreak.spec.models import Experiment
from daybreak.spec.quantities import NUMBER, read_budget
from daybreak.spec.space_shorthand import KINDS
from daybreak.spec.yaml_text import read_scalar

SPACE_EXAMPLES = "`lr=log:1e-4..1e-1`, `n=int:1..8`, `width=16,32,64` or `epochs=30`"

_CONDITION = re.compile(r"\s+if\s+")
_RANGE = re.compile(rf"\s*([-+]?{NUMBER})\s*\.\.\s*([-+]?{NUMBER})\s*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def parse_space(text: str) -> tuple[str, Any]:
    """Name and domain, the domain as a file would have it. Raises `UsageError`."""
    name, equals, rest = text.partition("=")
    if not equals or not name.strip() or not rest.strip():
        raise UsageError(f"a hyperparameter is written like {SPACE_EXAMPLES}, got {text!r}")
    written, *condition = _CONDITION.split(rest.strip(), maxsplit=1)
    domain = _domain(written)
    if condition:
        domain = domain if isinstance(domain, dict) else {"constant": domain}
        domain["when"] = condition[0].strip()
    return name.strip(), domain


def _domain(text: str) -> Any:
    kind, colon, rest = text.partition(":")
    if colon and kind.strip() in ("uniform", "log", "int"):
        return _range(kind.strip(), rest)
    if colon and kind.strip() in ("choice", "constant"):
        values = _values(rest)
        return {"choice": values} if kind.strip() == "choice" else {"constant": values[0]}
    if _RANGE.fullmatch(rest if colon else text):
        hint = did_you_mean(kind, KINDS) if colon else "; write `uniform:`, `log:` or `int:` before it"
        raise UsageError(f"a range has a kind: uniform, log or int, got {text!r}{hint}")
    values = _values(text)
    return values[0] if len(values) == 1 else {"choice": values}


def _range(kind: str, text: str) -> dict[str, Any]:
    bounds, *options = text.split(":")
    match = _RANGE.fullmatch(bounds)
    if match is None:
        raise UsageError(f"a range is written like `{kind}:1..8`, got {f'{kind}:{text}'!r}")
    domain: dict[str, Any] = {kind: [_number(match[1]), _number(match[2])]}
    for option in options:
        name, equals, value = option.partition("=")
        if equals:
            domain[name.strip()] = read_scalar(value.strip())
        elif name.strip() == "log":
            domain["log"] = True
        else:
            domain["step"] = read_scalar(name.strip())
    return domain


def _number(text: str) -> int | float:
    value = read_scalar(text)
    return value if isinstance(value, int | float) else float(text)


def _values(text: str) -> list[Any]:
    return [_value(part) for part in _split(text)]


def _value(text: str) -> Any:
    return text[1:-1] if _QUOTED.fullmatch(text) else read_scalar(text)


def _split(text: str) -> list[str]:
    """At commas outside quotes."""
    parts = re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^,])+", text)
    if re.search(r"(?:^|,)\s*(?:,|$)", _QUOTED.sub("_", text)):
        raise UsageError(f"values are separated by single commas, got {text!r}")
    return [part.strip() for part in parts]


def parse_budget(text: str) -> dict[str, Any]:
    """The limits in `5m` (wall time), `27 trials`, `500 units`, `0.5 slot-hours`, `$3`; several joined by commas. Raises `UsageError`."""
    try:
        return read_budget(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def parse_point(text: str) -> dict[str, Any]:
    """A point from `lr=0.01,width=32`. Raises `UsageError`."""
    point: dict[str, Any] = {}
    for part in _split(text):
        name, equals, value = part.partition("=")
        if not equals or name.strip() in point:
            raise UsageError(f"a point is written like `lr=0.01,width=32`, each name once, got {text!r}")
        point[name.strip()] = _value(value.strip())
    return point


# --- flags --------------------------------------------------------------------------------------------------------------


def build(
    target: str | Sequence[str], flags: Mapping[str, Any], *, folder: str, known: KnownNames = BUILT_IN
) -> Experiment:
    """The experiment meant by a `module:function` or the words of a command, and flags.

    Flags: space, constraints, points (lists of text), maximize, minimize (metrics), budget, max_units, method, sampler, slots, baseline,
    metrics, name, seed, priority. `known`: names of methods and of samplers. Raises `SpecError` with all faults.
    """
    words = [target] if isinstance(target, str) else list(target)
    line = _CommandLine("command line")
    line.set(("run",), words[0] if len(words) == 1 else words, " ".join(words))
    line.take(flags)
    if not flags.get("maximize") and not flags.get("minimize"):
        line.faults.broken.add(("objectives",))
        line.faults.add("name what is searched for: `--maximize METRIC` or `--minimize METRIC`", ())
    return resolve(line.data, line.faults, folder, known=known)


def override(experiment: Experiment, flags: Mapping[str, Any], *, known: KnownNames = BUILT_IN) -> Experiment:
    """An experiment with some of it changed by flags, as in `build`.

    Hyperparameters replace those of their name, constraints and points are added, an objective or a budget replaces the old one.
    Raises `SpecError` with all faults.
    """
    line = _CommandLine("experiment file")
    line.data = experiment.model_dump(mode="json")
    line.take(flags)
    return resolve(line.data, line.faults, experiment.folder, known=known)


class _CommandLine:
    """Data as a file would have it, and which flag brought each part in."""

    def __init__(self, source: str) -> None:
        self.flags: dict[Path, str] = {}
        self.faults = Faults(NamedPlaces(source, self.flags))
        self.data: dict[str, Any] = {}

    def set(self, path: Path, value: Any, flag: str) -> None:
        """Put a value where a file would have it."""
        self.flags[path] = flag
        target = self.data
        for part in path[:-1]:
            target = target.setdefault(str(part), {})
        target[str(path[-1])] = value

    def fail(self, message: str, path: Path) -> None:
        """A fault of a flag; nothing more is said of what it would have set."""
        self.faults.broken.add(path)
        self.faults.add(message, path)

    def take(self, flags: Mapping[str, Any]) -> None:
        """All flags. Raises `KeyError` for one that does not exist."""
        for name, value in flags.items():
            if name not in ("maximize", "minimize"):
                _FLAGS[name](self, name, value)
        self.objectives(flags)

    def space(self, _name: str, texts: Sequence[str]) -> None:
        seen: set[str] = set()
        for text in texts:
            flag, name = f"--space {_quoted(text)}", text.partition("=")[0].strip()
            path: Path = ("space", name)
            if name in seen:
                self.flags[path] = flag
                self.fail(f"`{name}` is given twice", path)
            seen.add(name)
            parsed = self._parsed(lambda text: parse_space(text)[1], text, path, flag)
            if parsed is not None:
                self.set(path, parsed, flag)

    def _parsed(self, parse: Callable[[str], Any], text: str, path: Path, flag: str) -> Any:
        self.flags[path] = flag
        try:
            return parse(text)
        except UsageError as error:
            self.fail(str(error), path)
            return None

    def objectives(self, flags: Mapping[str, Any]) -> None:
        found = [
            (direction, metric) for direction in ("maximize", "minimize") for metric in _several(flags.get(direction))
        ]
        if not found:
            return
        self.data.pop("objective", None)
        self.data["objectives"] = [{direction: metric} for direction, metric in found]
        for index, (direction, metric) in enumerate(found):
            self.flags["objectives", index] = f"--{direction} {metric}"

    def budget(self, _name: str, text: str) -> None:
        path: Path = ("budget",)
        limits = self._parsed(parse_budget, text, path, f"--budget {_quoted(text)}")
        if limits is not None:
            price = (self.data.get("budget") or {}).get("price_per_slot_hour")
            self.data["budget"] = limits | ({} if price is None else {"price_per_slot_hour": price})

    def more(self, name: str, texts: Sequence[str]) -> None:
        """Constraints and points: added to those there are."""
        items = self.data[name] = list(self.data.get(name, ()))
        for text in texts:
            path: Path = (name, len(items))
            flag = f"--{name.removesuffix('s')} {_quoted(text)}"
            item = self._parsed(parse_point if name == "points" else str, text, path, flag)
            if item is not None:
                items.append(item)

    def baseline(self, _name: str, text: str) -> None:
        self.set(("baseline",), read_scalar(str(text)), f"--baseline {_quoted(str(text))}")

    def plain(self, name: str, value: Any) -> None:
        """A flag that is one value."""
        self.set(_PATHS.get(name, (name,)), value, f"--{name.replace('_', '-')} {_quoted(str(value))}")


def _several(value: Any) -> list[str]:
    if not value:
        return []
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w=:.,/@+%-]+", text) else shown(text)


_PATHS: dict[str, Path] = {
    "max_units": ("search", "max_units"),
    "method": ("search", "method"),
    "sampler": ("search", "sampler"),
    "slots": ("resources", "slots"),
}
_FLAGS: dict[str, Callable[[_CommandLine, str, Any], None]] = {
    "space": _CommandLine.space,
    "budget": _CommandLine.budget,
    "constraints": _CommandLine.more,
    "points": _CommandLine.more,
    "baseline": _CommandLine.baseline,
    **dict.fromkeys(("metrics", "name", "seed", "priority", *_PATHS), _CommandLine.plain),
}
