"""What replicas tell of requests: segments of a deployment's `events/` that one process appends to and its supervisor reads.

A record is msgpack behind its length (4 bytes, big endian). A replica that is killed leaves at most a torn record at the end of its own
segment, which nobody reads; another process begins another segment. Writing is one system call for what was gathered; it may lose what
was gathered since the last `flush`, never what an answer waited for (`Writer.flush` before it).
"""

import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

LARGEST = 64 << 20  # bytes of a segment; then the next begins
SUFFIX = ".events"
Kind = Literal["truth", "conversion", "error", "rating", "latency"]  # of feedback
_LENGTH = struct.Struct(">I")


class Prediction(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """One answered row.

    `answer`: label or number; `score`: confidence in 0..1; `seconds`: from its arrival to its answer; `code`: of an error, else empty;
    `unit`: who asked, where a split needs it; `output`: the name of the output that `answer` is of.
    """

    id: str
    at: float
    arm: str
    version: int
    seconds: float
    answer: str | float | None = None
    score: float | None = None
    code: str = ""
    unit: str = ""
    output: str = ""


class Feedback(msgspec.Struct, frozen=True, array_like=True, tag="f"):
    """What became of a request. `truth`: the right answer; `value`: of a conversion 0 or 1, of a rating its number, of latency seconds."""

    id: str
    at: float
    arm: str
    version: int
    kind: Kind
    value: float | None = None
    truth: Any = None
    note: str = ""


class Mirrored(msgspec.Struct, frozen=True, array_like=True, tag="m"):
    """What a shadow answered to the same row: whether it agrees, and by how much scores or numbers differ at most."""

    id: str
    at: float
    arm: str
    version: int
    seconds: float
    agrees: bool
    difference: float
    code: str = ""


class Dealt(msgspec.Struct, frozen=True, array_like=True, tag="d"):
    """One request that a split sent to an arm, answered or not. `deal`: as its id has it (`serving.deal`); `seconds`: until its end.

    `failed`: it was refused, by whatever fault, after the signature had taken its rows.
    """

    at: float
    arm: str
    deal: str
    seconds: float
    failed: bool


class Captured(msgspec.Struct, frozen=True, array_like=True, tag="c"):
    """A request and its answer, as JSON, with what is redacted left out."""

    id: str
    at: float
    arm: str
    version: int
    request: bytes
    answer: bytes


Event = Prediction | Feedback | Mirrored | Dealt | Captured
Offsets = dict[str, int]  # segment's name -> bytes read


class Writer:
    """Of one process. Not for several threads at once."""

    def __init__(self, folder: Path, replica: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._replica = replica
        self._encoder = msgspec.msgpack.Encoder()
        self._gathered = bytearray()
        self._file = -1
        self._size = LARGEST

    def add(self, event: Event) -> None:
        """Gather one; about a microsecond."""
        told = self._encoder.encode(event)
        self._gathered += _LENGTH.pack(len(told))
        self._gathered += told

    def flush(self) -> None:
        """Hand what was gathered to the system. Raises `OSError`, and keeps what was gathered, when the disk takes nothing."""
        if not self._gathered:
            return
        if self._size >= LARGEST:
            self._begin()
        written = os.write(self._file, self._gathered)
        self._size += written
        del self._gathered[:written]
        if self._gathered:  # a disk that is full takes a part; the rest follows
            self.flush()

    def close(self) -> None:
        """Flush and end the segment."""
        self.flush()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._size = LARGEST

    def _begin(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        name = f"{time.time_ns():x}-{self._replica:x}-{os.getpid():x}{SUFFIX}"
        self._file = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        self._size = 0


class Reader:
    """Reads all segments of a folder on from where it was. `offsets` may be kept and given again: each record is told once."""

    def __init__(self, folder: Path, offsets: Offsets | None = None) -> None:
        self._folder = folder
        self._decoder = msgspec.msgpack.Decoder(Event)
        self.offsets: Offsets = dict(offsets or {})

    def poll(self) -> Iterator[Event]:
        """Records that came since, by segment. Offsets move as they are told."""
        for segment in sorted(self._folder.glob(f"*{SUFFIX}")):
            yield from self._on(segment)
        for gone in [name for name in self.offsets if not (self._folder / name).exists()]:
            del self.offsets[gone]

    def _on(self, segment: Path) -> Iterator[Event]:
        begin = self.offsets.get(segment.name, 0)
        try:
            with segment.open("rb") as file:
                file.seek(begin)
                data = file.read()
        except FileNotFoundError:  # old segments are removed
            return
        place = 0
        while place + _LENGTH.size <= len(data):
            end = place + _LENGTH.size + _LENGTH.unpack_from(data, place)[0]
            if end > len(data):
                break
            event = self._decoder.decode(memoryview(data)[place + _LENGTH.size : end])
            self.offsets[segment.name] = begin + end
            place = end
            yield event


def sweep(folder: Path, older_than: float, offsets: Offsets) -> int:
    """Remove segments that were read and not written since `older_than` (seconds since 1970); how many."""
    removed = 0
    for segment in sorted(folder.glob(f"*{SUFFIX}")):
        found = segment.stat()
        if found.st_mtime < older_than and offsets.get(segment.name, 0) >= found.st_size:
            segment.unlink()
            removed += 1
    return removed
