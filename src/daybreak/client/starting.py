"""Reach the controller of a home, and start one in the background when none is there.

The new process inherits one end of a pipe and writes a line on it: `ready`, or why it could not start. So nobody polls, and a
second command that starts at the same moment simply finds the winner's socket.
"""

import os
import select
import subprocess
import sys

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
    command = [sys.executable, "-m", "daybreak.server.serve", "--home", str(home.path), "--ready-fd", str(writing)]
    if slots:
        command += ["--slots", slots]
    with home.controller_log.open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(writing,),
            start_new_session=True,
            cwd="/",
        )
    os.close(writing)
    try:
        told = _first_line(reading)
    finally:
        os.close(reading)
    if told.startswith("busy"):
        return told
    if told != "ready":
        process.poll()
        kind, _, why = told.partition(":")
        raise (LedgerBusy if kind == "LedgerBusy" else ControllerError)(
            f"the controller of {home.path} could not start: {(why or told).strip()}"
        )
    return told


def _first_line(descriptor: int) -> str:
    if not select.select([descriptor], [], [], PATIENCE)[0]:
        return f"it did not answer within {PATIENCE:.0f} s"
    said = os.read(descriptor, 65536).decode(errors="replace").strip()
    return said or "it ended without a word"
