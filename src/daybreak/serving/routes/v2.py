"""The Open Inference Protocol V2 over HTTP.

GET  /v2, /v2/health/live, /v2/health/ready
GET  /v2/models/NAME[/versions/VERSION], .../ready
POST /v2/models/NAME[/versions/VERSION]/infer
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from daybreak.serving.engine import Engine
from daybreak.serving.refusals import Refusal
from daybreak.serving.routes.reading import body_of
from daybreak.serving.v2 import bodies, metadata
from daybreak.serving.v2.infer import arm_of, aside, infer
from daybreak.serving.v2.mapping import Described

MODEL = "/v2/models/{name}"
VERSIONED = MODEL + "/versions/{version}"


def routes(engine: Engine) -> list[BaseRoute]:
    """Of this face."""
    face = _Face(engine)
    models: list[BaseRoute] = []
    for path in (MODEL, VERSIONED):
        models += [
            Route(path + "/infer", face.infer, methods=["POST"]),  # first: it is asked most
            Route(path, face.model),
            Route(path + "/ready", face.model_ready),
        ]
    return [
        *models,
        Route("/v2", face.server),
        Route("/v2/", face.server),
        Route("/v2/health/live", face.live),
        Route("/v2/health/ready", face.ready),
    ]


class _Face:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def live(self, _: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(self, _: Request) -> Response:
        if self._engine.ready:
            return JSONResponse({"ready": True})
        told = {"ready": False, "error": "no model is loaded, or the replica is about to stop", "code": "not_ready"}
        return JSONResponse(told, 503, {"Retry-After": "1"})

    async def server(self, _: Request) -> Response:
        name, version, extensions = metadata.server()
        models = [{"name": one.model, "version": str(one.version)} for one in self._engine.deployment.served]
        return JSONResponse({"name": name, "version": version, "extensions": extensions, "models": models})

    async def model(self, request: Request) -> Response:
        arm, versions, inputs, outputs = metadata.model(self._engine, *_path(request))
        return JSONResponse(
            {
                "name": arm.served.model,
                "versions": versions,
                "platform": metadata.platform(arm),
                "inputs": [_described(one) for one in inputs],
                "outputs": [_described(one) for one in outputs],
            }
        )

    async def model_ready(self, request: Request) -> Response:
        name, version = _path(request)
        arm_of(self._engine, name, version)
        if not self._engine.ready:
            raise Refusal(503, "draining", "this replica is about to stop; ask another one", retry=1)
        return JSONResponse({"name": name, "ready": True})

    async def infer(self, request: Request) -> Response:
        arm = arm_of(self._engine, *_path(request))
        body = await body_of(
            request, self._engine.deployment.limits.body, ("application/json", "application/octet-stream")
        )
        size, length = len(body), request.headers.get(bodies.LENGTH_HEADER)
        unit = self._engine.unit_of(dict(request.headers.raw), ())
        asked = await aside(size, lambda: bodies.read(body, length))
        answered = await infer(self._engine, asked, arm, route="v2", size=size, unit=unit)
        told, head = await aside(size, lambda: bodies.write(asked, answered))
        if head is None:
            return Response(told, media_type="application/json")
        return Response(told, headers={bodies.LENGTH_HEADER: str(head)}, media_type="application/octet-stream")


def _path(request: Request) -> tuple[str, str | None]:
    return request.path_params["name"], request.path_params.get("version")


def _described(one: Described) -> dict[str, Any]:
    return {"name": one.name, "datatype": one.datatype, "shape": list(one.shape)}
