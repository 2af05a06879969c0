"""JSON Schema (2020-12) of a signature: of one row as the plain route takes it, and of one prediction as it answers.

What the schema cannot say is said elsewhere: ranges that training saw are told as `x-low` and `x-high` (they bind only a strict field), and
lists of free length along several axes must be as long as each other.
"""

from typing import Any

from daybreak.signature.columns import LOOSE
from daybreak.signature.fields import Field, Output, Signature
from daybreak.signature.rows import bounds, number_type

Schema = dict[str, Any]
MEDIA = {"image": "image/png", "audio": "audio/wav"}
SPAN = {
    "text": {"type": "string"},
    "start": {"type": "integer"},
    "end": {"type": "integer"},
    "score": {"type": "number"},
}


def row_schema(signature: Signature) -> Schema:
    """Of one row: an object of the fields, with no others."""
    return {
        "type": "object",
        "properties": {field.name: field_schema(field) for field in signature.inputs},
        "required": [field.name for field in signature.inputs if not field.optional],
        "additionalProperties": False,
    }


def prediction_schema(signature: Signature) -> Schema:
    """Of one prediction: an object of the outputs."""
    return _object({output.name: output_schema(output) for output in signature.outputs})


def field_schema(field: Field) -> Schema:
    """Of one field's value."""
    schema = _value(field)
    if field.nullable or field.optional:
        schema = _or_null(schema)
    told: Schema = {"description": field.description, "x-unit": field.unit, "x-kind": field.kind}
    if not field.strict:
        told |= {"x-low": field.low, "x-high": field.high, "x-classes": list(field.classes)}
    return schema | {name: value for name, value in told.items() if value not in ("", None, [])}


def _value(field: Field) -> Schema:
    if field.kind in LOOSE:
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": MEDIA[field.kind]}
    if field.kind == "category" and field.strict and field.classes:
        return {"enum": list(field.classes)}
    if field.kind in ("category", "text"):
        return {"type": "string"}
    schema = _number(field)
    if field.kind != "tensor":
        return schema
    if field.nullable:
        schema = _or_null(schema)
    for length in reversed(field.shape):
        limits = {} if length is None else {"minItems": length, "maxItems": length}
        schema = {"type": "array", "items": schema, **limits}
    return schema


def _number(field: Field) -> Schema:
    least, most = bounds(field)
    if least is None:
        return {"type": "boolean"}
    if field.strict:
        least = least if field.low is None else max(least, field.low)
        most = most if field.high is None else min(most, field.high)
    return {"type": "integer" if number_type(field).kind in "iu" else "number", "minimum": least, "maximum": most}


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return {"enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def output_schema(output: Output) -> Schema:
    """Of one output's answer."""
    schema = _answer(output)
    told = {"description": output.description, "x-unit": output.unit, "x-kind": output.kind}
    return schema | {name: value for name, value in told.items() if value}


def _answer(output: Output) -> Schema:
    number: Schema = {"type": ["number", "null"]}
    if output.kind == "label":
        names = _or_null({"enum": list(output.classes)} if output.classes else {"type": "string"})
        return _object(
            {"label": names, "score": number, "probabilities": {"type": "object", "additionalProperties": number}}
        )
    if output.kind == "number":
        return _object(dict.fromkeys(("value", "low", "high"), number)) if output.interval else number
    if output.kind == "span":
        return _object(SPAN)
    if output.kind in ("text", "image"):
        return {"type": "string"}
    schema = number
    for length in reversed(output.shape):
        limits = {} if length is None else {"minItems": length, "maxItems": length}
        schema = {"type": "array", "items": schema, **limits}
    return schema


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
