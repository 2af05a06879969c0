"""A shortcut for starting: the state as it was at some entry of the log, so that only later entries are replayed.

The log is the truth, a snapshot is a cache of it: a pickle beside the ledger, written when the controller ends and after long replays.
It is used only by exactly the code that made it, for a log that still holds the same last entry, and when nobody but its owner
can have written it (unpickling runs what is in the file). In every other case it is ignored, and the whole log is replayed.
"""

import contextlib
import gc
import hashlib
import os
import pickle
import stat
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from daybreak.ports.ledger import Ledger, Logged

_STEPPED_BY = (
    "base",
    "spec",
    "wire",
    "search",
    "scheduling",
    "lifecycle",
    "controller",
)  # rooms whose code makes a state


class Snapshot(NamedTuple):
    """What a controller knows after an entry."""

    seq: int
    mark: bytes  # hash of that entry
    memory: Any


class SnapshotFile:
    """One file. `least`: entries since the last snapshot that make a new one worthwhile."""

    def __init__(self, path: Path, least: int = 2_000) -> None:
        self._path = path
        self._least = least
        self._seq = 0

    def load(self, ledger: Ledger) -> Snapshot | None:
        """The snapshot, if it is this code's and this log's."""
        with contextlib.suppress(OSError), self._path.open("rb") as file:
            if not _private(os.fstat(file.fileno())) or file.read(len(_code())) != _code():
                return None
            snapshot = _unpickled(file)
            if snapshot is not None and _mark_at(ledger, snapshot.seq) == snapshot.mark:
                self._seq = snapshot.seq
                return snapshot
        return None

    def save(self, ledger: Ledger, seq: int, memory: Any) -> None:
        """Write it, if enough has happened since the last one. A full disk is no reason to fail: the log has everything."""
        if seq - self._seq < self._least:
            return
        mark = _mark_at(ledger, seq)
        fresh = self._path.with_name(self._path.name + ".new")
        with contextlib.suppress(OSError):
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
                file.write(_code())
                with _no_collection():
                    pickle.dump((seq, mark, memory), file, pickle.HIGHEST_PROTOCOL)
            fresh.replace(self._path)
            self._seq = seq


def _unpickled(file: Any) -> Snapshot | None:
    """A damaged file may raise anything at all."""
    try:
        with _no_collection():
            return Snapshot(*pickle.load(file))  # noqa: S301 (our own file: see `_private`)
    except Exception:  # noqa: BLE001
        return None


def _mark_at(ledger: Ledger, seq: int) -> bytes:
    entry = next(ledger.replay(after=seq - 1), None)
    return b"" if entry is None or entry.seq != seq else _mark(entry)


def _mark(entry: Logged) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode((entry.at, entry.event))).digest()


def _private(found: os.stat_result) -> bool:
    return found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Millions of objects appear at once and none is garbage: looking for some would take most of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@cache
def _code() -> bytes:
    """A digest of the interpreter and of the sources that step and hold a state."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256(sys.version.encode())
    for room in _STEPPED_BY:
        for source in sorted((root / room).rglob("*.py")):
            digest.update(source.relative_to(root).as_posix().encode())
            digest.update(source.read_bytes())
    return digest.digest()
