"""To which of a deployment's listening sockets the system deals new connections.

A listening socket that is closed resets every connection that waits in its queue, though its handshake has ended and its client has
perhaps sent a request (Linux moves them to another socket of the group only where root switched on `net.ipv4.tcp_migrate_req`). So a
socket is dealt no more connections long before it is closed: a filter of the group picks among the others (SO_ATTACH_REUSEPORT_CBPF,
socket(7), which needs no privilege). Whoever accepts from it goes on until its queue is empty, and then nobody is lost.

Where the system knows no such filter it deals to all of them until they are closed.
"""

import contextlib
import ctypes
import socket
import struct
import sys
from collections.abc import Iterable, Sequence

from daybreak.serving.sockets import BACKLOG, again

_ATTACH_FILTER, _ATTACH_GROUP, _DETACH_GROUP = 26, 51, 68  # asm-generic/socket.h
_INSTRUCTION = struct.Struct("=HBBI")  # linux/filter.h: code, jump if true, jump if false, k
_RANDOM = 0xFFFFF000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM
_LOAD, _LOAD_BYTE, _MODULO, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x30, 0x94, 0x15, 0x45, 0x06
_FLAGS, _SYN = 13, 0x02  # offset in a TCP header (RFC 9293, 3.1)
_ALL = 0xFFFFFFFF

Instructions = Sequence[tuple[int, int, int, int]]


class Listeners:
    """Those of one port. `reserved`: has its address (`sockets.reserve`)."""

    def __init__(self, reserved: socket.socket) -> None:
        self._reserved = reserved
        self._group: list[socket.socket] = []  # as the system numbers them, socket(7)
        self._open: set[socket.socket] = set()

    def __contains__(self, one: socket.socket) -> bool:
        """Whether somebody listens on it."""
        return one in self._group

    def make(self) -> socket.socket:
        """One more, on which nobody listens yet."""
        return again(self._reserved)

    def listen(self, one: socket.socket) -> None:
        """Let connections come to it; it is dealt none before `open` where another one is open."""
        if one not in self._group:
            self._group.append(one)
            self._deal()
            one.listen(BACKLOG)

    def open(self, one: socket.socket) -> None:
        """Deal connections to it."""
        self._open.add(one)
        self._deal()

    def shut(self, one: socket.socket) -> None:
        """Deal none to it, as long as others are open."""
        self._open.discard(one)
        self._deal()

    def shut_all(self) -> None:
        """Let nobody connect any more; handshakes that have begun still end. Only where we may (CAP_NET_ADMIN)."""
        for one in self._group:
            _attach(one, _ATTACH_FILTER, _no_beginnings())

    def close(self, one: socket.socket) -> None:
        """Who still waits before it is reset: its queue should be empty. The last of the group takes its number, socket(7)."""
        if one in self._group:
            place, last = self._group.index(one), self._group.pop()
            if last is not one:
                self._group[place] = last
        self._open.discard(one)
        one.close()
        self._deal()

    def _deal(self) -> None:
        places = [place for place, one in enumerate(self._group) if one in self._open]
        if not places:
            return
        if len(places) < len(self._group):
            _attach(self._group[places[0]], _ATTACH_GROUP, _one_of(places))
        else:
            _set(self._group[places[0]], _DETACH_GROUP, struct.pack("i", 0))


def _one_of(places: Sequence[int]) -> Instructions:
    """A filter that returns one of these numbers, each as often as any other."""
    chosen: list[tuple[int, int, int, int]] = [(_LOAD, 0, 0, _RANDOM), (_MODULO, 0, 0, len(places))]
    for number, place in enumerate(places[1:], 1):
        chosen += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, place)]
    return [*chosen, (_RETURN, 0, 0, places[0])]


def _no_beginnings() -> Instructions:
    """A filter that drops segments that ask for a connection: their clients ask again a second later, and are refused by then."""
    return [(_LOAD_BYTE, 0, 0, _FLAGS), (_IF_ANY_BIT, 0, 1, _SYN), (_RETURN, 0, 0, 0), (_RETURN, 0, 0, _ALL)]


def _attach(one: socket.socket, option: int, instructions: Iterable[tuple[int, int, int, int]]) -> None:
    code = b"".join(_INSTRUCTION.pack(*each) for each in instructions)
    kept = ctypes.create_string_buffer(code, len(code))
    _set(one, option, struct.pack("HL", len(code) // _INSTRUCTION.size, ctypes.addressof(kept)))  # struct sock_fprog


def _set(one: socket.socket, option: int, value: bytes) -> None:
    """Where the system takes it: elsewhere these numbers mean other things."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, option, value)
