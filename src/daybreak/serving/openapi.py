"""The OpenAPI 3.1 document of a deployment, made from its model's signature: what clients and their generators read.

https://spec.openapis.org/oas/v3.1.0. Every status that a route answers with stands in it, with the codes of `serving.problems`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from daybreak.registry.package import Package
from daybreak.serving.deployment import Deployment
from daybreak.serving.meters import KINDS
from daybreak.serving.problems import PROBLEMS
from daybreak.signature.columns import LOOSE
from daybreak.signature.fields import Signature
from daybreak.signature.schema import prediction_schema, row_schema

Json = dict[str, Any]
ANYWHERE = (400, 401, 403, 408, 429, 431, 500, 503)  # what any route may answer
WITH_BODY = (*ANYWHERE, 404, 413, 415, 501, 504)
MEDIA = {
    "image": ("image/png", "image/jpeg", "image/webp", "image/bmp"),
    "audio": ("audio/wav", "audio/flac", "audio/ogg"),
}
TEXT: Json = {"type": "string"}


def document(deployment: Deployment, package: Package, examples: Sequence[Json] = ()) -> Json:
    """Of a deployment whose first model is `package`. `examples`: rows as the plain route takes them."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": deployment.name,
            "version": str(package.version),
            "description": package.description or f"Predictions of {package.name}, version {package.version}.",
        },
        "paths": _plain(package.signature, deployment, examples) | _told() | _v2(deployment),
        "components": {
            "schemas": _schemas(package.signature),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`daybreak token create`; if the server asks",
                }
            },
        },
        "security": [{}, {"token": []}],
    }


def _plain(signature: Signature, deployment: Deployment, examples: Sequence[Json]) -> Json:
    rows = {"type": "array", "items": _ref("Row"), "minItems": 1, "maxItems": deployment.limits.rows}
    wrapped = {"type": "object", "properties": {"rows": rows}, "required": ["rows"], "additionalProperties": False}
    pieces = rows | {"items": _ref("Feedback")}
    one = {"application/json": {"schema": {"anyOf": [_ref("Row"), rows, wrapped]}} | _examples(examples)}
    answered = _json(
        {"anyOf": [_answer("prediction", _ref("Prediction")), _answer("predictions", _list(_ref("Prediction")))]}
    )
    return {
        "/predict": {
            "post": {
                "operationId": "predict",
                "summary": "A row, or rows, to predictions.",
                "description": "The header X-Deadline-Ms says how many milliseconds the answer is waited for (then 504).",
                "parameters": _unit(deployment),
                "requestBody": {"required": True, "content": one | _bodies(signature)},
                "responses": {"200": {"description": "One prediction for a row, several for rows."} | answered}
                | _errors(WITH_BODY),
            }
        },
        "/feedback": {
            "post": {
                "operationId": "feedback",
                "summary": "What became of a request.",
                "requestBody": {
                    "required": True,
                    "content": _json({"anyOf": [_ref("Feedback"), pieces]})["content"],
                },
                "responses": {"202": {"description": "Taken."} | _json(_ref("Accepted"))} | _errors(WITH_BODY),
            }
        },
    }


def _told() -> Json:
    return {
        "/ab": _get("ab", "What the test of champion and challengers says.", _json({"type": "object"})),
        "/drift": _get(
            "drift", "How live rows stand against those the model was proved on.", _json({"type": "object"})
        ),
        "/metrics": _get("metrics", "What all replicas have counted.", {"content": {"text/plain": {"schema": TEXT}}}),
        "/openapi.json": _get("openapi", "This document.", _json({"type": "object"})),
    }


def _v2(deployment: Deployment) -> Json:
    """Of the Open Inference Protocol."""
    found: Json = {
        "/v2": _get("server", "Name, version, extensions, models.", _json(_ref("Server"))),
        "/v2/health/live": _get("live", "Whether the process lives.", _json({"type": "object"})),
        "/v2/health/ready": _get("ready", "Whether requests are answered.", _json({"type": "object"})),
    }
    name = _in_path("name", sorted({one.model for one in deployment.served}))
    version = _in_path("version", sorted({str(one.version) for one in deployment.served}))
    return (
        found
        | _model("/v2/models/{name}", "", [name])
        | _model("/v2/models/{name}/versions/{version}", "Version", [name, version])
    )


