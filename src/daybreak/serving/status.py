"""status.json: what a deployment's supervisor says of it, written whole at each change."""

import fcntl
import os
from pathlib import Path
from typing import Literal

import msgspec

from daybreak.serving.deployment import Served

RECORD = "status.json"
LOCK = "supervisor.lock"
NOTICES = 20

State = Literal["starting", "serving", "degraded", "stopping", "stopped", "failed"]


class Notice(msgspec.Struct, frozen=True):
    """Something that people should know. `at`: seconds since 1970."""

    at: float
    text: str


class ReplicaStatus(msgspec.Struct, frozen=True):
    """One process. `restarts`: since the supervisor began."""

    number: int
    pid: int
    state: str
    generation: int
    restarts: int
    since: float


class Status(msgspec.Struct, frozen=True):
    """A deployment as it is.

    `serving`: empty until a request can be answered; `generation`: of what is served; `refused`: the last that
    could not be, the newest notice says why.
    """

    name: str
    state: State
    pid: int
    url: str
    port: int
    since: float
    generation: int = 0
    refused: int = 0
    serving: tuple[Served, ...] = ()
    replicas: tuple[ReplicaStatus, ...] = ()
    notices: tuple[Notice, ...] = ()


def write(folder: Path, status: Status) -> None:
    """Replace the file."""
    partial = folder / f"{RECORD}.partial"
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(status), indent=1))
    partial.replace(folder / RECORD)


def read(folder: Path) -> Status | None:
    """What the supervisor said last; `stopped` where none runs any more; None where none ever did."""
    try:
        status = msgspec.json.decode((folder / RECORD).read_bytes(), type=Status)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    if status.state not in ("stopped", "failed") and not supervised(folder):
        return msgspec.structs.replace(status, state="stopped", replicas=())
    return status


def supervised(folder: Path) -> bool:
    """Whether a supervisor runs."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
