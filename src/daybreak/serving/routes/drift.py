"""GET /drift: how live rows stand against the reference, as the supervisor judged them last (`serving.watch.standing`)."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from daybreak.serving.engine import Engine
from daybreak.serving.watch import standing


def routes(engine: Engine) -> list[BaseRoute]:
    """Of this face."""

    def drift(_: Request) -> Response:
        told = standing.read(engine.folder)
        return Response(msgspec.json.encode(told), media_type="application/json", headers={"cache-control": "no-store"})

    return [Route("/drift", drift)]
