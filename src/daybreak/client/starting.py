"""Reach the controller of a home, and start one in the background when none is there.

The new process inherits one end of a pipe and writes a line on it: `ready`, or why it could not start. So nobody polls, and a
second command that starts at the same moment simply finds the winner's socket. Starting takes a second of imports: `begin` it, do
something else, then `connect`.
"""

import contextlib
import fcntl
import os
import select
import sys
import time
from pathlib import Path

from daybreak.base import errors
from daybreak.base.errors import ConnectionLost, ControllerError, DaybreakError
from daybreak.base.home import Home
from daybreak.client.connection import Connection
from daybreak.client.homes import make_home

PATIENCE = 30.0  # seconds a controller may take to open its ledger and listen, or to end
POLL = 0.05  # seconds between looks at one that somebody else started or ended

_spawned: list[int] = []  # processes of controllers that this process started and that may still run


class Start:
    """A controller that is starting. Raises `ControllerError` when its process cannot be started."""

    def __init__(self, home: Home, slots: str | None) -> None:
        self._home = home
        self._reading, writing = os.pipe()
        words = [
            sys.executable,
            "-P",
            "-m",
            "daybreak.server.serve",
        ]  # -P: nothing of the folder where a command was typed
        words += ["--home", str(home.path), "--ready-fd", str(writing)]
        try:
            _spawn(words + (["--slots", slots] if slots else []), home.controller_log, writing)
        except OSError as error:
            os.close(self._reading)
            raise ControllerError(
                f"the controller of {home.path} cannot be started: {error.strerror} (its log: {home.controller_log})"
            ) from error
        finally:
            os.close(writing)

    def wait(self) -> str:
        """Wait until it listens; what it said: "ready", or that another one owns the home. To be called once.

        Raises the error that it ended with.
        """
        try:
            told = _first_line(self._reading)
        finally:
            os.close(self._reading)
        if told == "ready" or told.startswith("busy"):
            return told
        kind, _, why = told.partition(": ")
        unknown = ControllerError(
            f"the controller of {self._home.path} could not start: {told}; see {self._home.controller_log}"
        )
        found = errors.named(kind, DaybreakError)
        raise (
            unknown if found is DaybreakError else found(f"the controller of {self._home.path} could not start: {why}")
        )


def begin(home: Home, *, slots: str | None = None) -> Start | None:
    """Start the home's controller if none answers, without waiting for it; None also where that fails: `connect` tells why."""
    try:
        Connection(home.socket).close()
    except ConnectionLost:
        with contextlib.suppress(DaybreakError):
            make_home(home)
            return Start(home, slots)
    return None


def connect(home: Home, *, slots: str | None = None, begun: Start | None = None) -> Connection:
    """A connection to the home's controller, which is started when none answers; one that starts or ends just now is waited for.

    `slots` is passed to a controller that is started here; `begun` is one that was started already. Raises `ControllerError` with the
    reason it gave.
    """
    deadline, told = time.monotonic() + PATIENCE, ""
    while True:
        try:
            return _answering(home)
        except ConnectionLost as error:
            if time.monotonic() > deadline:
                raise ControllerError(
                    f"the controller of {home.path} does not answer: {told}; see {home.controller_log}"
                ) from error
        if begun is None:
            make_home(home)
            begun = Start(home, slots)
        told, begun = begun.wait(), None
        if told != "ready":  # another one has the home: it is about to listen, or about to end
            _wait_for_either(home, deadline)


def _answering(home: Home) -> Connection:
    """A connection that was answered: one that ends takes those along that it has not accepted yet. Raises `ConnectionLost`."""
    connection = Connection(home.socket)
    try:
        connection.call("hello")
    except ConnectionLost:
        connection.close()
        raise
    return connection


def _wait_for_either(home: Home, deadline: float) -> None:
    """Until one listens or none owns the home: to start a process for each look would take the time from the one that ends or starts."""
    while time.monotonic() < deadline:
        time.sleep(POLL)
        with contextlib.suppress(ConnectionLost):
            Connection(home.socket).close()
            return
        if not _is_owned(home):
            return


def wait_until_gone(home: Home, patience: float = PATIENCE) -> bool:
    """Wait until no controller owns the home; False when one still does after so many seconds."""
    deadline = time.monotonic() + patience
    while (owned := _is_owned(home)) and time.monotonic() < deadline:
        time.sleep(POLL)
    return not owned


def _is_owned(home: Home) -> bool:
    try:
        with home.lock.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _spawn(words: list[str], log: Path, inherited: int) -> None:
    """Start a process that outlives this one, in a session of its own; nobody waits for it.

    Where this process lives longer (a notebook), those that ended are taken off the system's list when the next one starts.
    """
    _spawned[:] = [pid for pid in _spawned if not _has_ended(pid)]
    os.set_inheritable(inherited, True)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    _spawned.append(os.posix_spawn(words[0], words, os.environ, file_actions=actions, setsid=True))


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # somebody else waited for it, or it is our parent's: we were forked
        return True


def _first_line(descriptor: int) -> str:
    if not select.select([descriptor], [], [], PATIENCE)[0]:
        return f"it did not answer within {PATIENCE:.0f} s"
    said = os.read(descriptor, 65536).decode(errors="replace").strip()
    return said or "it ended without a word"
