"""All routes but the hot one, as one ASGI app: each face is a module of `serving.routes` with `routes(engine) -> list[Route]`.

`POST /predict` never comes here: `serving.predict` answers it in the protocol's callback. What a route raises as `Refusal` becomes
`{"error", "code", "where"}`; anything else is a 500 without internals, and a line in the log.
"""

import logging
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from daybreak.serving.engine import Engine
from daybreak.serving.refusals import Refusal
from daybreak.serving.routes import ab, drift, feedback, metrics, openapi, page, v2
from daybreak.serving.security import Secured, response_of

FACES = (v2, ab, drift, openapi, feedback, metrics, page)  # in this order: the page takes what is left at /

_log = logging.getLogger("daybreak.serving")


def build(engine: Engine) -> ASGIApp:
    """The app. The engine may still be loading: routes ask it when they are called."""
    routes: list[BaseRoute] = []
    for face in FACES:
        routes += face.routes(engine)
    handlers = {Refusal: _refused, HTTPException: _http, Exception: _failed}
    return Secured(Starlette(routes=routes, exception_handlers=handlers))


def _refused(_: Request, error: Any) -> Response:
    return response_of(error)


def _http(request: Request, error: Any) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return response_of(Refusal(404, "unknown_path", f"there is no {request.url.path} here; see /openapi.json"))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        made = response_of(Refusal(405, "wrong_method", f"{request.url.path} takes {allowed}, not {request.method}"))
        made.headers["allow"] = allowed
        return made
    return response_of(Refusal(error.status_code, "bad_request", str(error.detail)))


def _failed(request: Request, error: Exception) -> Response:
    _log.error("a route failed", exc_info=error, extra={"path": request.url.path})
    return response_of(Refusal(500, "internal", "the server failed on this request; its log says why"))
