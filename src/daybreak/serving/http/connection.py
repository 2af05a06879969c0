"""One client's connection: bytes in, exchanges out, answers in order.

A hot request (`Server.hot`) is handled in the parser's callback, without a task or a scope; what comes behind it in the pipeline begins at
once, so that it shares a batch. Any other request waits for its turn and goes to the ASGI app. HTTP/1.1 is RFC 9112; an upgrade to
another protocol is not taken (RFC 9110, 7.8: a server may ignore it): the request is answered as any other.
"""

import asyncio
from collections import deque
from collections.abc import Container
from time import monotonic
from typing import Any, Protocol, cast

import httptools

from daybreak.serving.deployment import Limits
from daybreak.serving.http.exchange import Exchange
from daybreak.serving.refusals import Refusal

MOST_PIPELINED = 64  # requests of one connection that are taken before the first is answered
HEAD_BYTES = 32 << 10
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

IDLE, HEAD, BODY, LINGER = range(
    4
)  # between requests; in one's head; in its body; refused: what still comes is not looked at


class House(Protocol):
    """What a connection asks of its server."""

    limits: Limits
    draining: bool
    held: int  # bytes of bodies of all connections that are not yet answered
    tick: float  # the loop's clock of a moment ago, seconds

    @property
    def hot(self) -> Container[bytes]:
        """Paths that are answered in the parser's callback."""

    def opened(self, connection: "Connection") -> None:
        """A client has connected."""

    def closed(self, connection: "Connection") -> None:
        """It is gone."""

    def at_risk(self, connection: "Connection") -> None:
        """A request of it is being answered."""

    def safe(self, connection: "Connection") -> None:
        """All its requests are answered."""

    def admit(self, exchange: Exchange) -> None:
        """Let a request pass, by its head. Raises `Refusal`."""

    def handle(self, exchange: Exchange) -> None:
        """Begin to answer."""

    def answered(self, exchange: Exchange) -> None:
        """A request has its whole answer."""

    def failed(self, error: BaseException) -> None:
        """A fault of ours, met on a request."""


