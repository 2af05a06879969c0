"""Samples that are files: each is read once, by a few threads, and becomes a row of what it is called, holds and looks like."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyarrow as pa
from blake3 import blake3

from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.readers.kept import KeptRows
from daybreak.readers.request import Progress
from daybreak.readers.source import note

BATCH = 256
MOST_NAMED = 5
MOST_THREADS = 8

Load = Callable[[], bytes]


class Broken(Exception):
    """A file that is not what its name says; the message says why."""


class Decoder(Protocol):
    """How files of one kind become rows. Safe for several threads."""

    what: str  # "pictures", "recordings", "texts"
    extensions: frozenset[str]

    def prepare(self, samples: Sequence[bytes]) -> None:
        """Look at some files before the first is decoded."""

    def fields(self) -> list[pa.Field]:
        """What `decode` gives."""

    def decode(self, data: bytes, name: str) -> dict[str, Any]:
        """A file's content as values by field. Raises `Broken`."""

    def shown(self, data: bytes) -> dict[str, str]:
        """What a page shows of it: data: URLs or text. Raises `Broken`."""


class Origin(Protocol):
    """Where files come from: each with a row of what is known without opening it (`@name` first)."""

    name: str

    @property
    def schema(self) -> pa.Schema:
        """Of those rows."""

    def parts(self) -> Iterator[tuple[pa.RecordBatch, list[Load]]]:
        """Rows by batches of at most `BATCH`, each with what reads its file."""

    def some(self, most: int) -> list[Load]:
        """A few files, spread over all."""

    def count(self) -> int:
        """How many files there are."""

    def find(self, name: str) -> Load | None:
        """What reads the file of that name."""


@dataclass
class Left:
    """Files that could not be read."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


class Media:
    """A source of decoded files. Broken ones are listed, left out and counted."""

    def __init__(self, origin: Origin, decoder: Decoder, progress: Progress | None = None) -> None:
        self.name, self.origin, self.decoder = origin.name, origin, decoder
        self._progress = progress
        self._rows = KeptRows()
        self._left = Left()
        self._hash = blake3()

    @property
    def schema(self) -> pa.Schema:
        """What is known of a file, and then what it holds."""
        known = self.origin.schema
        return pa.schema([*known, *(f for f in self.decoder.fields() if f.name not in known.names)])

    def rows(self) -> int | None:
        """Known once all were decoded."""
        return self._rows.count if self._rows.full else None

    def some(self, most: int) -> list[bytes]:
        """Bytes of a few files that can be read."""
        found = []
        for load in self.origin.some(most):
            try:
                found.append(load())
            except OSError:
                continue
        return found

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All files that can be decoded."""
        self._decode_once()
        return self._rows.batches()

    def row(self, position: int) -> pa.RecordBatch | None:
        """One row, without going through those before it."""
        self._decode_once()
        return self._rows.row(position)

    def shown(self, name: str) -> dict[str, str]:
        """What a page shows of a file."""
        load = self.origin.find(name)
        try:
            return self.decoder.shown(load()) if load else {}
        except (OSError, Broken):
            return {}  # it changed since it was read

    def digest(self) -> str:
        """blake3 over name, size and content of each file in order."""
        self._decode_once()
        return self._hash.hexdigest()

    def notes(self) -> tuple[Finding, ...]:
        """Files that were left out."""
        if not self._left.count:
            return ()
        more = f" and {self._left.count - MOST_NAMED} more" if self._left.count > MOST_NAMED else ""
        return (
            note(
                "input.unreadable",
                f"{self.name}: {self._left.count} of {self.origin.count():,} {self.decoder.what} could not be read and were left out: "
                f"{'; '.join(self._left.examples)}{more}",
                severity="warning",
                subject=self.name,
                files=tuple(example.partition(": ")[0] for example in self._left.examples),
                advice="mend or remove them; a training that skips them silently trains on fewer samples than it says",
                measured={"left_out": self._left.count, "of": self.origin.count()},
            ),
        )

    def _decode_once(self) -> None:
        if self._rows.full:
            return
        self._rows.fill(self._decoded(), self.schema)
        if not self._rows.count and self.origin.count():
            raise UsageError(
                f"none of the {self.origin.count():,} {self.decoder.what} of {self.name} can be read: {'; '.join(self._left.examples)}"
            )

    def _decoded(self) -> Iterator[pa.RecordBatch]:
        done, total = 0, self.origin.count()
        with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as pool:
            for known, loads in self.origin.parts():
                names = known.column(0).to_pylist()
                items = list(pool.map(self._read, loads, names))
                done += len(items)
                for item in items:
                    self._take(item)
                if self._progress:
                    self._progress(f"reading {self.name}", done, total)
                yield self._batch(known, items)

    def _read(self, load: Load, name: str) -> "Item":
        try:
            data = load()
            digest = blake3(data).digest()
        except OSError as error:
            return Item(name, 0, b"", {}, error.strerror or str(error))
        try:
            return Item(name, len(data), digest, self.decoder.decode(data, name))
        except Broken as error:
            return Item(name, len(data), digest, {}, str(error))

    def _take(self, item: "Item") -> None:
        self._hash.update(f"{len(item.name)} {item.name} {item.size} ".encode() + item.digest)
        if item.error:
            self._left.count += 1
            if len(self._left.examples) < MOST_NAMED:
                self._left.examples.append(f"{item.name}: {item.error}")

    def _batch(self, known: pa.RecordBatch, items: list["Item"]) -> pa.RecordBatch:
        kept = [item.values for item in items if not item.error]
        if len(kept) < len(items):
            known = known.filter(pa.array([not item.error for item in items]))
        fields = list(self.schema)[known.num_columns :]
        arrays = [pa.array([values.get(f.name) for values in kept], f.type) for f in fields]
        return pa.RecordBatch.from_arrays([*known.columns, *arrays], schema=self.schema)


@dataclass(frozen=True)
class Item:
    """One file that was read. `error`: why it is left out."""

    name: str
    size: int
    digest: bytes
    values: dict[str, Any]
    error: str = ""
