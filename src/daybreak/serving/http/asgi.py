"""A request that is not hot, as an ASGI app sees it (ASGI 3.0, HTTP 2.3). The body has come in whole: limits were kept before."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from daybreak.serving.guard import Guard
from daybreak.serving.http.exchange import Exchange
from daybreak.serving.refusals import Refusal

Message = MutableMapping[str, Any]
App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

_log = logging.getLogger("daybreak.serving")


class Cycle:
    """One request's way through the app."""

    def __init__(self, exchange: Exchange, app: App, guard: Guard | None = None) -> None:
        self._exchange = exchange
        self._app = app
        self._guard = guard  # which let the request in; the page asks it again
        self._told = False  # the body was handed over
        self._begun = False  # the answer's head was written
        self._chunked = False
        self._status: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self._left = asyncio.Event()

    def gone(self) -> None:
        """The client has hung up: the app hears of it."""
        self._left.set()

    async def run(self) -> None:
        """Call the app; whatever it does, the client gets an answer or a closed connection."""
        exchange = self._exchange
        try:
            await self._app(self._scope(), self._receive, self._send)
        except Exception:  # noqa: BLE001 (whatever a route raises, its client is answered)
            _log.exception("the app failed", extra={"path": exchange.path.decode("latin-1")})
        if exchange.finished or self._left.is_set():
            return
        if self._begun:  # half an answer: only a closed connection can say so
            exchange.connection.transport.abort()
        else:
            exchange.refuse(Refusal(500, "internal", "the server failed on this request; its log says why"))

    def _scope(self) -> dict[str, Any]:
        exchange, connection = self._exchange, self._exchange.connection
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.0" if exchange.old else "1.1",
            "server": (connection.transport.get_extra_info("sockname") or ("", None))[:2],
            "client": connection.peer[:2] or None,
            "scheme": "https" if connection.secure else "http",
            "method": exchange.method.decode("ascii"),
            "root_path": "",
            "path": unquote(exchange.path.decode("latin-1")),
            "raw_path": exchange.path,
            "query_string": exchange.query,
            "headers": exchange.headers,
            "state": {"guard": self._guard},
        }

    async def _receive(self) -> Message:
        if not self._told:
            self._told = True
            return {"type": "http.request", "body": self._exchange.body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._left.is_set():
            return
        if message["type"] == "http.response.start":
            self._status = message["status"], [(name.lower(), value) for name, value in message.get("headers", ())]
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if not self._begun:
            self._begin(whole=None if more else len(body))
        self._write(body, more=more)
        if more:
            await self._exchange.connection.writable.wait()

    def _begin(self, whole: int | None) -> None:
        """Write the head; an answer of unknown length is chunked, or ends with its connection where the client is of 1.0."""
        exchange = self._exchange
        if self._status is None:
            raise RuntimeError("http.response.start comes before http.response.body")
        self._begun = True
        status, headers = self._status
        if not any(name == b"content-length" for name, _ in headers) and status not in (204, 304):
            if whole is not None:
                headers.append((b"content-length", b"%d" % whole))
            elif exchange.old:
                exchange.keep_alive = False
            else:
                self._chunked = True
                headers.append((b"transfer-encoding", b"chunked"))
        exchange.begin(status, headers)

    def _write(self, body: bytes, *, more: bool) -> None:
        exchange = self._exchange
        if exchange.method == b"HEAD":
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%s\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        if more:
            exchange.send(body)
        else:
            exchange.end(body)
