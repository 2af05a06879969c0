"""GET /openapi.json: the plain route, V2 and feedback, for clients and generators of clients."""

from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from daybreak.serving.engine import Engine
from daybreak.serving.openapi import document

EXAMPLES = 3
LARGEST = 64 << 10  # bytes of a line with an example; larger ones (pictures) would make the document hard to read


def routes(engine: Engine) -> list[BaseRoute]:
    """Of this face."""

    def openapi(_: Request) -> Response:
        arm = engine.champion
        rows = examples(Path(arm.served.package))
        return Response(
            msgspec.json.encode(document(engine.deployment, arm.model.package, rows)), media_type="application/json"
        )

    return [Route("/openapi.json", openapi)]


def examples(package: Path) -> list[dict[str, Any]]:
    """The first rows of a package's examples.jsonl; none where it has none."""
    try:
        with (package / "examples.jsonl").open("rb") as lines:
            return [msgspec.json.decode(line)["inputs"] for line in islice(lines, EXAMPLES) if len(line) <= LARGEST]
    except FileNotFoundError:
        return []
