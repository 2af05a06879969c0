"""JSON Schema of the experiment file as users write it, shorthands included: for completion and checking in editors.

Generated from the models; `FORMS` adds what a key may also be written as. Rules between fields are not in it: `daybreak plan` tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from daybreak.spec.models import METHODS, SAMPLERS, Experiment
from daybreak.spec.space_shorthand import KINDS, OPTIONS, RANGES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: dict[str, Any] = {"type": "string"}
SCALAR: dict[str, Any] = {"type": ["boolean", "number", "string"]}
DURATION: dict[str, Any] = {"type": "string", "pattern": r"^\s*([0-9.]+\s*(ms|sec|min|s|m|h|d)\s*)+$"}
SIZE: dict[str, Any] = {"type": "string", "pattern": r"^\s*[0-9.]+\s*([kKmMgGtT]i?)?[bB]?\s*$"}
COMMAND: dict[str, Any] = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}
EXPRESSIONS: dict[str, Any] = {"type": "array", "items": TEXT}


@dataclass(frozen=True, slots=True)
class Form:
    """What a key may be written as beside its resolved form, and examples for people."""

    examples: tuple[str, ...]
    schema: tuple[Mapping[str, Any], ...] = ()
    instead: bool = False  # the resolved form is not for writing


def _one_of(direction: str) -> dict[str, Any]:
    return {"type": "object", "properties": {direction: TEXT}, "required": [direction], "additionalProperties": False}


_OBJECTIVE: dict[str, Any] = {"anyOf": [_one_of("maximize"), _one_of("minimize"), {"$ref": "#/$defs/Objective"}]}
_OBJECTIVES: dict[str, Any] = {"anyOf": [_OBJECTIVE, {"type": "array", "items": _OBJECTIVE, "minItems": 1}]}

FORMS: dict[tuple[str, str], Form] = {
    ("Experiment", "run"): Form(
        ("train:main", "python train.py --lr {lr}", "[python, train.py]"), (TEXT, COMMAND), instead=True
    ),
    ("Experiment", "space"): Form(
        ("{lr: {log: [1e-4, 1e-1]}, epochs: 30}",), ({"$ref": "#/$defs/Group"},), instead=True
    ),
    ("Experiment", "constraints"): Form(('["width * layers <= 128"]', "width < 100"), (TEXT,)),
    ("Experiment", "objectives"): Form(
        ("{maximize: accuracy}", "[{maximize: accuracy}, {minimize: latency}]"), (_OBJECTIVES,), instead=True
    ),
    ("Experiment", "search"): Form(("asha", "{method: asha, max_units: 27}"), ({**TEXT, "examples": list(METHODS)},)),
    ("Experiment", "budget"): Form(("5m", "27 trials, 1h", "{slot_hours: 0.5, wall: 10m}"), (TEXT,)),
    ("Experiment", "resources"): Form(("2", "{slots: 2, memory: 2GiB}"), ({"type": "integer", "minimum": 1},)),
    ("Experiment", "retry"): Form(("2", "{attempts: 2, stalled_after: 5m}"), ({"type": "integer", "minimum": 0},)),
    ("Experiment", "points"): Form(("[{lr: 0.01, width: 32}]",), ({"type": "object"},)),
    ("Experiment", "baseline"): Form(
        ("0.1", "train:majority", "{run: python majority.py}"), ({"type": ["number", "string"]},)
    ),
    ("Experiment", "confirm"): Form(
        ("true", "{top: 3, seeds: 5}"), ({"const": True}, {"type": "integer", "minimum": 1})
    ),
    ("Experiment", "checkpoint_every"): Form(("60", "5m"), (DURATION,)),
    ("Experiment", "disk_cap"): Form(("20GiB",), (SIZE,)),
    ("Experiment", "data"): Form(
        ("{digits: ./digits}", "{digits: {path: ./digits, split: split.csv, snapshot: true}}"),
        (
            {
                "type": "object",
                "additionalProperties": {"anyOf": [{**TEXT, "minLength": 1}, {"$ref": "#/$defs/DataSource"}]},
            },
        ),
        instead=True,
    ),
    ("Experiment", "audit"): Form(("label", "{target: label, group: patient}"), (TEXT,)),
    ("Experiment", "environment"): Form(
        ("{OMP_NUM_THREADS: 1}",), ({"type": "object", "additionalProperties": {"type": ["string", "number"]}},)
    ),
    ("Experiment", "metrics"): Form((r"'acc: (?P<accuracy>\S+)'",)),
    ("Search", "method"): Form((), ({**TEXT, "examples": list(METHODS)},), instead=True),
    ("Search", "sampler"): Form((), ({**TEXT, "examples": list(SAMPLERS)},), instead=True),
    ("Budget", "wall"): Form(("10m", "1h30m"), (DURATION,)),
    ("Resources", "memory"): Form(("2GiB",), (SIZE,)),
    ("Retry", "stalled_after"): Form(("5m",), (DURATION,)),
    ("Baseline", "run"): Form(("train:majority", "python majority.py"), (TEXT, COMMAND), instead=True),
    **{("Audit", key): Form(("patient", "[patient, site]"), (TEXT,)) for key in ("group", "id", "known", "unknown")},
}


def json_schema() -> dict[str, Any]:
    """The schema, draft 2020-12, as plain data."""
    schema = Experiment.model_json_schema()
    models = {**schema["$defs"], "Experiment": schema}
    for (model, key), form in FORMS.items():
        models[model]["properties"][key] = _widened(models[model]["properties"][key], form)
    properties = schema["properties"]
    properties["objective"] = properties["objectives"]
    schema["$defs"] |= _space_definitions(schema["$defs"])
    schema["required"] = ["run"]
    schema["anyOf"] = [{"required": ["objective"]}, {"required": ["objectives"]}]
    return {"$schema": DIALECT, **schema, "title": "Daybreak experiment"}


def _widened(field: Mapping[str, Any], form: Form) -> dict[str, Any]:
    told = {key: field[key] for key in ("description", "default") if key in field}
    kept = {key: value for key, value in field.items() if key not in (*told, "title")}
    ways = [*form.schema, *([] if form.instead else kept.get("anyOf", [kept]))]
    return {**told, **(dict(ways[0]) if len(ways) == 1 else {"anyOf": [dict(way) for way in ways]})}


def _space_definitions(models: Mapping[str, Any]) -> dict[str, Any]:
    """A group maps names to bare constants, domains and groups; a mapping with a kind as its key is a domain."""
    domains = [_domain(kind, models[kind.capitalize()]["properties"]) for kind in KINDS]
    resolved = [{"allOf": [{"$ref": f"#/$defs/{kind.capitalize()}"}, {"required": ["kind"]}]} for kind in KINDS]
    no_domain = {"not": {"anyOf": [{"required": [kind]} for kind in KINDS]}}
    group = {
        "type": "object",
        "description": "Names of hyperparameters to domains, constants or further groups.",
        "propertyNames": {"pattern": r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"},
        "additionalProperties": {"$ref": "#/$defs/Entry"},
    }
    entry = {"anyOf": [SCALAR, *domains, *resolved, {"allOf": [{"$ref": "#/$defs/Group"}, no_domain]}]}
    return {"Group": group, "Entry": entry}


def _domain(kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    bounds = {"type": "array", "prefixItems": [fields.get("low"), fields.get("high")], "minItems": 2, "maxItems": 2}
    value = bounds if kind in RANGES else {"type": "array", "minItems": 1} if kind == "choice" else {}
    return {
        "type": "object",
        "properties": {kind: value, **{option: fields[option] for option in OPTIONS[kind]}},
        "required": [kind],
        "additionalProperties": False,
    }
