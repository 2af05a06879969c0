"""One listening socket of a deployment, as the supervisor keeps it while processes that accept from it come and go.

Where none accepts, the supervisor does, and tells whoever came to ask again. Few come so: those who wait before a replica that died twice
or was killed while it drained, those whose handshake takes longer than a replica that drains waits, and all while no replica is up.
"""

import asyncio
import contextlib
import socket
import ssl

from daybreak.serving.listeners import Listeners
from daybreak.serving.problems import refuse
from daybreak.serving.refusals import Refusal
from daybreak.serving.sockets import emptied

PATIENCE = 2.0  # seconds in which a client must have asked and read
PIECE = 64 << 10
WHY = "no process takes this request here: it ends, or starts again; ask again in a moment"


def answer_of(refusal: Refusal) -> bytes:
    """A whole answer of HTTP that refuses, and says that the connection ends and when to come back."""
    body = refusal.body
    head = (
        f"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        "retry-after: 1\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


class Door:
    """Of one replica. `context`: of TLS."""

    def __init__(self, listeners: Listeners, context: ssl.SSLContext | None) -> None:
        self.listening = listeners.make()
        self._listeners = listeners
        self._context = context
        self._handshake = None if context is None else PATIENCE  # a stop would wait a minute for who never shakes hands
        self._turning = False
        self._told: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Lock()
        self._loop = asyncio.get_running_loop()

    def listen(self) -> None:
        """A replica is about to accept."""
        self._cease()
        self._listeners.listen(self.listening)

    def open(self) -> None:
        """It accepts."""
        self._listeners.open(self.listening)

    def shut(self) -> None:
        """It has died, or is to leave: connections are dealt to others, if there are any."""
        self._listeners.shut(self.listening)

    def turn_away(self) -> None:
        """From now on nobody else accepts."""
        if self.listening in self._listeners:
            self._loop.add_reader(self.listening.fileno(), self._accept)
            self._turning = True

    async def close(self) -> None:
        """Answer who still waits, and end."""
        async with self._closing:
            self.turn_away()
            if self._turning:
                await emptied(self.listening, PATIENCE)
                self._cease()
            self._listeners.close(self.listening)
            await asyncio.gather(*self._told)

    def _cease(self) -> None:
        if self._turning:
            self._loop.remove_reader(self.listening.fileno())
            self._turning = False

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # at last of a queue that is empty
            while True:
                client, _ = self.listening.accept()
                told = asyncio.ensure_future(self._tell(client))
                self._told.add(told)
                told.add_done_callback(self._told.discard)

    async def _tell(self, client: socket.socket) -> None:
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        with client, contextlib.suppress(OSError):
            made, _ = await self._loop.connect_accepted_socket(
                lambda: protocol,
                client,
                ssl=self._context,
                ssl_handshake_timeout=self._handshake,
                ssl_shutdown_timeout=self._handshake,
            )
            writer = asyncio.StreamWriter(made, protocol, reader, self._loop)
            await _turn(reader, writer)
            writer.close()
            await writer.wait_closed()


async def _turn(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer when the head is there; then read what still comes: a client that is sending sees no answer from who hangs up."""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(PATIENCE):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer_of(refuse("draining", WHY)))
            if writer.can_write_eof():
                writer.write_eof()
            while await reader.read(PIECE):
                pass
