"""A space as users write it (nested, kinds as keys, bare constants) to a flat one of resolved domains.

A mapping is a *domain* when exactly one of its keys names a kind (uniform, log, int, choice, constant) and the others are options
(step, when, count, and `log: true` of an int); or when it is in resolved form (`kind: log` with that kind's fields).
Any other mapping is a group of nested names; a text under its key `when` counts for all of them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform
from daybreak.spec.faults import Faults, Path, did_you_mean, listed, shown

MODELS = {model.model_fields["kind"].default: model for model in (Uniform, Log, Int, Choice, Constant)}
KINDS = tuple(MODELS)
RANGES = ("uniform", "log", "int")  # kinds written as `[low, high]`
OPTIONS: dict[str, tuple[str, ...]] = {
    "uniform": ("step", "when", "count"),
    "log": ("when", "count"),
    "int": ("step", "log", "when", "count"),
    "choice": ("when", "count"),
    "constant": ("when", "count"),
}
ALL_OPTIONS = ("step", "log", "when", "count")

Put = Callable[[str, dict[str, Any], Path], None]
Conditions = tuple[tuple[str, Path], ...]  # of the groups around a name, outermost first, each with its written path


_FLAG = re.compile(r"(uniform|log|int|choice):")


def flatten_space(faults: Faults, space: Mapping[str, Any], path: Path, put: Put) -> None:
    """Call `put(dotted name, resolved domain, written path)` for each name, in order; faults are collected."""
    flattener = _Flattener(faults, put)
    for key, value in space.items():
        flattener.visit(key, key, value, (*path, key), ())


@dataclass
class _Flattener:
    faults: Faults
    put: Put

    def visit(self, name: str, key: Any, value: Any, path: Path, whens: Conditions) -> None:
        """One entry: `name` is dotted, `key` its last part as written."""
        if not _is_name(key):
            self._fail(
                name, f"a hyperparameter's name is letters, digits and `_`, got {key!r}{_repair(key)}", path, key=True
            )
        elif isinstance(value, Mapping):
            self._mapping(name, value, path, whens)
        elif isinstance(value, list | tuple):
            self._fail(name, f"a bare list is not a domain: write `{{choice: {_as_yaml(value)}}}`", path)
        elif value is None:
            self._fail(name, f"`{name}` has no domain; a constant null is `{{constant: null}}`", path)
        elif isinstance(value, str) and (flag := _FLAG.match(value)):
            rule = f"`{value}` is how the command line writes a domain; in a file it is `{{{flag[1]}: [...]}}`"
            self._fail(name, f"{rule}, and the text itself is `{{constant: {value!r}}}`", path)
        else:
            self._emit(name, {"kind": "constant", "value": value}, path, whens)

    def _mapping(self, name: str, value: Mapping[str, Any], path: Path, whens: Conditions) -> None:
        if _is_resolved(value):
            self._emit(name, dict(value), path, whens)
            return
        kinds = [key for key in value if key in KINDS and not (key == "log" and isinstance(value[key], bool))]
        unknown = [key for key in value if key not in KINDS and key not in ALL_OPTIONS]
        if len(kinds) == 1 and (not unknown or not isinstance(value[kinds[0]], Mapping)):
            self._domain(name, kinds[0], value, path, whens)
        elif len(kinds) > 1 and not any(isinstance(value[kind], Mapping) for kind in kinds):
            self._fail(name, f"a domain has one kind, got {listed(kinds)}", path)
        elif not value:
            self._fail(name, f"`{name}` has no domain, got an empty mapping", path)
        elif (misspelt := next((key for key in unknown if _is_misspelt(key, value[key])), None)) is not None:
            rule = f"there is no kind of domain `{misspelt}`{did_you_mean(misspelt, KINDS)}"
            self._fail(name, rule, (*path, misspelt), key=True)
        else:
            self._group(name, value, path, whens)

    def _group(self, name: str, value: Mapping[str, Any], path: Path, whens: Conditions) -> None:
        members = dict(value)
        if isinstance(members.get("when"), str):
            whens = (*whens, (members.pop("when"), (*path, "when")))
        if not members:
            self._fail(name, f"`{name}` has no domain, only a condition", path)
        for key, inner in members.items():
            self.visit(f"{name}.{key}", key, inner, (*path, key), whens)

    def _domain(self, name: str, kind: str, value: Mapping[str, Any], path: Path, whens: Conditions) -> None:
        wrong = [key for key in value if key != kind and key not in OPTIONS[kind]]
        for key in wrong:
            options = OPTIONS[kind]
            hint = did_you_mean(str(key), options) or f"; options: {listed(options)}"
            self.faults.add(f"`{kind}` has no option `{key}`{hint}", (*path, key), key=True)
        values = self._values(kind, value[kind], (*path, kind))
        if values is None:
            self._known(name, path)
            return
        given = {key: item for key, item in value.items() if key in OPTIONS[kind]}
        self._emit(name, {"kind": kind, **values, **given}, path, whens)
        for field, written in _FIELD_POSITIONS[kind].items():
            self.faults.origins["space", name, field] = (*path, kind, *written)
        self.faults.origins["space", name, "values"] = (*path, kind)

    def _values(self, kind: str, value: Any, path: Path) -> dict[str, Any] | None:
        if kind == "constant":
            return {"value": value}
        if kind == "choice":
            if isinstance(value, list | tuple) and value:
                return {"options": value}
            self.faults.add(f"`choice` takes a list of at least one value, got {shown(value)}", path)
            return None
        if isinstance(value, list | tuple) and len(value) == 2:  # noqa: PLR2004 (low and high)
            return {"low": value[0], "high": value[1]}
        self.faults.add(f"`{kind}` takes `[low, high]`, got {shown(value)}", path)
        return None

    def _emit(self, name: str, domain: dict[str, Any], path: Path, whens: Conditions) -> None:
        own = domain.get("when")
        if whens and (own is None or isinstance(own, str)):
            parts = [*whens, *([(own, path)] if own else [])]
            texts = [text for text, _ in parts]
            domain["when"] = texts[0] if len(parts) == 1 else " and ".join(f"({text})" for text in texts)
            self.faults.origins["space", name, "when"] = parts[0][1] if len(parts) == 1 else path
        if self.faults.origins.get(("space", name), path) != path:
            self.faults.add(f"`{name}` stands twice, once nested and once with a dot", path, key=True)
        self.put(name, domain, path)

    def _known(self, name: str, path: Path) -> None:
        """The name exists, its domain is faulty: nothing that uses it is to be reported again."""
        self.faults.broken.add(("space", name))
        self.faults.origins[("space", name)] = path

    def _fail(self, name: str, message: str, path: Path, *, key: bool = False) -> None:
        self._known(name, path)
        self.faults.add(message, path, key=key)


_FIELD_POSITIONS: dict[str, dict[str, Path]] = {
    **{kind: {"low": (0,), "high": (1,)} for kind in RANGES},
    "choice": {"options": ()},
    "constant": {"value": ()},
}


def _is_name(key: Any) -> bool:
    return isinstance(key, str) and key.isascii() and all(part.isidentifier() for part in key.split("."))


def _repair(key: Any) -> str:
    repaired = str(key).replace("-", "_").replace(" ", "_")
    return f"; did you mean `{repaired}`?" if _is_name(repaired) else ""


def _is_misspelt(key: Any, value: Any) -> bool:
    """A list cannot stand in a group: its key was to be a kind."""
    return isinstance(key, str) and isinstance(value, list | tuple) and did_you_mean(key, KINDS) != ""


def _is_resolved(value: Mapping[str, Any]) -> bool:
    kind = value.get("kind")
    return isinstance(kind, str) and kind in MODELS and all(key in MODELS[kind].model_fields for key in value)


def _as_yaml(values: list[Any] | tuple[Any, ...]) -> str:
    text = ", ".join(str(value) for value in values)
    return f"[{text}]" if len(text) <= 40 else "[...]"  # noqa: PLR2004
