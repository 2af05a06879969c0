"""One conversation with the controller over its Unix socket. Blocking; one thread at a time."""

import socket
from pathlib import Path
from typing import Any, Self

from daybreak.base import errors
from daybreak.base.errors import ConnectionLost
from daybreak.wire import api, frames


class Connection:
    """Ask and be answered. Use as a context manager, or `close` it."""

    def __init__(self, path: Path, timeout: float | None = None) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        self._next = 1
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise ConnectionLost(f"no controller answers at {path} ({error.strerror})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Idempotent."""
        self._socket.close()

    def call(self, method: str, **params: Any) -> Any:
        """Ask one thing and wait for the answer, plain data as in `wire.api`.

        Raises the error the controller answered with (same class and message as over there), or `ConnectionLost`.
        """
        request = api.Request(self._next, method, params)
        self._next += 1
        try:
            self._socket.sendall(frames.pack(api.encode(request)))
        except OSError as error:
            raise ConnectionLost("the controller went away") from error
        reply = api.decode_reply(frames.receive_frame(self._socket))
        if reply.error is not None:
            raise errors.named(reply.error.kind)(reply.error.message)
        return reply.result
