"""All connections of one replica: who may come in, who has had long enough, and where a request goes.

Limits keep strangers from hurting others: a head must have come within `Limits.head` seconds, a body at `SLOWEST` bytes a second; when
`Limits.connections` are open, a new one takes the place of the oldest that has not yet sent a whole request, so that thousands of
half-open connections cost those who work nothing.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from socket import socket
from time import monotonic
from typing import Protocol
from urllib.parse import unquote

from daybreak.serving.deployment import Limits
from daybreak.serving.guard import Guard, scope_of
from daybreak.serving.http.asgi import App, Cycle
from daybreak.serving.http.connection import BODY, HEAD, IDLE, LINGER, Connection
from daybreak.serving.http.exchange import Exchange
from daybreak.serving.meters import Meter
from daybreak.serving.refusals import Refusal
from daybreak.serving.sockets import BACKLOG, emptied
from daybreak.serving.spans import Tracing
from daybreak.serving.tokens import Scope

Handler = Callable[[Exchange], None]

KEEP_ALIVE = 75.0  # seconds that a connection may say nothing between requests
SLOWEST = 16 << 10  # bytes a second of a body
GRACE = 0.5  # seconds in which a client that is connected may send its request, though we drain
HANDSHAKES = 0.2  # seconds in which handshakes that have begun should end, when no new ones come
LINGERING = 10.0  # seconds that a refused client may go on sending
UNREAD = 30.0  # seconds that a client may leave its answer unread
SWEEP = 1.0
PREFLIGHT = (  # what a welcome page may send (Fetch, 3.2.2)
    (b"access-control-allow-methods", b"GET, POST"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, x-deadline-ms, x-unit-id, inference-header-content-length",
    ),
    (b"access-control-max-age", b"600"),
)
MOST_PASSED = 1_000
TRIES = 64  # connections that are looked at for one that may go

_log = logging.getLogger("daybreak.serving")


class Risk(Protocol):
    """Who answers for a replica that dies (`serving.risk`)."""

    def opened(self, connection: Connection) -> None:
        """A client has connected."""

    def closed(self, connection: Connection) -> None:
        """It is gone."""

    def mark(self, slot: int, working: int) -> None:
        """Whether a request of it is being answered."""


class Server:
    """HTTP of one replica. `hot`: path -> what handles it in the parser's callback; `app`: everything else."""

    def __init__(self, app: App, hot: dict[bytes, Handler], limits: Limits, risk: Risk | None = None) -> None:
        self.app = app
        self.hot = hot
        self.limits = limits
        self.draining = False
        self.held = 0  # bytes of bodies that have come and are not yet answered
        self.tick = asyncio.get_running_loop().time()  # the loop's clock, as of the last sweep
        self._guard: Guard | None = None
        self._passed: set[tuple[bytes | None, bytes | None]] = set()  # host and token of predictions that may pass
        self.meter: Meter | None = None
        self.tracing: Tracing | None = None
        self.connections: dict[Connection, None] = {}  # the oldest first
        self._risk = risk
        self._loop = asyncio.get_running_loop()
        self._listening: list[tuple[asyncio.Server, socket]] = []
        self._meeting = 0.0  # seconds until who was accepted is a connection: with TLS they shake hands first
        self._emptied: asyncio.Future[None] | None = None  # when the last connection has gone, while it drains
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper = self._loop.call_later(SWEEP, self._sweep)

    async def listen(self, sockets: Sequence[socket], context: ssl.SSLContext | None = None) -> None:
        """Take connections."""
        self._meeting = GRACE if context is not None else 0.0
        for one in sockets:
            made = await self._loop.create_server(lambda: Connection(self), sock=one, ssl=context, backlog=BACKLOG)
            self._listening.append((made, one))

    async def drain(self, seconds: float, closed: Callable[[], object] = lambda: None) -> None:
        """Finish requests that have begun, hang up; at the latest after so many seconds.

        Connections whose handshake has begun by now are accepted and answered; then `closed` is called.
        """
        self.draining = True
        for connection in list(self.connections):
            self._loop.call_later(GRACE, _part, connection)
        await self._close(seconds)
        closed()
        if self.connections:
            self._emptied = self._loop.create_future()
            await asyncio.wait([self._emptied], timeout=seconds)
        self._sweeper.cancel()
        for connection in list(self.connections):
            connection.transport.abort()

    async def _close(self, seconds: float) -> None:
        """Accept no more. A socket that closes resets whoever waits before it: its queue is emptied first."""
        await asyncio.sleep(min(HANDSHAKES, seconds))
        for made, one in self._listening:
            await emptied(one, seconds)
            made.close()
        self._listening.clear()
        await asyncio.sleep(self._meeting)  # the last that were accepted come to be connections

    # What connections call

    @property
    def guard(self) -> Guard | None:
        """Who may ask what."""
        return self._guard

    @guard.setter
    def guard(self, guard: Guard) -> None:
        self._guard = guard
        self._passed.clear()

    def admit(self, exchange: Exchange) -> None:
        """Let a request pass, by its head. Raises `Refusal`. Who may predict is remembered until the next sweep."""
        if self._guard is None:
            return
        known = exchange.known
        predicts = exchange.method == b"POST" and exchange.path in self.hot
        key = (known.get(b"host"), known.get(b"authorization"))
        if predicts and key in self._passed and b"origin" not in known:
            return
        origin = known.get(b"origin")
        self._guard.admit(_scope(exchange, predicts=predicts), _text(key[0]), _text(origin), _text(key[1]))
        if predicts and len(self._passed) < MOST_PASSED:
            self._passed.add(key)
        exchange.origin = origin or b""

    def handle(self, exchange: Exchange) -> None:
        """Begin to answer a request."""
        exchange.begun = True
        if exchange.method == b"OPTIONS" and exchange.origin:
            exchange.answer(204, b"", b"text/plain", PREFLIGHT)
            return
        if (handler := self.hot.get(exchange.path)) is not None:
            handler(exchange)
        else:
            self.cold(exchange)

    def cold(self, exchange: Exchange) -> None:
        """Have the app answer."""
        cycle = Cycle(exchange, self.app, self.guard)
        exchange.worker = cycle
        task = self._loop.create_task(cycle.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def opened(self, connection: Connection) -> None:
        """A client has connected; when there are too many, another goes, or it."""
        if len(self.connections) >= self.limits.connections and not self._make_room():
            sentence = f"{self.limits.connections} clients are connected, no more are taken; come back later"
            connection.refuse(Refusal(503, "too_many_connections", sentence, retry=1))
        self.connections[connection] = None
        if self.draining:
            self._loop.call_later(GRACE, _part, connection)
        if self._risk is not None and not connection.secure:
            self._risk.opened(connection)

    def closed(self, connection: Connection) -> None:
        """It is gone."""
        self.connections.pop(connection, None)
        if self._emptied is not None and not self.connections and not self._emptied.done():
            self._emptied.set_result(None)
        if connection.slot >= 0 and self._risk is not None:
            self._risk.closed(connection)

    def at_risk(self, connection: Connection) -> None:
        """From now on a request of it is being answered."""
        if connection.slot >= 0 and self._risk is not None:
            self._risk.mark(connection.slot, 1)

    def safe(self, connection: Connection) -> None:
        """All its requests are answered."""
        if connection.slot >= 0 and self._risk is not None:
            self._risk.mark(connection.slot, 0)

    def answered(self, exchange: Exchange) -> None:
        """A request has its whole answer: count it."""
        seconds = monotonic() - exchange.arrived
        if self.meter is not None:
            self.meter.request(exchange.path, exchange.status, seconds)
        if self.tracing is not None:
            method, path = exchange.method.decode("latin-1"), exchange.path.decode("latin-1")
            self.tracing.request(exchange.known, method, path, exchange.status, seconds)

    def failed(self, error: BaseException) -> None:
        """A fault of ours, met on a request."""
        _log.error("a request failed", exc_info=error)

    def _make_room(self) -> bool:
        """Close the oldest connection that has not sent a whole request; else the oldest that is idle; False where all work."""
        idle: Connection | None = None
        for connection in list(_first(self.connections, TRIES)):
            if not connection.pipeline and not connection.served:
                connection.transport.abort()
                del self.connections[connection]
                return True
            if idle is None and connection.idle:
                idle = connection
            del self.connections[connection]  # it works: looked at again after all others
            self.connections[connection] = None
        if idle is not None:
            idle.transport.abort()
            del self.connections[idle]
        return idle is not None

    def _sweep(self) -> None:
        now = self.tick = self._loop.time()
        self._passed.clear()
        for connection in list(self.connections):
            self._look(connection, now - connection.since)
        self._sweeper = self._loop.call_later(SWEEP, self._sweep)

    def _look(self, connection: Connection, seconds: float) -> None:
        """End a connection whose client is too slow."""
        state, limits = connection.state, self.limits
        if not connection.writable.is_set():
            if seconds > UNREAD:
                connection.transport.abort()
        elif connection.paused:
            pass  # it is we who do not read
        elif state == LINGER:
            if seconds > LINGERING and not connection.pipeline:
                connection.transport.abort()
        elif state == IDLE:
            if not connection.pipeline and seconds > (KEEP_ALIVE if connection.served else limits.head):
                connection.transport.close()
        elif (state == HEAD and seconds > limits.head) or (state == BODY and seconds > self._patience(connection)):
            connection.refuse(Refusal(408, "too_slow", f"the request did not come in {seconds:.0f} s; send it faster"))

    def _patience(self, connection: Connection) -> float:
        return self.limits.head + connection.received / SLOWEST


def _part(connection: Connection) -> None:
    if connection.idle:
        connection.transport.close()


def _scope(exchange: Exchange, *, predicts: bool) -> Scope | None:
    """What a request needs. A preflight carries no token (Fetch, 3.2.5)."""
    if predicts:
        return "predict"
    if exchange.method == b"OPTIONS" and b"access-control-request-method" in exchange.known:
        return None
    return scope_of(exchange.method.decode(), unquote(exchange.path.decode("latin-1")))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _first(connections: dict[Connection, None], many: int) -> list[Connection]:
    return [connection for connection, _ in zip(connections, range(many), strict=False)]
