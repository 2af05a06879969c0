"""The Unix socket of a home: accepts clients, answers requests, keeps those waiting who watch."""

import contextlib
import socket
import time
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import ControllerError, DaybreakError, UsageError
from daybreak.ports.reactor import Reactor, Timer
from daybreak.server.connection import ServerConnection
from daybreak.server.methods import Methods
from daybreak.wire import api

LONGEST_WATCH = 60.0  # seconds
PACE = 0.1  # seconds; watchers are told at most so often


class _Watcher:
    """A client that waits for an experiment to change."""

    def __init__(self, connection: ServerConnection, request: api.Request, experiment: int, version: int) -> None:
        self.connection = connection
        self.request = request
        self.experiment = experiment
        self.version = version
        self.timer: Timer | None = None


class LocalServer:
    """Serves `wire.api` on a Unix socket (mode 0600), on the loop's thread."""

    def __init__(self, reactor: Reactor, path: Path, methods: Methods) -> None:
        self._reactor = reactor
        self._path = path
        self._methods = methods
        self._connections: set[ServerConnection] = set()
        self._watchers: list[_Watcher] = []
        self._listening = _listen(path)
        self._telling = False
        self._told_at = 0.0
        self.last_request = time.monotonic()
        reactor.watch(self._listening, self._accept)

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._connections)

    def close(self) -> None:
        """Hang up on everybody and remove the socket."""
        self._reactor.forget(self._listening)
        self._listening.close()
        self._path.unlink(missing_ok=True)
        for connection in list(self._connections):
            connection.close()

    def changed(self) -> None:
        """Something was stepped: answer those who watch, at once after a quiet time, else at the pace."""
        if self._watchers and not self._telling:
            self._telling = True
            self._reactor.later(max(0.0, self._told_at + PACE - time.monotonic()), self._tell)

    def _tell(self) -> None:
        self._telling = False
        self._told_at = time.monotonic()
        for watcher in list(self._watchers):
            self._look(watcher, watcher.version)

    def _look(self, watcher: _Watcher, above: int) -> None:
        """Answer if the experiment's version is above this."""
        try:
            status = self._methods.status(watcher.experiment)
        except Exception as error:  # noqa: BLE001 (as for requests)
            self._forget(watcher)
            _fail(watcher.connection, watcher.request.id, ControllerError(f"its status cannot be told: {error!r}"))
            return
        if status.version > above:
            self._forget(watcher)
            _answer(watcher.connection, watcher.request.id, status)

    def _accept(self) -> None:
        try:
            connected, _ = self._listening.accept()
        except OSError:
            return
        self._connections.add(ServerConnection(self._reactor, connected, self._received, self._closed))

    def _closed(self, connection: ServerConnection) -> None:
        self._connections.discard(connection)
        for watcher in [w for w in self._watchers if w.connection is connection]:
            self._forget(watcher)

    def _received(self, connection: ServerConnection, body: bytes) -> None:
        self.last_request = time.monotonic()
        try:
            request = api.decode_request(body)
        except msgspec.DecodeError:
            connection.close()
            return
        try:
            if request.method == "watch":
                self._watch(connection, request)
            else:
                self._methods.call(request.method, request.params, partial(_answer, connection, request.id))
        except DaybreakError as error:
            _fail(connection, request.id, error)
        except Exception as error:  # noqa: BLE001 (one client's request must not end the loop)
            with contextlib.suppress(OSError):  # a full disk
                traceback.print_exception(error)
            _fail(connection, request.id, ControllerError(f"{request.method} of {request.params} failed: {error!r}"))

    def _watch(self, connection: ServerConnection, request: api.Request) -> None:
        experiment, version, timeout = _watched(request.params)
        experiment = self._methods.number(experiment)
        status = self._methods.status(experiment)
        watcher = _Watcher(connection, request, experiment, version)
        if status.version > watcher.version:
            _answer(connection, request.id, status)
            return
        self._watchers.append(watcher)
        watcher.timer = self._reactor.later(min(timeout, LONGEST_WATCH), lambda: self._look(watcher, above=-1))

    def _forget(self, watcher: _Watcher) -> None:
        if watcher in self._watchers:
            self._watchers.remove(watcher)
        if watcher.timer is not None:
            watcher.timer.cancel()


def _watched(params: dict[str, Any]) -> tuple[int | str, int, float]:
    """Experiment, version and timeout of a watch. Raises `UsageError`."""
    try:
        return params["experiment"], int(params["version"]), float(params.get("timeout", 1.0))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"watch needs an experiment, a version and a timeout in seconds, got {params}") from error


def _answer(connection: ServerConnection, request: int, result: Any) -> None:
    connection.send(api.encode(api.Reply(request, result=result)))


def _fail(connection: ServerConnection, request: int, error: DaybreakError) -> None:
    connection.send(api.encode(api.Reply(request, error=api.ApiError(type(error).__name__, str(error)))))


def _listen(path: Path) -> socket.socket:
    """Bind, replacing the stale socket of a controller that is gone (the home's lock is ours)."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.setblocking(False)
    listening.bind(str(path))
    path.chmod(0o600)
    listening.listen(64)
    return listening
