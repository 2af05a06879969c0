"""Where workers knock: the agent's Unix socket. Who does not know a token that was given out is turned away."""

import contextlib
import errno
import logging
import os
import secrets
import socket
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

from daybreak.base.errors import ControllerError
from daybreak.base.ids import AttemptKey
from daybreak.executors.local.connections import Connection
from daybreak.ports.reactor import Reactor
from daybreak.wire.worker import Hello, decode_from_worker

INTRODUCTION = 10.0  # seconds within which a caller must say who it is
CROWDED = 0.5  # seconds before the next knock is heard when there are no file descriptors left

_log = logging.getLogger(__name__)

Welcome = Callable[[Connection, Hello], None]


def private_folder(path: Path) -> Path:
    """Make a folder for sockets that only its owner may enter. Raises `ControllerError` when somebody else's stands there."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ControllerError(f"sockets need a folder of their own, and {path} belongs to somebody else: remove it")
    path.chmod(0o700)
    return path


class Door:
    """Listens; hands each connection whose Hello fits to whoever expects it."""

    def __init__(self, reactor: Reactor, path: Path) -> None:
        try:
            private_folder(path.parent)
        except OSError as error:
            raise ControllerError(f"sockets need a folder, {path.parent} cannot be made: {error.strerror}") from error
        with contextlib.suppress(FileNotFoundError):
            path.unlink()  # of an agent that was killed: the home's lock says that none is alive
        self._reactor = reactor
        self._path = path
        self._expected: dict[str, tuple[AttemptKey, Welcome]] = {}
        self._strangers: set[_Caller] = set()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(os.fspath(path))
        path.chmod(0o600)  # the folder keeps others out in the meantime
        self._socket.listen(128)
        self._socket.setblocking(False)
        reactor.watch(self._socket, self._accept)

    def expect(self, attempt: AttemptKey, welcome: Welcome) -> str:
        """A fresh token; whoever shows it as this attempt is welcome, once."""
        token = secrets.token_hex(16)
        self._expected[token] = (attempt, welcome)
        return token

    def refuse(self, token: str) -> None:
        """The token opens nothing any more. Idempotent."""
        self._expected.pop(token, None)

    def close(self) -> None:
        """Stop listening and remove the socket's file."""
        self._reactor.forget(self._socket)
        self._socket.close()
        for stranger in list(self._strangers):
            stranger.timer.cancel()
            stranger.connection.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):  # the knock stays: looking again at once would spin
                    self._reactor.forget(self._socket)
                    self._reactor.later(CROWDED, lambda: self._reactor.watch(self._socket, self._accept))
                return
            self._strangers.add(_Caller(self._reactor, peer, self._introduced, self._gone))

    def _introduced(self, caller: "_Caller", body: bytes) -> None:
        hello = decode_from_worker(body)
        expected = self._expected.pop(hello.token, None) if isinstance(hello, Hello) else None
        if not isinstance(hello, Hello) or expected is None or expected[0] != hello.attempt:
            self._gone(
                caller, f"{type(hello).__name__} of {hello.attempt} is not the Hello of an attempt that is expected"
            )
            return
        self._strangers.discard(caller)
        caller.timer.cancel()
        expected[1](caller.connection, hello)

    def _gone(self, caller: "_Caller", why: str) -> None:
        self._strangers.discard(caller)
        caller.timer.cancel()
        caller.connection.close()
        if why:
            _log.warning("a caller at %s was turned away: %s", self._path, why)


class _Caller:
    """A connection that has not said yet whose it is."""

    def __init__(
        self,
        reactor: Reactor,
        peer: socket.socket,
        introduced: Callable[["_Caller", bytes], None],
        gone: Callable[["_Caller", str], None],
    ) -> None:
        self.connection = Connection(reactor, peer, partial(introduced, self), partial(gone, self))
        self.timer = reactor.later(INTRODUCTION, partial(gone, self, "it did not say who it is"))
