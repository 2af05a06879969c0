"""GET /metrics: what all replicas have counted, for Prometheus."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from daybreak.serving import exposition
from daybreak.serving.engine import Engine


def routes(engine: Engine) -> list[BaseRoute]:
    """Of this face."""

    def metrics(_: Request) -> Response:
        return Response(exposition.told(engine.folder, engine.deployment), headers={"content-type": exposition.MEDIA})

    return [Route("/metrics", metrics)]
