"""Hashes of files, remembered by their stat: an unchanged file costs one stat, not a read.

A file is taken as unchanged while its size, inode, time of modification and time of change are. One that was changed less than
`GRAIN` before is not remembered, since a second change within the clock's grain would look like none (git's "racily
clean" files).
"""

import contextlib
import os
import tempfile
import time
from pathlib import Path

import msgspec

GRAIN = 100_000_000  # nanoseconds; file systems' clocks tick every 4 to 10 ms, network ones are coarser

Stamp = tuple[int, int, int, int]  # size, inode, mtime and ctime in nanoseconds


def stamp(stat: os.stat_result) -> Stamp:
    """What must stay the same for a file to count as unchanged."""
    return stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns


class Hashes:
    """Hashes of files below one folder, remembered in `memory` (a JSON file). For one thread; `save` it at the end.

    Two processes that save at once are harmless: the later one's file stands, and what it lacks is hashed again.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._known = _load(memory)
        self._used: dict[str, tuple[Stamp, str]] = {}
        self._began = time.time_ns()  # before any file is looked at

    def known(self, path: str, found: os.stat_result) -> str | None:
        """The hash of a file with this stat, if it is remembered."""
        known = self._known.get(path)
        if known is None or known[0] != stamp(found):
            return None
        self._used[path] = known
        return known[1]

    def remember(self, path: str, found: os.stat_result, digest: str) -> None:
        """The hash of what was read after `found` was."""
        if max(found.st_mtime_ns, found.st_ctime_ns) < self._began - GRAIN:
            self._used[path] = stamp(found), digest

    def save(self) -> None:
        """Remember what was asked for, and nothing else; a folder that cannot be written to only costs time."""
        if self._used != self._known:
            write_whole(self._memory, msgspec.json.encode(self._used))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that can be made again: whole or not at all, silently not where that cannot be."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)


def _load(memory: Path) -> dict[str, tuple[Stamp, str]]:
    try:
        return msgspec.json.decode(memory.read_bytes(), type=dict[str, tuple[Stamp, str]])
    except (OSError, msgspec.MsgspecError):
        return {}
