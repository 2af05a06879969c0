"""Experiment files: text or data in, a resolved `Experiment` out, or `SpecError` with every fault and its place.

Nothing here opens a file: whoever has the text gives its name and folder. Four passes, each collecting faults: YAML
(`yaml_text`), shorthands (`shorthand`), single fields (the models), rules between fields (`checks`). A part that is
faulty is left out for the later passes, so that one mistake is told once and hides no other.
"""

import os.path
import posixpath
import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from daybreak.spec.checks import check
from daybreak.spec.faults import Faults, NamedPlaces, Path, Places, did_you_mean, shown
from daybreak.spec.models import METHODS, SAMPLERS, Experiment
from daybreak.spec.shorthand import normalise
from daybreak.spec.yaml_text import read_yaml

EXAMPLES = {
    "run": "`run: train:main`, or `run: python train.py --lr {lr}`",
    "objectives": "`objective: {maximize: accuracy}`",
}


def load(
    text: str,
    *,
    source: str,
    folder: str,
    known_methods: Collection[str] = METHODS,
    known_samplers: Collection[str] = SAMPLERS,
) -> Experiment:
    """Read the YAML text of an experiment file named `source`; `folder` (absolute) is what its `folder` is relative to.

    Raises `SpecError` with all faults.
    """
    data, faults = read_yaml(text, source)
    if data is None:
        if not faults.found:
            faults.add(f"an experiment file has at least `run` and `objective`, got nothing; {EXAMPLES['run']}", ())
        faults.raise_if_any()
    stem = PurePosixPath(source).stem if not source.startswith("<") else ""
    return _resolve(data, faults, folder, stem, known_methods, known_samplers)


def from_mapping(
    data: Mapping[str, Any],
    *,
    source: str = "<python>",
    folder: str,
    places: Places | None = None,
    known_methods: Collection[str] = METHODS,
    known_samplers: Collection[str] = SAMPLERS,
) -> Experiment:
    """The same from plain data: shorthands as in a file, or the resolved form (`model_dump(mode="json")`), which loads to an equal value.

    `places` tells where values came from, for messages. Raises `SpecError` with all faults.
    """
    faults = Faults(places or NamedPlaces(source))
    return _resolve(data, faults, folder, "", known_methods, known_samplers)


def _resolve(
    data: Any,
    faults: Faults,
    folder: str,
    stem: str,
    methods: Collection[str],
    samplers: Collection[str],
) -> Experiment:
    if not isinstance(data, Mapping):
        faults.add(f"an experiment file is a mapping of keys such as `run` and `objective`, got {shown(data)}", ())
        faults.raise_if_any()
    resolved = normalise(data, faults)
    resolved.setdefault("name", (stem and slug(stem)) or name_of(resolved.get("run")))
    _place_folder(resolved, folder)
    experiment = _validate(resolved, faults)
    if experiment is not None:
        check(experiment, faults, methods, samplers)
    faults.raise_if_any()
    if experiment is None:
        raise AssertionError("no experiment, and no fault that says why")
    return experiment


def _place_folder(resolved: dict[str, Any], folder: str) -> None:
    written = resolved.get("folder", ".")
    if isinstance(written, str):
        resolved["folder"] = posixpath.normpath(posixpath.join(folder, written))


def name_of(run: Any) -> str:
    """The default name: the module of `module:function`, or the script of a command."""
    if isinstance(run, str):
        return slug(run.partition(":")[0].rpartition(".")[2])
    words = [word for word in run or () if isinstance(word, str) and not word.startswith("-") and "{" not in word]
    script = next((word for word in words if word.endswith(".py")), words[0] if words else "")
    return slug(os.path.splitext(os.path.basename(script))[0])  # noqa: PTH119, PTH122 (text, not a file)


def slug(text: str) -> str:
    """Letters and digits joined by `-`: `My Train_v2` -> `my-train-v2`; `experiment` where nothing is left."""
    words = re.findall(r"[^\W_]+", text.lower())
    name = "-".join(words)[:60].strip("-")
    return name if name and not name.replace("-", "").isdigit() else f"experiment-{name}".rstrip("-")