class Connection(asyncio.Protocol):
    """HTTP/1.1 on one socket. `since`: the loop's clock when `state` began, for the server's sweep."""

    transport: asyncio.Transport

    def __init__(self, server: House) -> None:
        self.server = server
        self.pipeline: deque[Exchange] = deque()  # not yet answered, in order of arrival
        self.state = IDLE
        self.since = 0.0
        self.served = 0  # requests answered
        self.slot = -1  # in the table of those at risk (`serving.risk`)
        self.writable = asyncio.Event()
        self.writable.set()
        self.peer: tuple[Any, ...] = ()
        self.secure = False
        self.received = 0  # bytes of the body that is coming
        self._parser = httptools.HttpRequestParser(self)
        self.paused = False  # nothing is read until something is answered
        self._head_bytes = 0  # that came while the head was not whole
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._held = 0  # bytes of bodies that have come and are not yet answered
        self._exchange: Exchange | None = None  # whose body is coming

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there."""
        self.transport = cast("asyncio.Transport", transport)
        self.peer = transport.get_extra_info("peername") or ()
        self.secure = transport.get_extra_info("sslcontext") is not None
        self.since = self.server.tick
        self.server.opened(self)

    def connection_lost(self, _: Exception | None) -> None:
        """It is gone: nobody waits for its answers."""
        self.server.closed(self)
        self.server.held -= self._held
        self._held = 0
        self.writable.set()
        for exchange in self.pipeline:
            exchange.abandon()
        self.pipeline.clear()
        self.state = LINGER

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if self.state == LINGER:
            return
        coming, received = self._exchange if self.state == BODY else None, self.received
        if self.state <= HEAD:
            self._head_bytes += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserCallbackError as error:
            self.server.failed(error)
            self.refuse(Refusal(500, "internal", "the server failed on this request; its log says why"))
        except httptools.HttpParserError:
            self.refuse(Refusal(400, "bad_request", "a request is HTTP/1.1 (RFC 9112), this is none"))
        if coming is not None and coming is self._exchange and received == self.received:
            self._head_bytes += len(data)  # trailers, or what surrounds chunks
        if self.state in (HEAD, BODY) and self._head_bytes > HEAD_BYTES:
            self.refuse(_large_head())

    def pause_writing(self) -> None:
        """The client reads slower than it is answered."""
        self.writable.clear()
        self.since = self.server.tick

    def resume_writing(self) -> None:
        """It has caught up."""
        self.writable.set()
        self.advance()

    # What the parser calls

    def on_message_begin(self) -> None:
        """A request begins."""
        if self.state == IDLE:  # in `BODY` a fresh parser begins, which reads on
            self.state, self.since = HEAD, self.server.tick
            self._url = b""
            self._headers = []
            self._body = []
            self.received = 0
            self._exchange = None

    def on_url(self, url: bytes) -> None:
        """Its target, or a part of it."""
        if self.state == HEAD:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; trailers are left out (RFC 9110, 6.5.1)."""
        if self.state == HEAD:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Its head is there: what may not pass, or is too large, is refused before it is sent."""
        if self.state != HEAD:
            return
        self.state = BODY
        parser = self._parser
        if not self._url.startswith(b"/"):
            self._url = _path(self._url)
        exchange = Exchange(self, parser.get_method(), self._url, self._headers)
        known = exchange.known
        if not parser.should_keep_alive():
            exchange.keep_alive = False
        if b"connection" in known or not exchange.keep_alive:
            exchange.old = parser.get_http_version() == "1.0"
        self._exchange = exchange
        try:
            self._check_size(int(known.get(b"content-length", 0)))
            _check_framing(exchange)
            self.server.admit(exchange)
        except Refusal as refusal:
            self.refuse(refusal)
            return
        if b"expect" in known and known[b"expect"].lower() == b"100-continue" and not self.pipeline:
            self.transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        if self.state == LINGER:
            return
        self._body.append(body)
        self._head_bytes = 0
        size = len(body)
        self.received += size
        self._held += size
        self.server.held += size
        if self.server.held > self.server.limits.together:
            self.refuse(self._crowded())
        elif self.received > self.server.limits.body:
            self.refuse(self._too_large())

    def on_message_complete(self) -> None:
        """It is whole: hand it on."""
        exchange, body = self._exchange, self._body
        if self.state == LINGER or exchange is None or self._parser.should_upgrade():
            return  # of an upgrade this parser reads no body: the next one does
        self.state, self.since = IDLE, self.server.tick
        self._head_bytes = 0
        exchange.arrived = monotonic()
        if body:
            exchange.body = body[0] if len(body) == 1 else b"".join(body)
        self._take(exchange)
        self._exchange = None  # if that fails it is this one that is refused

    # What exchanges call

    def advance(self) -> None:
        """Write what is answered and begin what waited for its turn."""
        pipeline = self.pipeline
        while pipeline and ((first := pipeline[0]).out or first.finished):
            if first.out:
                self.transport.write(first.out)
                first.out = b""
            if not first.finished:
                break
            pipeline.popleft()
            self._held -= first.size
            self.server.held -= first.size
            self.served += 1
            self.server.answered(first)
            if not first.keep_alive:
                return self._hang_up()
        if not pipeline:
            self.server.safe(self)
        elif not pipeline[0].begun:
            self.server.handle(pipeline[0])
        if self.paused and not self._full() and self.writable.is_set():
            self.paused, self.since = False, self.server.tick
            self.transport.resume_reading()
        return None

    def refuse(self, refusal: Refusal) -> None:
        """Answer a request that has not come in whole, behind those that have, and hang up."""
        self._linger()
        if self.transport.is_closing():  # the last answer was given
            return
        exchange = self._exchange
        if exchange is None or exchange.finished:
            exchange = Exchange(self, b"", self._url, self._headers)
        exchange.keep_alive = False
        exchange.begun = True
        exchange.arrived = monotonic()
        if exchange not in self.pipeline:
            self.pipeline.append(exchange)
        exchange.refuse(refusal)

    @property
    def draining(self) -> bool:
        """Whether it is closed after the next answer."""
        return self.server.draining

    @property
    def idle(self) -> bool:
        """Nothing of it is being answered or received."""
        return not self.pipeline and self.state == IDLE

    def _parse(self, data: bytes) -> None:
        """Feed the parser; where a request would like to go on by another protocol, a fresh one: what follows is HTTP/1.1 still."""
        fed = False
        while not fed and self.state != LINGER:
            try:
                self._parser.feed_data(data)
                fed = True
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._parser = httptools.HttpRequestParser(self)
                if self._exchange is not None:
                    self._parser.feed_data(_framing(self._exchange))

    def _check_size(self, body: int) -> None:
        """Raises `Refusal` for a head or a body that is too large."""
        if self._head_bytes > HEAD_BYTES:  # some of it may be body
            size = len(self._url) + sum(len(name) + len(value) for name, value in self._headers)
            if size > HEAD_BYTES:
                raise _large_head()
        self._head_bytes = 0
        if body > self.server.limits.body:
            raise self._too_large()
        if body and self.server.held + body > self.server.limits.together:
            raise self._crowded()

    def _take(self, exchange: Exchange) -> None:
        pipeline = self.pipeline
        pipeline.append(exchange)
        if len(pipeline) == 1:
            self.server.at_risk(self)
        exchange.size = len(exchange.body)
        if self._full() or not self.writable.is_set():
            self.paused = True
            self.transport.pause_reading()
        if exchange is pipeline[0] or exchange.path in self.server.hot:
            self.server.handle(exchange)

    def _full(self) -> bool:
        """Whether what waits is as many requests, or as many bytes, as may."""
        return len(self.pipeline) >= MOST_PIPELINED or self._held > self.server.limits.body

    def _too_large(self) -> Refusal:
        most = self.server.limits.body
        return Refusal(
            413, "body_too_large", f"a body has at most {most} bytes; send fewer rows, or allow more by --max-body"
        )

    def _crowded(self) -> Refusal:
        most = self.server.limits.together
        sentence = f"bodies of {most} bytes wait already, no more are taken; come back later or run more replicas"
        return Refusal(429, "overloaded", sentence, retry=1)

    def _linger(self) -> None:
        if self.state == BODY:  # what came of it is of no use
            self._held -= self.received
            self.server.held -= self.received
            self._body = []
        self.state, self.since = LINGER, self.server.tick

    def _hang_up(self) -> None:
        """Close. After a refusal only when the client has stopped sending, or it would not see the answer (RFC 9112, 9.6)."""
        if self.state == LINGER and self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()


def _check_framing(exchange: Exchange) -> None:
    """Raises `Refusal`: a request names one host (RFC 9112, 3.2), and its body is chunked at most (6.1)."""
    headers, known = exchange.headers, exchange.known
    if len(headers) > len(known) and sum(name == b"host" for name, _ in headers) > 1:
        raise Refusal(400, "bad_request", "a request has one header Host, this has more", "Host")
    if b"transfer-encoding" in known:
        codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
        if codings != [b"chunked"]:
            told = b", ".join(codings).decode("latin-1")[:80]
            sentence = f"of transfer codings a body may be chunked alone, got {told!r}; name others by Content-Encoding"
            raise Refusal(501, "unknown_coding", sentence, "Transfer-Encoding")


def _framing(exchange: Exchange) -> bytes:
    """A head that has a parser read the body of a request, and no more than that of its connection."""
    known = exchange.known
    head = b"POST / HTTP/1.1\r\n"
    if b"transfer-encoding" in known:
        head += b"transfer-encoding: chunked\r\n"
    elif b"content-length" in known:
        head += b"content-length: %s\r\n" % known[b"content-length"]
    if not exchange.keep_alive:
        head += b"connection: close\r\n"
    return head + b"\r\n"


def _path(target: bytes) -> bytes:
    """The path and query of a target that names its host, too (RFC 9112, 3.2.2); `/` where it is none."""
    try:
        parsed = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:
        return b"/"
    path: bytes = parsed.path or b"/"
    return path if parsed.query is None else path + b"?" + parsed.query


def _large_head() -> Refusal:
    return Refusal(431, "head_too_large", f"a request's head has at most {HEAD_BYTES} bytes; send fewer headers")
