"""What users may write in short, turned into what the models hold.

Every function takes a written value and its written path, and puts the resolved value into a `Draft`, which
remembers where it came from. Faults are collected, never raised; a faulty part is left out of the draft.
"""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from daybreak.spec.faults import Faults, Path, did_you_mean, shown
from daybreak.spec.quantities import BUDGET_EXAMPLES, read_budget, read_duration, read_size
from daybreak.spec.space_shorthand import flatten_space

FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
RUN_RULE = "`run` is `module:function` or a command such as `python train.py --lr {lr}`"


@dataclass
class Draft:
    """The resolved data so far."""

    faults: Faults
    data: dict[str, Any] = field(default_factory=dict)

    def put(self, path: Path, value: Any, written: Path) -> None:
        """Set a resolved value, and remember where it was written."""
        self.faults.origins[path] = written
        target = self.data
        for part in path[:-1]:
            target = target.setdefault(str(part), {})
        target[str(path[-1])] = value

    def fail(self, message: str, resolved: Path, written: Path) -> None:
        """A faulty value: nothing is put, and nothing more is said of it."""
        self.faults.broken.add(resolved)
        self.faults.origins.setdefault(resolved, written)
        self.faults.add(message, written)


def normalise(data: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """The resolved form of a whole file. Unknown keys are kept for the models to refuse."""
    draft = Draft(faults)
    for key, value in sorted(data.items(), key=lambda item: item[0] == "points"):  # last: they need the space's names
        handler = _HANDLERS.get(key)
        if handler is not None:
            handler(draft, value, (key,))
        else:
            draft.put((key,), value, (key,))
    return draft.data


def _run(draft: Draft, value: Any, path: Path) -> None:
    _runnable(draft, value, path, ("run",))


def _runnable(draft: Draft, value: Any, written: Path, resolved: Path) -> None:
    if isinstance(value, list | tuple):
        if value and all(isinstance(word, str | int | float) for word in value):
            draft.put(resolved, tuple(map(str, value)), written)
        else:
            draft.fail(f"{RUN_RULE}, got {shown(value)}", resolved, written)
    elif not isinstance(value, str) or not value.strip():
        draft.fail(f"{RUN_RULE}, got {shown(value)}", resolved, written)
    elif FUNCTION.fullmatch(value.strip()):
        draft.put(resolved, value.strip(), written)
    else:
        _command(draft, value, written, resolved)


def _command(draft: Draft, text: str, written: Path, resolved: Path) -> None:
    try:
        words = shlex.split(text)
    except ValueError as error:
        draft.fail(f"not a command: {str(error).lower()} in {shown(text)}", resolved, written)
        return
    if len(words) == 1 and "/" not in words[0] and "{" not in words[0]:
        draft.fail(f"{RUN_RULE}, got {shown(text)}{_meant(words[0])}", resolved, written)
    elif len(words) == 1 and ":" in words[0]:
        draft.fail(
            f"a module is named by dots, without `/` and `.py`, got {shown(text)}{_meant(words[0])}", resolved, written
        )
    else:
        draft.put(resolved, tuple(words), written)


def _meant(word: str) -> str:
    module, _, function = word.partition(":")
    if word.endswith(".py"):
        return f"; did you mean `python {word}`?"
    name = module.removeprefix("./").removesuffix(".py").replace("/", ".")
    guess = f"{name}:{function or 'main'}"
    return f"; did you mean `{guess}`?" if FUNCTION.fullmatch(guess) else ""


def _space(draft: Draft, value: Any, path: Path) -> None:
    draft.put(("space",), {}, path)
    if value is None or value == {}:
        return
    if not isinstance(value, Mapping):
        draft.fail(f"`space` maps names to domains, got {shown(value)}", ("space",), path)
        return
    flatten_space(draft.faults, value, path, lambda name, domain, written: draft.put(("space", name), domain, written))


def _constraints(draft: Draft, value: Any, path: Path) -> None:
    draft.put(("constraints",), [value] if isinstance(value, str) else value, path)
    if isinstance(value, str):
        draft.faults.origins["constraints", 0] = path


_DIRECTIONS = ("maximize", "minimize")


def _objective(draft: Draft, value: Any, path: Path) -> None:
    if "objectives" in draft.data:
        draft.faults.add("`objective` and `objectives` are the same key; keep one", path, key=True)
        return
    items = value if isinstance(value, list | tuple) else [value]
    found: list[Any] = []
    for index, item in enumerate(items):
        written = (*path, index) if isinstance(value, list | tuple) else path
        draft.faults.origins["objectives", index] = written
        found.append(_one_objective(draft, item, written, index))
    draft.put(("objectives",), found, path)
    if not found or None in found:
        draft.faults.broken.add(("objectives",))
        if not found:
            draft.faults.add("an objective is needed: `objective: {maximize: accuracy}`", path)


def _one_objective(draft: Draft, item: Any, written: Path, index: int) -> dict[str, Any] | None:
    if isinstance(item, Mapping) and "metric" in item:
        return dict(item)
    if not isinstance(item, Mapping) or len(item) != 1:
        example = item if isinstance(item, str) else "accuracy"
        draft.faults.add(f"write `{{maximize: {example}}}` or `{{minimize: {example}}}`, got {shown(item)}", written)
        return None
    direction, metric = next(iter(item.items()))
    if direction not in _DIRECTIONS:
        meant = did_you_mean(str(direction), _DIRECTIONS)
        draft.faults.add(
            f"an objective is to `maximize` or to `minimize`, got `{direction}`{meant}", (*written, direction), key=True
        )
        return None
    draft.faults.origins["objectives", index, "metric"] = (*written, direction)
    return {"metric": metric, "direction": direction}


def _budget(draft: Draft, value: Any, path: Path) -> None:
    if isinstance(value, str):
        try:
            draft.put(("budget",), read_budget(value), path)
        except ValueError as error:
            draft.fail(str(error), ("budget",), path)
    elif isinstance(value, Mapping):
        _section(draft, "budget", value, path)
    elif value is not None:
        draft.fail(
            f"a budget is written like {BUDGET_EXAMPLES}, or as a mapping, got {shown(value)}", ("budget",), path
        )


def _section(draft: Draft, section: str, value: Any, path: Path) -> None:
    """A mapping, or the value of the section's main field; null for nothing but defaults."""
    main = _MAIN_FIELD.get(section)
    if value is None or (section == "confirm" and value is True):
        draft.put((section,), {} if section != "confirm" or value else None, path)
    elif isinstance(value, Mapping):
        draft.put((section,), {}, path)
        for key, item in value.items():
            _quantity(draft, (section, key), item, (*path, key))
    elif main is not None and isinstance(value, str | int) and not isinstance(value, bool):
        draft.put((section, main), value, path)
    else:
        draft.fail(f"`{section}` is a mapping, got {shown(value)}", (section,), path)


_MAIN_FIELD = {"search": "method", "resources": "slots", "retry": "attempts", "confirm": "top"}

Reader = Callable[[str], Any]
_QUANTITIES: dict[Path, Reader] = {
    ("budget", "wall"): read_duration,
    ("resources", "memory"): read_size,
    ("retry", "stalled_after"): read_duration,
    ("checkpoint_every",): read_duration,
    ("disk_cap",): read_size,
}


def _quantity(draft: Draft, resolved: Path, value: Any, written: Path) -> None:
    read = _QUANTITIES.get(resolved)
    if read is None or not isinstance(value, str):
        draft.put(resolved, value, written)
        return
    try:
        draft.put(resolved, read(value), written)
    except ValueError as error:
        draft.fail(str(error), resolved, written)


def _baseline(draft: Draft, value: Any, path: Path) -> None:
    resolved: Path = ("baseline",)
    if value is None:
        draft.put(resolved, None, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        draft.put((*resolved, "value"), value, path)
    elif isinstance(value, Mapping):
        draft.put(resolved, {}, path)
        for key, item in value.items():
            if key == "run" and item is not None:
                _runnable(draft, item, (*path, key), (*resolved, key))
            else:
                draft.put((*resolved, key), item, (*path, key))
    else:
        _runnable(draft, value, path, (*resolved, "run"))


def _points(draft: Draft, value: Any, path: Path) -> None:
    if isinstance(value, Mapping):
        value, first = [value], path
    else:
        first = None
    if value is None:
        value = []
    if not isinstance(value, list | tuple) or not all(isinstance(point, Mapping) for point in value):
        draft.fail(f"`points` is a list of mappings from names to values, got {shown(value)}", ("points",), path)
        return
    flat: list[dict[str, Any]] = []
    for index, point in enumerate(value):
        written = first or (*path, index)
        draft.faults.origins["points", index] = written
        flat.append({})
        _flatten_point(draft, point, written, "", flat[-1], index)
    draft.put(("points",), flat, path)


def _flatten_point(
    draft: Draft, point: Mapping[str, Any], written: Path, prefix: str, flat: dict[str, Any], index: int
) -> None:
    space = draft.data.get("space", {})
    for key, value in point.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and name not in space:
            _flatten_point(draft, value, (*written, key), f"{name}.", flat, index)
        else:
            flat[name] = value
            draft.faults.origins["points", index, name] = (*written, key)


def _data(draft: Draft, value: Any, path: Path) -> None:
    """Names to datasets; a path alone will do: `data: {digits: ./digits}`."""
    if value is not None and not isinstance(value, Mapping):
        draft.fail(f"`data` maps names to datasets: `data: {{digits: ./digits}}`, got {shown(value)}", ("data",), path)
        return
    draft.put(("data",), {}, path)
    for name, item in (value or {}).items():
        if isinstance(item, Mapping):
            draft.put(("data", name), dict(item), (*path, name))
            for key in item:
                draft.faults.origins["data", name, key] = (*path, name, key)
        elif isinstance(item, str) and item.strip():
            draft.put(("data", name, "path"), item.strip(), (*path, name))
            draft.faults.origins["data", name] = (*path, name)
        else:
            draft.fail(
                f"a dataset is a path, or a mapping with `path`, got {shown(item)}", ("data", name), (*path, name)
            )


_LISTS = ("group", "id", "known", "unknown")


def _audit(draft: Draft, value: Any, path: Path) -> None:
    """One column needs no list: `group: patient`; the target alone will do: `audit: label`."""
    if isinstance(value, str) and value.strip():
        draft.put(("audit", "target"), value.strip(), path)
        draft.faults.origins[("audit",)] = path
        return
    if not isinstance(value, Mapping):
        draft.put(("audit",), value, path)
        return
    draft.put(("audit",), {}, path)
    for key, item in value.items():
        many = [item] if key in _LISTS and isinstance(item, str) else item
        draft.put(("audit", key), many, (*path, key))


def _environment(draft: Draft, value: Any, path: Path) -> None:
    if not isinstance(value, Mapping):
        draft.put(("environment",), {} if value is None else value, path)
        return
    draft.put(("environment",), {}, path)
    for key, item in value.items():
        if isinstance(item, bool) or item is None:
            draft.fail("an environment variable is text: write it in quotes", ("environment", key), (*path, key))
        else:
            text = str(item) if isinstance(item, int | float) else item
            draft.put(("environment", key), text, (*path, key))


Handler = Callable[[Draft, Any, Path], None]


def _section_handler(name: str) -> Handler:
    return lambda draft, value, path: _section(draft, name, value, path)


def _quantity_handler(draft: Draft, value: Any, path: Path) -> None:
    _quantity(draft, path, value, path)


_HANDLERS: dict[str, Handler] = {
    "run": _run,
    "space": _space,
    "constraints": _constraints,
    "objective": _objective,
    "objectives": _objective,
    "budget": _budget,
    "baseline": _baseline,
    "points": _points,
    "data": _data,
    "audit": _audit,
    "environment": _environment,
    "checkpoint_every": _quantity_handler,
    "disk_cap": _quantity_handler,
    **{name: _section_handler(name) for name in _MAIN_FIELD},
}
