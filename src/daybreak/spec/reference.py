"""The reference of the experiment file as Markdown, generated from the models, so that it cannot be out of date."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform
from daybreak.spec.models import (
    Audit,
    Baseline,
    Budget,
    Card,
    Confirm,
    DataSource,
    Experiment,
    Objective,
    Resources,
    Retry,
    Search,
)
from daybreak.spec.schema import FORMS

SECTIONS: dict[str, type[BaseModel]] = {
    "search": Search,
    "budget": Budget,
    "resources": Resources,
    "retry": Retry,
    "objective": Objective,
    "baseline": Baseline,
    "confirm": Confirm,
    "data": DataSource,
    "audit": Audit,
    "card": Card,
}
DOMAINS = (Uniform, Log, Int, Choice, Constant)
DOMAIN_EXAMPLES = {
    Uniform: "{uniform: [0.0, 0.5], step: 0.1}",
    Log: "{log: [1e-4, 1e-1]}",
    Int: "{int: [1, 4]}",
    Choice: "{choice: [16, 32, 64]}",
    Constant: "30",
}
INTRODUCTION = """\
# The experiment file

A YAML file (numbers and words are read as YAML 1.2 has them: `1e-4` is a number, `yes` and `on` are text). Only `run` and
`objective` are needed. Every fault is shown at once, each with its line. `daybreak schema` prints a JSON Schema for editors.
"""
SPACE = """\
## space

Names to domains. A mapping is a domain when one of its keys is a kind of domain; any other mapping is a group, and its names
are joined by a dot (`augment.noise`). A group's `when` counts for all in it. A bare value is a constant.
"""
EXPRESSIONS = """\
## Expressions

`when` and `constraints` are a small part of Python: numbers, text, `True`, `False`, `None`; names; comparisons (chained too) and `in`;
`and`, `or`, `not`; `+ - * / // % **`; `a if c else b`; and min, max, abs, round, len, log, log2, log10, sqrt, floor, ceil.
Where a name is absent, because its own `when` does not hold, a `when` that needs it does not hold and a constraint that needs it does.

## Commands

In a command `{name}` becomes the value of that hyperparameter: text as it is, all else as JSON. Where the name is absent, its
word is left out, together with the option before it: all of `--momentum {momentum}`. Other braces are left alone; `{{name}}`
stands for `{name}` itself.
"""


def reference_markdown() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "## Keys\n", _table(Experiment), SPACE, _domains()]
    for key, model in SECTIONS.items():
        parts += [f"## {key}\n", f"{_first_line(model)}\n", _table(model)]
    return "\n".join([*parts, EXPRESSIONS])


def _table(model: type[BaseModel]) -> str:
    rows = ["| key | is | default | meaning |", "|---|---|---|---|"]
    rows += [_row(model, key, field) for key, field in model.model_fields.items()]
    return "\n".join(rows) + "\n"


def _row(model: type[BaseModel], key: str, field: FieldInfo) -> str:
    form = FORMS.get((model.__name__, key))
    written = "objective" if (model, key) == (Experiment, "objectives") else key
    meaning = field.description or ""
    if form and form.examples:
        meaning += f" Examples: {', '.join(f'`{example}`' for example in form.examples)}."
    cells = (f"`{written}`", _kind(field), _default(field), meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_KINDS = {
    "int": "whole number",
    "float": "number",
    "str": "text",
    "bool": "true or false",
    "dict": "mapping",
    "tuple": "list",
}


def _kind(field: FieldInfo) -> str:
    return " or ".join(dict.fromkeys(_names(field.annotation)))


def _names(annotation: Any) -> Iterator[str]:
    origin = getattr(annotation, "__origin__", None)
    if origin in (tuple, dict):
        yield _KINDS[origin.__name__]
    elif arguments := get_args(annotation):
        for argument in arguments if origin is None or not _is_annotated(annotation) else arguments[:1]:
            if isinstance(argument, str):
                yield f"`{argument}`"
            elif argument is not type(None):
                yield from _names(argument)
    elif isinstance(annotation, type):
        section = next((key for key, model in SECTIONS.items() if model is annotation), None)
        yield f"[{section}](#{section})" if section else _KINDS.get(annotation.__name__, "anything")
    else:
        yield "anything"


def _is_annotated(annotation: Any) -> bool:
    return hasattr(annotation, "__metadata__")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "" if field is Experiment.model_fields["name"] else "needed"  # a loader makes one
    if field.default is None or isinstance(field.default, BaseModel) or field.default in ((), {}, ""):
        return ""
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def _domains() -> str:
    rows = ["| kind | written | options | is |", "|---|---|---|---|"]
    for model in DOMAINS:
        options = ", ".join(
            f"`{key}`" for key in model.model_fields if key not in ("kind", "low", "high", "options", "value")
        )
        kind = model.model_fields["kind"].default
        rows.append(f"| {kind} | `{DOMAIN_EXAMPLES[model]}` | {options} | {_first_line(model)} |")
    described = {
        key: field
        for model in (Uniform, Int)
        for key, field in model.model_fields.items()
        if key in ("when", "count", "step", "log")
    }
    told = [f"- `{key}`: {field.description}" for key, field in described.items()]
    return "\n".join([*rows, "", *told, ""])


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]