# --- single fields ------------------------------------------------------------------------------------------------------


def _validate(resolved: dict[str, Any], faults: Faults) -> Experiment | None:
    """The experiment; where fields are faulty, one without them, for the checks; None where nothing can be said."""
    stand_ins = {"run": "faulty:run", "objectives": [{"metric": "faulty"}], "name": "faulty"}
    for _ in range(len(stand_ins) + 3):
        try:
            return Experiment.model_validate(resolved)
        except ValidationError as error:
            for details in error.errors(include_url=False):
                path = _data_path(details["loc"], resolved)
                if not faults.is_broken(*path[: _depth(path)]):
                    _tell(details, path, faults)
                faults.broken.add(path)
                _leave_out(resolved, path, stand_ins)
    return None


def _depth(path: Path) -> int:
    return len(path)


def _data_path(loc: tuple[int | str, ...], data: Any) -> Path:
    """Pydantic's location without the names of union members, which are no keys of the data."""
    path: list[int | str] = []
    for index, part in enumerate(loc):
        if (isinstance(data, Mapping) and part in data) or (
            isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)
        ):
            data = data[part]
        elif index != len(loc) - 1 or isinstance(data, str | int | float):
            continue
        path.append(part)
    return tuple(path)


def _leave_out(resolved: dict[str, Any], path: Path, stand_ins: dict[str, Any]) -> None:
    """Drop the faulty value; what then lacks something needed is dropped by the next round."""
    *above, last = path or (None,)
    target: Any = resolved
    for depth, part in enumerate(above):
        if isinstance(target, list | tuple):  # items keep their positions: the whole list goes
            above, last = above[: depth - 1], above[depth - 1]
            target = resolved
            for step in above:
                target = target[step]
            break
        target = target.get(part, {}) if isinstance(target, Mapping) else {}
    if isinstance(target, list | tuple):
        return _leave_out(resolved, tuple(above), stand_ins)
    if isinstance(target, dict):
        if last in target:
            del target[last]
        elif above:
            _leave_out(resolved, tuple(above), stand_ins)
    for key, value in stand_ins.items():
        resolved.setdefault(key, value)
    return None


def _tell(details: ErrorDetails, path: Path, faults: Faults) -> None:
    written = faults.written(path)
    kind, where = details["type"], f"`{_name(path)}`"
    if kind == "extra_forbidden":
        known = _fields_at(path)
        faults.add(f"unknown key `{path[-1]}`{did_you_mean(str(path[-1]), known)}", written, key=True)
    elif kind == "missing":
        example = EXAMPLES.get(str(path[-1]), "")
        name = "objective" if path == ("objectives",) else _name(path)
        faults.add(f"`{name}` is needed{': ' + example if example else ''}", written)
    elif kind == "literal_error":
        options = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", "")))
        choices = ", ".join(f"`{option}`" for option in options)
        value = details["input"]
        faults.add(f"{where} is one of {choices}, got {shown(value)}{did_you_mean(str(value), options)}", written)
    else:
        faults.add(f"{where} {_rule(details)}, got {shown(details['input'])}", written)


_RULES = {
    "not_a_number": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be finite",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "needs at least {min_length}",
    "string_too_short": "must not be empty",
}


def _rule(details: ErrorDetails) -> str:
    rule = _RULES.get(details["type"])
    return rule.format(**details.get("ctx", {})) if rule else details["msg"][0].lower() + details["msg"][1:]


def _name(path: Path) -> str:
    return ".".join(str(part) for part in path if not isinstance(part, int)) or "the file"


def _fields_at(path: Path) -> list[str]:
    """The keys users may write beside the unknown one."""
    model: Any = Experiment
    for part in path[:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        model = (
            next((arg for arg in _candidates(field.annotation) if hasattr(arg, "model_fields")), None)
            if field
            else None
        )
    fields = list(getattr(model, "model_fields", {}))
    return ["objective", *fields] if model is Experiment else fields


def _candidates(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))
