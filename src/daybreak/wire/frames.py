"""Frames on a stream socket: a 4-byte little-endian length, then that many bytes of msgpack."""

import socket
from collections.abc import Iterator

from daybreak.base.errors import ConnectionLost

HEADER = 4
LARGEST = 256 * 2**20  # bytes; a longer frame is a fault of the sender


def pack(body: bytes) -> bytes:
    """One frame, ready to be sent."""
    return len(body).to_bytes(HEADER, "little") + body


class FrameBuffer:
    """Cuts what arrives on a socket into frame bodies; not thread-safe, one per connection."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield every body that is complete now. Raises `ConnectionLost` for an absurd length."""
        if not self._data and len(data) == HEADER + int.from_bytes(data[:HEADER], "little") <= HEADER + LARGEST:
            yield data[HEADER:]  # exactly one frame, as nearly always: nothing to keep
            return
        self._data += data
        start = 0
        try:
            while len(self._data) - start >= HEADER:
                size = int.from_bytes(self._data[start : start + HEADER], "little")
                if size > LARGEST:
                    raise ConnectionLost(f"a frame may have {LARGEST} bytes, the other side announced {size}")
                end = start + HEADER + size
                if len(self._data) < end:
                    return
                body = bytes(self._data[start + HEADER : end])
                start = end
                yield body
        finally:
            del self._data[:start]


def receive_exactly(connection: socket.socket, size: int) -> bytes:
    """Read `size` bytes from a blocking socket. Raises `ConnectionLost` when it closes first."""
    data = bytearray()
    while len(data) < size:
        try:
            more = connection.recv(min(size - len(data), 2**20))
        except (ConnectionError, OSError) as error:
            raise ConnectionLost("the other side of the socket went away") from error
        if not more:
            raise ConnectionLost("the other side of the socket went away")
        data += more
    return bytes(data)


def receive_frame(connection: socket.socket) -> bytes:
    """Read one frame's body from a blocking socket. Raises `ConnectionLost`."""
    size = int.from_bytes(receive_exactly(connection, HEADER), "little")
    if size > LARGEST:
        raise ConnectionLost(f"a frame may have {LARGEST} bytes, the other side announced {size}")
    return receive_exactly(connection, size)
