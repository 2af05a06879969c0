"""Single fields: pydantic's findings in our words, at the user's places.

A field that is faulty is reported once and left out, so that the rest can still be validated and checked.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from daybreak.spec.faults import Faults, Path, did_you_mean, listed, shown
from daybreak.spec.models import Experiment

EXAMPLES = {
    "run": "`run: train:main`, or `run: python train.py --lr {lr}`",
    "objectives": "`objective: {maximize: accuracy}`",
}
_STAND_INS: dict[str, Any] = {"name": "faulty", "run": "faulty:run", "objectives": [{"metric": "faulty"}]}
M = TypeVar("M", bound=BaseModel)
_ROUNDS = 10  # each leaves something out; nothing valid needs more than three


def validate(resolved: dict[str, Any], faults: Faults) -> Experiment | None:
    """The experiment; where fields are faulty, one without them for the checks to go on with; None if nothing is left."""
    return validated(Experiment, resolved, faults, _STAND_INS)


def validated(model: type[M], resolved: dict[str, Any], faults: Faults, stand_ins: Mapping[str, Any] = {}) -> M | None:
    """The same of any model that stands in a file of its own. `stand_ins`: for fields that are needed."""
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(resolved)
        except ValidationError as error:
            found = error.errors(include_url=False)
            paths = [_in_data(details["loc"], resolved) for details in found]  # before anything is left out
            for details, path in zip(found, paths, strict=True):
                if not faults.is_broken(*path):
                    _tell(details, path, faults, model)
                faults.broken.add(path)
                _leave_out(resolved, path)
                for key, value in stand_ins.items():
                    resolved.setdefault(key, value)
    return None


def _in_data(loc: tuple[int | str, ...], data: Any) -> Path:
    """Without what pydantic adds to a location: the names of union members, which are no keys of the data."""
    path: list[int | str] = []
    for index, part in enumerate(loc):
        in_list = isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)
        if in_list or (isinstance(data, Mapping) and part in data):
            data = data[part]
            path.append(part)
        elif index == len(loc) - 1 and isinstance(data, Mapping):  # a missing key
            path.append(part)
    return tuple(path)


def _leave_out(resolved: dict[str, Any], path: Path) -> None:
    """Drop the value; of a list the whole, so that positions stay true; of a missing field what lacks it."""
    holders = [resolved]
    for part in path[:-1]:
        inner = holders[-1].get(str(part))
        if not isinstance(inner, dict):
            break
        holders.append(inner)
    depth = len(holders) - 1
    if path[depth] in holders[-1]:
        del holders[-1][str(path[depth])]
    elif 0 < depth == len(path) - 1:
        del holders[-2][str(path[depth - 1])]


def _tell(details: ErrorDetails, path: Path, faults: Faults, root: type[BaseModel]) -> None:
    written, last, value = faults.written(path), str(path[-1]) if path else "", details["input"]
    match details["type"]:
        case "finite_number":
            pass  # `plain` told it
        case "extra_forbidden":
            faults.add(f"unknown key `{last}`{did_you_mean(last, _keys_beside(path, root))}", written, key=True)
        case "missing":
            example = EXAMPLES.get(last)
            name = "objective" if last == "objectives" else dotted_name(path)
            faults.add(f"`{name}` is needed" + (f": {example}" if example else ""), written)
        case "literal_error":
            options = re.findall(r"'([^']*)'", str(details.get("ctx", {}).get("expected", "")))
            rule = f"is {listed(options, 'or')}, got {shown(value)}{did_you_mean(str(value), options)}"
            faults.add(f"`{dotted_name(path)}` {rule}", written)
        case _:
            faults.add(f"`{dotted_name(path)}` {_rule(details)}, got {shown(value)}", written)


_RULES = {
    "not_a_number": "must be a number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be above {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "too_short": "needs at least {min_length}",
    "string_too_short": "must not be empty",
}


def _rule(details: ErrorDetails) -> str:
    rule, message = _RULES.get(details["type"]), details["msg"]
    return rule.format(**details.get("ctx", {})) if rule else message[0].lower() + message[1:]


def dotted_name(path: Path) -> str:
    """How a resolved path is spoken of: without the positions in lists."""
    return ".".join(str(part) for part in path if not isinstance(part, int)) or "the file"


def _keys_beside(path: Path, root: type[BaseModel]) -> list[str]:
    """What users may write where the unknown key stands."""
    model: Any = root
    for part in path[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            annotation = model.model_fields[part].annotation
            members = (annotation, *getattr(annotation, "__args__", ()))
            model = next((member for member in members if hasattr(member, "model_fields")), model)
    keys = list(model.model_fields)
    return ["objective", *keys] if model is Experiment else keys
