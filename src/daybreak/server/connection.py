"""One client's connection on the loop's thread: frames in, frames out, never blocking."""

import socket
from collections.abc import Callable

from daybreak.base.errors import ConnectionLost
from daybreak.ports.reactor import Reactor, Timer
from daybreak.wire.frames import FrameBuffer, pack

RETRY = 0.005  # seconds until more is offered to a client whose buffer is full
MOST_UNSENT = 512 * 2**20  # bytes; a client that lets more than this pile up is dropped


class ServerConnection:
    """Reads requests and buffers replies. `received` is called with each frame's body, `closed` once."""

    def __init__(
        self,
        reactor: Reactor,
        connected: socket.socket,
        received: Callable[["ServerConnection", bytes], None],
        closed: Callable[["ServerConnection"], None],
    ) -> None:
        self._reactor = reactor
        self._socket = connected
        self._received = received
        self._closed = closed
        self._incoming = FrameBuffer()
        self._unsent = bytearray()
        self._timer: Timer | None = None
        self.open = True
        connected.setblocking(False)
        reactor.watch(connected, self._ready)

    def send(self, body: bytes) -> None:
        """Send one frame now, or as soon as the client reads."""
        if not self.open:
            return
        self._unsent += pack(body)
        self._flush()

    def close(self) -> None:
        """Hang up. Idempotent."""
        if self.open:
            self.open = False
            self._reactor.forget(self._socket)
            self._socket.close()
            if self._timer is not None:
                self._timer.cancel()
            self._closed(self)

    def _ready(self) -> None:
        try:
            data = self._socket.recv(2**18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            for body in self._incoming.feed(data):
                self._received(self, body)
        except ConnectionLost:
            self.close()

    def _flush(self) -> None:
        self._timer = None
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            if len(self._unsent) > MOST_UNSENT:
                self.close()
            else:
                self._timer = self._reactor.later(RETRY, self._flush)
        except OSError:
            self.close()
