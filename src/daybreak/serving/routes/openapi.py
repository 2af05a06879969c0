"""GET /openapi.json: the plain route, V2 and feedback, for clients and generators of clients."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from daybreak.base.errors import NotFound
from daybreak.inference.model import Model
from daybreak.registry.package import EXAMPLES as LINES
from daybreak.serving.engine import Engine
from daybreak.serving.openapi import document

EXAMPLES = 3
LARGEST = 64 << 10  # bytes of a line with an example; larger ones (pictures) would make the document hard to read


def routes(engine: Engine) -> list[BaseRoute]:
    """Of this face."""

    def openapi(_: Request) -> Response:
        arm = engine.champion
        rows = examples(arm.model)
        return Response(
            msgspec.json.encode(document(engine.deployment, arm.model.package, rows)), media_type="application/json"
        )

    return [Route("/openapi.json", openapi)]


def examples(model: Model) -> list[dict[str, Any]]:
    """The first rows of a package's examples.jsonl; none where it has none."""
    try:
        lines = model.read(LINES).splitlines()
    except NotFound:
        return []
    return [msgspec.json.decode(line)["inputs"] for line in lines[:EXAMPLES] if len(line) <= LARGEST]
