"""The hashes of many files: those that are known from the cache, the others read in parallel.

A large file is read by memory map with all of blake3's own threads; small ones by a pool, one thread a file: mapping a small file
costs more than reading it. A file that changes while it is read is read again; one that never holds still is an error with its name.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3

from daybreak.base.errors import UsageError
from daybreak.provenance.data.file import File
from daybreak.provenance.data.stat_cache import Known, StatCache, racy
from daybreak.provenance.data.walk import Found, as_stamp, stamp

LARGE = 8 * 2**20  # bytes from which a file is worth all threads
MAPPED = 2**20  # bytes from which a file is mapped rather than read
CHUNK = 256  # small files handed to a thread at once
TRIES = 3


class Progress(NamedTuple):
    """How far long work has come. `total`: bytes to read; files that are known are not among them."""

    dataset: str
    done: int
    total: int


Tell = Callable[[Progress], None]


class Hasher:
    """Hashes files, and remembers them in a cache. `progress` is told after each batch; `clock` gives nanoseconds since 1970.

    With `fresh` nothing is believed: every byte is read. `variables` are those of the dataset's credentials profile, for stores.
    """

    def __init__(
        self,
        cache: StatCache,
        progress: Tell | None = None,
        clock: Callable[[], int] = time.time_ns,
        *,
        fresh: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.cache = cache
        self.progress = progress
        self.variables = variables or {}
        self._clock = clock
        self._fresh = fresh

    def with_variables(self, variables: Mapping[str, str]) -> "Hasher":
        """The same with the variables of another profile."""
        return Hasher(self.cache, self.progress, self._clock, fresh=self._fresh, variables=variables)

    def files(self, folder: Path, found: Sequence[Found], name: str = "") -> list[File]:
        """The files with their hashes. `name`: of the dataset in the cache, where it is not all of `folder`. Raises as `hashes`."""
        digests = self.hashes(folder, found, name)
        return [File(file.path, file.stamp.size, digests[file.path].hex()) for file in found]

    def hashes(self, folder: Path, found: Sequence[Found], name: str = "") -> dict[str, bytes]:
        """blake3 (32 bytes) of every file, by its path relative to `folder`. Raises `UsageError`, `OSError`."""
        place, dataset = str(folder), name or str(folder)
        known = self.cache.known(dataset)
        hits = (
            {} if self._fresh else {f.path: k.digest for f in found if (k := known.get(f.path)) and k.stamp == f.stamp}
        )
        missing = [file for file in found if file.path not in hits]
        gone = known.keys() - {file.path for file in found}
        if not missing and not gone:
            return hits
        began = self._clock()
        self.cache.learn(dataset, (), gone)
        for batch in self._read(place, missing):  # written down as it comes: work that is cut off is not lost
            self.cache.learn(dataset, ((path, known) for path, known in batch if not racy(known.stamp, began)))
            hits.update((path, known.digest) for path, known in batch)
        return hits

    def _read(self, place: str, files: Sequence[Found]) -> Iterator[list[tuple[str, Known]]]:
        total = sum(file.stamp.size for file in files)
        done = 0
        for batch in self._in_batches(place, files):
            yield batch
            done += sum(known.stamp.size for _, known in batch)
            self._tell(place, done, total)

    @staticmethod
    def _in_batches(place: str, files: Sequence[Found]) -> Iterator[list[tuple[str, Known]]]:
        small = [file for file in files if file.stamp.size < LARGE]
        batches = [small[start : start + CHUNK] for start in range(0, len(small), CHUNK)]
        with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, len(batches)))) as pool:
            yield from pool.map(lambda files: [_read_steadily(place, file, 1) for file in files], batches)
        for file in files:
            if file.stamp.size >= LARGE:
                yield [_read_steadily(place, file, blake3.AUTO)]

    def _tell(self, dataset: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(Progress(dataset, done, total))


def _read_steadily(folder: str, file: Found, threads: int) -> tuple[str, Known]:
    place, before = f"{folder}/{file.path}", file.stamp
    for _ in range(TRIES):
        known = hash_place(place, before.size, threads)
        if known.stamp == before:
            return file.path, known
        before = known.stamp
    raise UsageError(f"data must hold still while it is read, but {place} changes: wait until it is complete")


def hash_place(place: str, size: int, threads: int = 1) -> Known:
    """blake3 of a file of about `size` bytes, with so many threads, and its stamp after it was read. Raises `OSError`."""
    if size >= MAPPED:
        digest = blake3(max_threads=threads).update_mmap(place).digest()
        return Known(stamp(place), digest)
    handle = os.open(place, os.O_RDONLY)
    try:
        data = os.read(handle, size)  # at once; a file that is longer by now has another stamp, and is read again
        hasher = blake3(data)
        while len(data) < size and (data := os.read(handle, MAPPED)):  # network file systems give what they have
            hasher.update(data)
        return Known(as_stamp(os.fstat(handle)), hasher.digest())
    finally:
        os.close(handle)
