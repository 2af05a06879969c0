"""What a supervisor and its replicas tell each other, over a pair of sockets: msgpack behind its length (4 bytes, big endian)."""

import asyncio
import struct

import msgspec

from daybreak.serving.deployment import Deployment

_LENGTH = struct.Struct(">I")


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Load this beside what is served; answered by `Prepared` or `Failed`."""

    deployment: Deployment


class Switch(msgspec.Struct, frozen=True, tag=True):
    """Serve what was prepared; answered by `Serving`."""


class Discard(msgspec.Struct, frozen=True, tag=True):
    """Forget what was prepared."""


class Drain(msgspec.Struct, frozen=True, tag=True):
    """Finish what was begun, and end."""


class Up(msgspec.Struct, frozen=True, tag=True):
    """A replica is there, and serves nothing yet."""


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """It is loaded."""

    generation: int


class Failed(msgspec.Struct, frozen=True, tag=True):
    """It cannot be loaded, and why."""

    generation: int
    why: str


class Serving(msgspec.Struct, frozen=True, tag=True):
    """Requests are answered by this generation."""

    generation: int


class Closed(msgspec.Struct, frozen=True, tag=True):
    """It drains, and accepts no more connections."""


Order = Prepare | Switch | Discard | Drain
Report = Up | Prepared | Failed | Serving | Closed


class Channel:
    """One end. `received`: the type of what the other end sends."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: object) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = msgspec.msgpack.Decoder(received)

    def send(self, message: Order | Report) -> None:
        """Send one; a peer that has ended is met when it is read from."""
        body = msgspec.msgpack.encode(message)
        self._writer.write(_LENGTH.pack(len(body)) + body)

    async def receive(self) -> object | None:
        """The next; None when the other end is gone."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            found: object = self._decoder.decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return found

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
