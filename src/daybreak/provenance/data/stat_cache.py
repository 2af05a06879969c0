"""Which file had which hash when it was last read, so that an unchanged tree costs only stats.

A table in the home (`data/stat-cache.db`), keyed by dataset and path; it may be deleted at any time. A hash is believed while the
file's size, times and inode are what they were, and unless the file was "racy", as git calls it: changed so shortly before it was
read that a second change may bear the same time. The change time (ctime) is what counts, since nobody can set it; its granularity
is taken to be 2 s where a file system keeps whole seconds, 100 ms elsewhere. Not noticed are changes that leave size, both times
and inode as they were: a clock of a file server that runs behind ours by more than that, or a write through a memory map that has
not reached the file system.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from daybreak.base.errors import UsageError
from daybreak.provenance.data.walk import Stamp

SECOND = 1_000_000_000
COARSE, FINE = 2 * SECOND, SECOND // 10
PATIENCE = 30.0  # seconds to wait for another process that writes

_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
  dataset TEXT NOT NULL, path TEXT NOT NULL, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER,
  digest BLOB NOT NULL, PRIMARY KEY (dataset, path)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Known(NamedTuple):
    """A file's hash (32 bytes), and its stamp when it was read."""

    stamp: Stamp
    digest: bytes


class StatCache:
    """The table in one file, which is made when it is missing. For one thread; many processes may share the file.

    Raises `UsageError` when the file is no such table or cannot be written.
    """

    def __init__(self, file: Path) -> None:
        with _explained(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=OFF")  # what a power cut takes is only hashed again
            self._connection.executescript(_SCHEMA)
        self._file = file

    def known(self, dataset: str) -> dict[str, Known]:
        """What is known of a dataset (the absolute path of a folder), by relative path."""
        with _explained(self._file):
            rows = self._connection.execute(
                "SELECT path, size, mtime, ctime, inode, digest FROM file WHERE dataset = ?", (dataset,)
            )
            return {path: Known(Stamp(*stamp), digest) for path, *stamp, digest in rows}

    def learn(self, dataset: str, files: Iterable[tuple[str, Known]], gone: Iterable[str] = ()) -> None:
        """Write down hashes, and forget files that are gone."""
        rows = [(dataset, path, *known.stamp, known.digest) for path, known in files]
        with _explained(self._file), self._writing():
            self._connection.executemany(
                "DELETE FROM file WHERE dataset = ? AND path = ?", [(dataset, p) for p in gone]
            )
            self._connection.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def fact(self, name: str) -> str | None:
        """A text that was kept under a name: what follows from bytes alone, and is dear to find out."""
        with _explained(self._file):
            found = self._connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    def keep_fact(self, name: str, value: str) -> None:
        """Keep a text under a name."""
        with _explained(self._file):
            self._connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def racy(stamp: Stamp, read_at: int) -> bool:
    """Whether a file with this stamp, read at `read_at` (nanoseconds since 1970), may change again without its stamp showing it."""
    granularity = FINE if stamp.ctime % SECOND else COARSE
    return stamp.ctime + granularity >= read_at


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise UsageError(
            f"hashes of data are kept in {file}, which cannot be used ({error}): it may be deleted, it is made again"
        ) from error
