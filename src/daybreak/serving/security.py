"""Around all routes of the app: the guard before a request is read, headers on every answer, CORS for the pages that are welcome.

Every answer says how a browser is to treat it (OWASP's secure headers): no sniffing, no frames, no referrer, no cache unless the route
says otherwise; a page may load, and talk to, its own server alone.
"""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daybreak.serving.deployment import Deployment
from daybreak.serving.engine import Engine
from daybreak.serving.guard import Guard, guard_of, scope_of
from daybreak.serving.refusals import Refusal

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "content-security-policy": CONTENT_POLICY,
    "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
    "cache-control": "no-store",
}
_SENT = "authorization, content-type, inference-header-content-length, traceparent, x-unit"
_SHOWN = "inference-header-content-length, retry-after, www-authenticate"


class Secured:
    """An ASGI app whose requests pass the engine's guard. While no deployment is loaded, only what is open is answered."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self._app = app
        self._engine = engine
        self._deployment: Deployment | None = None
        self._guard: Guard | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit, answer, and put headers on the answer."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        refusal = None
        headers = Headers(scope=scope)
        origin, host = headers.get("origin"), headers.get("host")
        needed = scope_of(scope["method"], scope["path"])
        welcome = False
        try:
            guard = self._current()
            welcome = origin is not None and guard.welcomes(origin, host)
            preflight = _asks_for_leave(scope, headers)
            guard.admit(None if preflight else needed, host, origin, headers.get("authorization"))
            if preflight:
                return await Response(status_code=204, headers=_leave(str(origin)))(scope, receive, send)
        except Refusal as met:
            if met.code != "not_ready" or needed is not None:
                refusal = met
        dressed = _dressed(send, origin if welcome else None, secure=scope["scheme"] == "https")
        return await (self._app if refusal is None else response_of(refusal))(scope, receive, dressed)

    def _current(self) -> Guard:
        """The guard of what is deployed now. Raises `Refusal` (not_ready)."""
        deployment = self._engine.deployment
        if self._guard is None or deployment is not self._deployment:
            self._deployment, self._guard = deployment, guard_of(self._engine.folder, deployment)
        return self._guard


def response_of(refusal: Refusal) -> Response:
    """A refusal as an answer; one without a valid token says how to ask (RFC 6750, 3)."""
    headers = {name.decode(): value.decode() for name, value in refusal.headers}
    if refusal.code.startswith(("token_", "scope_")):
        told = {"token_missing": "", "scope_missing": ', error="insufficient_scope"'}.get(
            refusal.code, ', error="invalid_token"'
        )
        headers["www-authenticate"] = f'Bearer realm="daybreak"{told}'
    return Response(refusal.body, refusal.status, headers, media_type="application/json")


def _asks_for_leave(scope: Scope, headers: Headers) -> bool:
    """A browser asks whether it may ask (CORS preflight)."""
    return scope["method"] == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers


def _leave(origin: str) -> dict[str, str]:
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": _SENT,
        "access-control-max-age": "600",
        "vary": "Origin",
    }


def _dressed(send: Send, origin: str | None, *, secure: bool) -> Send:
    """Put headers on an answer. `origin`: of a page that is welcome."""

    async def put(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if secure:
                headers.setdefault("strict-transport-security", "max-age=31536000")
            if origin is not None:
                headers["access-control-allow-origin"] = origin
                headers["access-control-expose-headers"] = _SHOWN
                headers.add_vary_header("Origin")
        await send(message)

    return put
