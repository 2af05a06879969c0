"""Reach the controller of a home, and start one in the background when none is there.

The new process inherits one end of a pipe and writes a line on it: `ready`, or why it could not start. So nobody polls, and a
second command that starts at the same moment simply finds the winner's socket.
"""

import os
import select
import sys
from pathlib import Path

from daybreak.base.errors import ConnectionLost, ControllerError, LedgerBusy
from daybreak.base.home import Home
from daybreak.client.connection import Connection
from daybreak.client.homes import make_home

PATIENCE = 30.0  # seconds a controller may take to open its ledger and listen


def connect(home: Home, *, slots: str | None = None) -> Connection:
    """A connection to the home's controller, which is started when none answers.

    `slots` is passed to a controller that is started here. Raises `ControllerError` with the reason it gave.
    """
    try:
        return Connection(home.socket)
    except ConnectionLost:
        make_home(home)
    told = start(home, slots=slots)
    try:
        return Connection(home.socket)
    except ConnectionLost as error:
        raise ControllerError(
            f"the controller of {home.path} did not start: {told}; see {home.controller_log}"
        ) from error


def start(home: Home, *, slots: str | None = None) -> str:
    """Start a controller for this home and wait until it listens; what it said ("ready", or that another one owns the home)."""
    reading, writing = os.pipe()
    words = [sys.executable, "-m", "daybreak.server.serve", "--home", str(home.path), "--ready-fd", str(writing)]
    try:
        _spawn(words + (["--slots", slots] if slots else []), home.controller_log, writing)
    finally:
        os.close(writing)
    try:
        told = _first_line(reading)
    finally:
        os.close(reading)
    if told == "ready" or told.startswith("busy"):
        return told
    kind, _, why = told.partition(":")
    raise (LedgerBusy if kind == "LedgerBusy" else ControllerError)(
        f"the controller of {home.path} could not start: {(why or told).strip()}"
    )


def _spawn(words: list[str], log: Path, inherited: int) -> None:
    """Start a process that outlives this one, in a session of its own; nobody waits for it."""
    os.set_inheritable(inherited, True)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    os.posix_spawn(words[0], words, os.environ, file_actions=actions, setsid=True)


def _first_line(descriptor: int) -> str:
    if not select.select([descriptor], [], [], PATIENCE)[0]:
        return f"it did not answer within {PATIENCE:.0f} s"
    said = os.read(descriptor, 65536).decode(errors="replace").strip()
    return said or "it ended without a word"
