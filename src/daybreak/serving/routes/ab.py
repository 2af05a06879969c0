"""GET /ab: what the test of this deployment says now, as JSON (`serving.experiment.reporting.Report`), or {"state": "none"}.

The supervisor writes it every second; any replica tells it.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from daybreak.serving.engine import Engine
from daybreak.serving.experiment import NONE, REPORT


def routes(engine: Engine) -> list[BaseRoute]:
    """Of this face."""

    def told(_: Request) -> Response:  # no coroutine, so that the file is read in a thread
        try:
            found = (engine.folder / REPORT).read_bytes()
        except FileNotFoundError:
            found = NONE
        return Response(found, media_type="application/json", headers={"Cache-Control": "no-store"})

    return [Route("/ab", told)]
