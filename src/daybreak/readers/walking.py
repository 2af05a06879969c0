"""The files of a folder, in the order of their names, held compactly: a million of them are no trouble."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.readers.request import Progress

CHUNK = 2**16  # names that are Python objects at one time
NOBODYS = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Files:
    """Files below a folder: paths relative to it with slashes, and their sizes in bytes; sorted by path."""

    root: Path
    names: pa.Array
    extensions: Counter[str]

    def having(self, extensions: frozenset[str]) -> "Files":
        """Only those with one of these extensions."""
        pattern = r"(?i)\.(" + "|".join(sorted(each.removeprefix(".") for each in extensions)) + ")$"
        mask = pc.match_substring_regex(self.names, pattern)
        kept = Counter({extension: n for extension, n in self.extensions.items() if extension in extensions})
        return Files(self.root, self.names.filter(mask), kept)

    def __len__(self) -> int:
        return len(self.names)


def walk(root: Path, progress: Progress | None = None) -> Files:
    """All files below a folder, hidden ones aside. Links to files are followed, links to folders are not. Raises `OSError`."""
    chunks: list[pa.Array] = []
    waiting: list[str] = []
    extensions: Counter[str] = Counter()
    for name in _names(str(root), ""):
        waiting.append(name)
        extensions[PurePosixPath(name).suffix.lower()] += 1
        if len(waiting) >= CHUNK:
            chunks.append(pa.array(waiting, pa.string()))
            waiting = []
            if progress:
                progress(f"listing {root}", sum(map(len, chunks)), 0)
    names = pa.chunked_array([*chunks, pa.array(waiting, pa.string())]).combine_chunks()
    return Files(root, names.take(pc.sort_indices(names)), extensions)


def _names(folder: str, prefix: str) -> Iterator[str]:
    below: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name in NOBODYS:
                continue
            if entry.is_dir(follow_symlinks=False):
                below.append(entry.name)
            elif entry.is_file():
                yield prefix + entry.name
    for name in sorted(below):
        yield from _names(f"{folder}/{name}", f"{prefix}{name}/")