def _model(path: str, suffix: str, parameters: Sequence[Json]) -> Json:
    named = {"parameters": parameters}
    answer = {"application/json": {"schema": _ref("Inferred")}, "application/octet-stream": {"schema": {}}}
    infer = {
        "operationId": f"infer{suffix}",
        "summary": "Tensors to tensors, as JSON or with the binary tensor extension.",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref("Inference")}}},
        "responses": {"200": {"description": "The outputs.", "content": answer}} | _errors(WITH_BODY),
    }
    return {
        path: named
        | _get(f"model{suffix}", "Inputs and outputs with datatypes and shapes.", _json(_ref("Model")), 404),
        path + "/ready": named | _get(f"modelReady{suffix}", "Whether it answers.", _json({"type": "object"}), 404),
        path + "/infer": named | {"post": infer},
    }


def _schemas(signature: Signature) -> Json:
    codes = {"type": "string", "enum": list(PROBLEMS)}
    feedback = {
        "id": TEXT | {"description": "Of the answer."},
        "kind": {"enum": [*KINDS, None]},
        "value": {"type": ["number", "boolean", "null"]},
        "truth": {"description": "The right answer, or {output: answer}."},
        "note": TEXT | {"maxLength": 2000},
    }
    return {
        "Row": row_schema(signature),
        "Prediction": prediction_schema(signature),
        "Feedback": _some(feedback, "id")
        | {"anyOf": [{"required": ["truth"]}, {"required": ["kind"]}], "additionalProperties": False},
        "Accepted": _object({"accepted": {"type": "integer"}, "kinds": _list(TEXT)}),
        "Error": _some({"error": TEXT, "code": codes, "where": TEXT}, "error", "code"),
    } | _tensors(signature)


def _tensors(signature: Signature) -> Json:
    """Of the Open Inference Protocol."""
    described = {"name": TEXT, "datatype": TEXT, "shape": _list({"type": "integer"})}
    tensor, parameters = _object(described, open_=True), {"type": "object"}
    given = _object(described | {"name": {"enum": [field.name for field in signature.inputs]}}, open_=True)
    wanted = {"name": {"enum": [output.name for output in signature.outputs]}, "parameters": parameters}
    asked = {"inputs": _list(given) | {"minItems": 1}, "outputs": _list(_some(wanted, "name"))}
    told = {"inputs": _list(tensor), "outputs": _list(tensor)}
    return {
        "Server": _object({"name": TEXT, "version": TEXT, "extensions": _list(TEXT)}, open_=True),
        "Model": _object({"name": TEXT, "versions": _list(TEXT), "platform": TEXT} | told),
        "Inference": _some({"id": TEXT, "parameters": parameters} | asked, "inputs"),
        "Inferred": _object(
            {"model_name": TEXT, "model_version": TEXT, "id": TEXT, "outputs": _list(tensor)}, open_=True
        ),
    }


def _bodies(signature: Signature) -> Json:
    """Other bodies of the plain route."""
    found: Json = {"text/csv": {"schema": TEXT}}
    inputs = signature.inputs
    if len(inputs) == 1 and inputs[0].kind in LOOSE:
        found |= {media: {"schema": {}} for media in MEDIA[inputs[0].kind]}
    return found


def _examples(rows: Sequence[Json]) -> Json:
    return {"examples": {f"example{place}": {"value": row} for place, row in enumerate(rows, 1)}} if rows else {}


def _get(name: str, summary: str, answer: Json, *more: int) -> Json:
    told = {"200": {"description": summary} | answer} | _errors((*ANYWHERE, *more))
    return {"get": {"operationId": name, "summary": summary, "responses": told}}


def _errors(statuses: Iterable[int]) -> Json:
    return {str(status): _error(status) for status in sorted(statuses)}


def _error(status: int) -> Json:
    codes = ", ".join(code for code, problem in PROBLEMS.items() if problem.status == status)
    return {"description": f"Refused: {codes}."} | _json(_ref("Error"))


def _answer(name: str, schema: Json) -> Json:
    return _object({"id": TEXT, "model": TEXT, "version": TEXT, name: schema})


def _header(name: str, schema: Json, about: str) -> Json:
    return {"name": name, "in": "header", "schema": schema, "description": about}


def _unit(deployment: Deployment) -> Sequence[Json]:
    """The header that names who asks, where a running test has one."""
    kind, _, name = deployment.split.unit.partition(":") if deployment.split else ("", "", "")
    return (
        [_header(name, TEXT, "Who asks: the test that runs answers a unit by one version.")] if kind == "header" else []
    )


def _in_path(name: str, values: Sequence[str]) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"enum": list(values)}}


def _json(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Json, *, open_: bool = False) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties)} | (
        {} if open_ else {"additionalProperties": False}
    )


def _some(properties: Json, *required: str) -> Json:
    return {"type": "object", "properties": properties, "required": list(required)}
