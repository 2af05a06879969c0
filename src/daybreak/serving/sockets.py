"""Listening sockets of a deployment: one a replica, all on one port; the system deals connections among them (SO_REUSEPORT, socket(7)).

The supervisor makes them, so that connections that wait before a replica that died are met by the next one.
"""

import asyncio
import contextlib
import errno
import select
import socket

from daybreak.base.errors import UsageError

BACKLOG = 2048  # connections that may wait to be accepted
_MOMENT = 0.002  # seconds


def reserve(host: str, port: int) -> socket.socket:
    """A bound socket that never listens and keeps the port ours. Port 0 is any free one. Raises `UsageError` where it cannot be had."""
    family = _family(host)
    try:
        if port:  # sharing would let us in beside another server that shares, and clients would meet either
            _bind(host, port, family, shared=False).close()
        return _bind(host, port, family, shared=True)
    except OSError as error:
        raise UsageError(_told(host, port, error)) from error


def again(one: socket.socket) -> socket.socket:
    """A socket to listen on, on the same address and port."""
    host, port = one.getsockname()[:2]
    return _bind(host, port, one.family, shared=True)


async def emptied(one: socket.socket, seconds: float) -> None:
    """Return when no connection waits before a listening socket from which somebody accepts, or after so many seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    waiting = select.poll()
    waiting.register(one.fileno(), select.POLLIN)
    while waiting.poll(0) and loop.time() < end:  # noqa: ASYNC110 (the system tells of no emptied queue)
        await asyncio.sleep(_MOMENT)


def _bind(host: str, port: int, family: socket.AddressFamily, *, shared: bool) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            with contextlib.suppress(OSError):
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    made.setblocking(False)
    return made


def _family(host: str) -> socket.AddressFamily:
    try:
        return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise UsageError(f"--host is an address of this machine, {host!r} is none: {error}") from error


def _told(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another one by --port, or 0 for any that is free"
    return f"port {port} of {host} cannot be used: {error.strerror}; choose another one by --host and --port"
