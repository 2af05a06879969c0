"""The files below a folder, each with what its file system says of it, by `os.scandir`: one system call a file.

Left out is what is no data and changes by itself: homes, `.git`, `__pycache__` and what desktops leave behind. Links are followed: what
counts is what user code would read.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from daybreak.base.errors import UsageError

NO_DATA = frozenset({".git", "__pycache__", ".ipynb_checkpoints", ".DS_Store", "Thumbs.db"})
LEDGER = "ledger.db"  # a folder that holds one is a home


class Stamp(NamedTuple):
    """What a file system says of a file's content without reading it. Times in nanoseconds since 1970."""

    size: int
    mtime: int
    ctime: int
    inode: int


class Found(NamedTuple):
    """A file below a folder: its path relative to that, with `/`, and its stamp."""

    path: str
    stamp: Stamp


def stamp(place: str | Path) -> Stamp:
    """The stamp of one file, links followed. Raises `OSError`."""
    return as_stamp(os.stat(place))  # noqa: PTH116 (a string, half a million times)


def files_below(folder: Path) -> Iterator[Found]:
    """All files below a folder, in no order. Raises `UsageError` for what cannot be data, `OSError`."""
    yield from _below(str(folder), "", frozenset())


def _below(folder: str, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[Found]:
    here = os.stat(folder)  # noqa: PTH116
    place = here.st_dev, here.st_ino
    if place in above:
        raise UsageError(f"a dataset must end somewhere, but {folder} links to a folder above it: remove the link")
    with os.scandir(folder) as listed:
        entries = [entry for entry in listed if entry.name not in NO_DATA]
    if prefix and any(entry.name == LEDGER for entry in entries):
        return
    for entry in entries:
        name = prefix + entry.name
        if not name.isascii():
            _must_be_text(name, folder)
        if entry.is_dir():
            yield from _below(entry.path, f"{name}/", above | {place})
        else:
            yield Found(name, _stamp_of(entry))


def _stamp_of(entry: os.DirEntry[str]) -> Stamp:
    try:
        found = entry.stat()
    except FileNotFoundError as error:
        if entry.is_symlink():
            raise UsageError(
                f"a file of a dataset must exist, but {entry.path} is a link to nothing: remove it"
            ) from error
        raise
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"a dataset is made of files and folders, but {entry.path} is a socket, pipe or device")
    return as_stamp(found)


def as_stamp(found: os.stat_result) -> Stamp:
    """The part of what the system says that tells whether a file has changed."""
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _must_be_text(name: str, folder: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"names of files of a dataset must be UTF-8, got {os.fsencode(name)!r} in {folder}") from error
