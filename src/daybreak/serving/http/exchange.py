"""One request and its answer, in its place among a connection's."""

import asyncio
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Protocol

from daybreak.serving.refusals import Refusal

JSON = b"application/json"
Headers = Iterable[tuple[bytes, bytes]]

_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
OK = 200
_OK = _LINES[OK]
_BODILESS = (204, 304)


class Line(Protocol):
    """The connection that an exchange came by."""

    transport: asyncio.Transport
    peer: tuple[Any, ...]
    secure: bool
    writable: asyncio.Event

    @property
    def draining(self) -> bool:
        """Whether it is closed after this answer."""

    def advance(self) -> None:
        """Write what is answered."""


class Abandonable(Protocol):
    """Whoever works on an exchange."""

    def gone(self) -> None:
        """The client has hung up: stop, nobody waits."""


class Exchange:
    """A request that has come in whole.

    It is answered once, by `answer` or `refuse`; or in parts, by `begin`, `send` and `end`, while it is its connection's first.
    """

    __slots__ = (
        "arrived",
        "begun",
        "body",
        "connection",
        "finished",
        "headers",
        "keep_alive",
        "known",
        "method",
        "old",
        "origin",
        "out",
        "path",
        "query",
        "size",
        "status",
        "worker",
    )

    def __init__(self, connection: Line, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.connection = connection
        self.method = method
        self.path, _, self.query = target.partition(b"?")  # as sent
        self.headers = headers  # names in lower case
        self.known = dict(headers)
        self.origin = b""  # of a page elsewhere that may read the answer
        self.body = b""
        self.size = 0  # of the body as it came, bytes
        self.keep_alive = True
        self.old = False  # HTTP/1.0
        self.arrived = 0.0  # when it was whole: seconds of `time.monotonic`, finer than uvloop's clock
        self.begun = False  # somebody works on it
        self.worker: Abandonable | None = None
        self.status = 0
        self.out = b""  # of the answer, what was not yet written
        self.finished = False

    def answer(self, status: int, body: bytes, media: bytes = JSON, headers: Headers = ()) -> None:
        """Answer with a whole body."""
        if status == OK and self.plain and not headers and not self.connection.draining:
            self.status = OK
            self.out = b"%scontent-type: %s\r\ncontent-length: %d\r\n%s%s" % (_OK, media, len(body), _dated(), body)
        else:
            head = self._head(status, [(b"content-type", media), *headers], len(body))
            self.out = head if self.method == b"HEAD" else head + body
        self.finished = True
        self.connection.advance()

    @property
    def plain(self) -> bool:
        """Whether its answer needs no more than the usual head."""
        return self.keep_alive and not self.old and not self.origin and self.method != b"HEAD"

    def refuse(self, refusal: Refusal) -> None:
        """Say why it is not answered."""
        self.answer(refusal.status, refusal.body, JSON, refusal.headers)

    def begin(self, status: int, headers: Headers) -> None:
        """Begin an answer in parts. Headers say how long it is, or that it is chunked."""
        self.out += self._head(status, headers, None)

    def send(self, part: bytes) -> None:
        """Write a part."""
        self.out += part
        if self.out:
            self.connection.advance()

    def end(self, part: bytes = b"") -> None:
        """Write the last part."""
        self.out += part
        self.finished = True
        self.connection.advance()

    def abandon(self) -> None:
        """The client is gone."""
        if self.worker is not None and not self.finished:
            self.worker.gone()

    def _head(self, status: int, headers: Headers, length: int | None) -> bytes:
        self.status = status
        if self.connection.draining:
            self.keep_alive = False
        parts = [_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        parts += [b"%s: %s\r\n" % header for header in headers]
        if length is not None and status not in _BODILESS:
            parts.append(b"content-length: %d\r\n" % length)
        if self.origin:
            parts.append(b"access-control-allow-origin: %s\r\nvary: origin\r\n" % self.origin)
        if not self.keep_alive:
            parts.append(b"connection: close\r\n")
        elif self.old:
            parts.append(b"connection: keep-alive\r\n")
        parts.append(_dated())
        return b"".join(parts)


def _dated() -> bytes:
    """The last line of a head, with the time as RFC 9110 (5.6.7) writes it; made once a second."""
    global _second, _line  # one value for the process, kept for a second
    now = int(time.time())
    if now != _second:
        at = time.gmtime(now)
        day, month = _WEEKDAYS[at.tm_wday], _MONTHS[at.tm_mon - 1]
        clock = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
        _second, _line = now, f"date: {day}, {at.tm_mday:02d} {month} {at.tm_year} {clock} GMT\r\n\r\n".encode()
    return _line


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_second = 0
_line = b""
