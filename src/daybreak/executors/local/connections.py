"""Frames on a non-blocking stream socket, for one thread and its loop."""

import socket
from collections.abc import Callable

import msgspec

from daybreak.base.errors import ConnectionLost
from daybreak.ports.reactor import Reactor, Timer
from daybreak.wire.frames import FrameBuffer, pack

CHUNK = 2**18
FULL = 0.01  # seconds until a send is tried again when the other side's buffer is full


class Connection:
    """One peer. `on_frame` gets each body; `on_close(why)` is called once when the peer goes, not when we close.

    A frame that cannot be read ends the connection. Both handlers may be replaced.
    """

    def __init__(
        self, reactor: Reactor, peer: socket.socket, on_frame: Callable[[bytes], None], on_close: Callable[[str], None]
    ) -> None:
        peer.setblocking(False)
        self.on_frame = on_frame
        self.on_close = on_close
        self._reactor = reactor
        self._peer = peer
        self._buffer = FrameBuffer()
        self._unsent = bytearray()
        self._again: Timer | None = None
        self.open = True
        reactor.watch(peer, self._ready)

    def send(self, body: bytes) -> None:
        """Send one frame; what the other side has no room for yet goes later. After the close: nothing."""
        if self.open:
            self._unsent += pack(body)
            self._flush()

    def drain(self) -> None:
        """Take in everything that has arrived (a process that has ended may have left its last words)."""
        while self.open and self._receive():
            pass

    def close(self) -> None:
        """Close without telling `on_close`. Idempotent."""
        if self.open:
            self.open = False
            self._reactor.forget(self._peer)
            self._peer.close()
            if self._again is not None:
                self._again.cancel()

    def _flush(self) -> None:
        self._again = None
        try:
            while self._unsent:
                del self._unsent[: self._peer.send(self._unsent)]
        except BlockingIOError:
            self._again = self._reactor.later(FULL, self._flush)
        except OSError:
            self._unsent.clear()  # the peer is gone; reading will say so

    def _ready(self) -> None:
        self._receive()

    def _receive(self) -> bool:
        try:
            data = self._peer.recv(CHUNK)
        except BlockingIOError:
            return False
        except OSError as error:
            return self._lost(str(error))
        if not data:
            return self._lost("")
        try:
            for body in self._buffer.feed(data):
                self.on_frame(body)
                if not self.open:
                    return False
        except (ConnectionLost, msgspec.DecodeError) as error:
            return self._lost(f"it sent something that is no frame: {error}")
        return True

    def _lost(self, why: str) -> bool:
        self.close()
        self.on_close(why)
        return False
