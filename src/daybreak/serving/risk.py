"""Who answers for a replica that dies: its supervisor, which holds a copy of every connection.

A model may take its process with it (a fault in a runtime's native code). Its clients would see a connection that just closes, and could
not tell whether to ask again. So a replica hands each connection that it accepts to its supervisor, once (SCM_RIGHTS, unix(7)), and marks
in a table of bytes, which both map into memory, whether a request of it is being answered. When the replica dies, the supervisor answers
`503 replica_crashed` where a byte says so, and closes all.

Connections of TLS are left out: their keys died with the replica. They are closed by the system.
"""

import asyncio
import contextlib
import mmap
import os
import socket
import struct
from collections import deque

from daybreak.serving.door import answer_of
from daybreak.serving.http.connection import Connection
from daybreak.serving.problems import refuse

OPENED, CLOSED = 1, 0
_RECORD = struct.Struct(">BI")  # what happened, to which slot
MOST = 128  # descriptors in one message; Linux takes 253
PIECE = 64 << 10


class Handing:
    """The replica's side; see `http.server.Risk`."""

    def __init__(self, control: socket.socket, table: mmap.mmap) -> None:
        control.setblocking(False)
        self._control = control
        self._table = table
        self._free = deque(range(len(table)))
        self._told: list[tuple[int, int, int]] = []  # what happened, slot, descriptor
        self._loop = asyncio.get_running_loop()

    def opened(self, connection: Connection) -> None:
        """Hand over a copy; without a slot that is free it is left out."""
        found = connection.transport.get_extra_info("socket")
        if found is None or not self._free:
            return
        connection.slot = self._free.popleft()
        self._tell(OPENED, connection.slot, os.dup(found.fileno()))

    def closed(self, connection: Connection) -> None:
        """The supervisor closes its copy, so that the client sees the end."""
        self._table[connection.slot] = 0
        self._tell(CLOSED, connection.slot, -1)
        self._free.append(connection.slot)
        connection.slot = -1

    def mark(self, slot: int, working: int) -> None:
        """Whether a request is being answered."""
        self._table[slot] = working

    def _tell(self, what: int, slot: int, descriptor: int) -> None:
        self._told.append((what, slot, descriptor))
        if what == OPENED:  # at once: its first request may be the one that kills
            self._flush()
        elif len(self._told) == 1:
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        while self._told:
            part = self._told[:MOST]
            descriptors = [descriptor for _, _, descriptor in part if descriptor >= 0]
            data = b"".join(_RECORD.pack(what, slot) for what, slot, _ in part)
            try:
                if self._send(data, descriptors) < len(data):
                    raise ConnectionError("a supervisor that takes half a message has ended")
            except BlockingIOError:  # it is busy: what was not handed over is handed over a little later
                self._loop.call_later(0.005, self._flush)
                return
            except OSError:  # it has ended, and so will we
                self._told.clear()
            del self._told[:MOST]
            for descriptor in descriptors:
                os.close(descriptor)

    def _send(self, data: bytes, descriptors: list[int]) -> int:
        if descriptors:
            return socket.send_fds(self._control, [data], descriptors)
        return self._control.send(data)


class Holding:
    """The supervisor's side, of one replica. `collapse` is called when it has died."""

    def __init__(self, control: socket.socket, table: mmap.mmap) -> None:
        control.setblocking(False)
        self._control = control
        self._table = table
        self._held: dict[int, int] = {}  # slot -> descriptor
        self._came: deque[int] = deque()
        self._rest = b""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(control.fileno(), self._read)

    def collapse(self) -> int:
        """Answer for the dead; how many were told."""
        while self._read():
            pass
        told = 0
        for slot, descriptor in self._held.items():
            with socket.socket(fileno=descriptor) as client:
                if self._table[slot]:
                    told += 1
                    _answer(client)
        self._held.clear()
        self._close()
        return told

    def _close(self) -> None:
        self._loop.remove_reader(self._control.fileno())
        self._control.close()
        self._table.close()

    def _read(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, PIECE, MOST * 2)
        except (BlockingIOError, OSError):
            return False
        if not data:
            self._loop.remove_reader(self._control.fileno())
            return False
        self._came += descriptors
        data = self._rest + data
        whole = len(data) - len(data) % _RECORD.size
        self._rest = data[whole:]
        for what, slot in _RECORD.iter_unpack(data[:whole]):
            if what == OPENED:
                self._held[slot] = self._came.popleft()
            elif slot in self._held:
                os.close(self._held.pop(slot))
        return True


def _answer(client: socket.socket) -> None:
    why = "the process that held this request died; another takes its place: ask again"
    with contextlib.suppress(OSError):  # the client may have gone, too
        client.setblocking(False)
        client.send(answer_of(refuse("replica_crashed", why)))
        client.shutdown(socket.SHUT_WR)
