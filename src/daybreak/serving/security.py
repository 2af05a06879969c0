"""What every answer of the app tells browsers: no sniffing, no frames, no referrer, no cache unless the route says otherwise.

A page may load from, and talk to, its own server alone (OWASP's secure headers; CSP level 3). Who may ask at all is decided before, by
`serving.guard`.
"""

from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": CONTENT_POLICY,
    "permissions-policy": "camera=(self), microphone=(self), geolocation=()",
    "cache-control": "no-store",
}
_RAW = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_BY_TLS = [*_RAW, (b"strict-transport-security", b"max-age=31536000")]


class Secured:
    """An ASGI app whose answers carry `HEADERS`, except for those that a route set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""

        async def put(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                told = {name.lower() for name, _ in headers}
                more = _BY_TLS if scope["scheme"] == "https" else _RAW
                message["headers"] = [*headers, *(one for one in more if one[0] not in told)]
            await send(message)

        await self._app(scope, receive, put)


def response_of(refusal: Refusal) -> Response:
    """A refusal as an answer of the app."""
    headers = {name.decode(): value.decode() for name, value in refusal.headers}
    return Response(refusal.body, refusal.status, headers, media_type="application/json")
