"""What replicas tell of requests: segments of a deployment's `events/` that one process appends to and its supervisor reads.

A record is msgpack behind its length (4 bytes, big endian). A replica that is killed leaves at most a torn record at the end of its own
segment, which nobody reads; another process begins another segment. Writing is one system call for what was gathered; it may lose what
was gathered since the last `flush`, never what an answer waited for (`Writer.flush` before it).
"""

import logging
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

from daybreak.serving import logs

LARGEST = 64 << 20  # bytes of a segment; then the next begins
MOST = 64 << 20  # bytes that wait for a disk that takes nothing; beyond it the oldest are dropped
SUFFIX = ".events"
HELD = ".read"  # beside segments: what another reader has read
Kind = Literal["truth", "conversion", "error", "rating", "latency"]  # of feedback
KINDS: tuple[Kind, ...] = get_args(Kind)
_LENGTH = struct.Struct(">I")
_log = logging.getLogger(logs.NAME)


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

    `failed`: it was refused, by whatever fault but its client's, who hung up, after the signature had taken its rows.
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
    """Of one process. Not for several threads at once. `dropped`: records that a full disk never took."""

    def __init__(self, folder: Path, replica: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._replica = replica
        self._encoder = msgspec.msgpack.Encoder()
        self._gathered = bytearray()
        self._torn = 0  # bytes at the beginning of what is gathered that end a record which the segment has begun
        self._file = -1
        self._size = LARGEST
        self.dropped = 0

    def add(self, event: Event) -> None:
        """Gather one; about a microsecond."""
        told = self._encoder.encode(event)
        self._gathered += _LENGTH.pack(len(told))
        self._gathered += told
        if len(self._gathered) > MOST:
            self._drop_oldest()

    def flush(self) -> None:
        """Hand what was gathered to the system. Raises `OSError`, and keeps what was gathered (`MOST`), when the disk takes nothing."""
        while self._gathered:
            self._ready()
            written = os.write(self._file, self._gathered)  # a disk that is full takes a part
            self._size += written
            self._torn = self._end(written)[0] - written if written < len(self._gathered) else 0
            del self._gathered[:written]

    def close(self) -> None:
        """Flush and end the segment."""
        self.flush()
        self._end_segment()

    def _ready(self) -> None:
        """Have a segment that takes records: it is not full, and nobody swept it."""
        if self._file >= 0 and not os.fstat(self._file).st_nlink:
            del self._gathered[: self._torn]  # of a record whose beginning went with it
            self._torn = 0
            self._end_segment()
        if self._size >= LARGEST and not self._torn:
            self._end_segment()
            name = f"{time.time_ns():x}-{self._replica:x}-{os.getpid():x}{SUFFIX}"
            self._file = os.open(self._folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
            self._size = 0

    def _end_segment(self) -> None:
        file, self._file, self._size = self._file, -1, LARGEST
        if file >= 0:
            os.close(file)

    def _end(self, least: int) -> tuple[int, int]:
        """Where the first record ends at `least` bytes or later, and how many do up to there."""
        end, many = self._torn, 0
        while end < least:
            end += _LENGTH.size + _LENGTH.unpack_from(self._gathered, end)[0]
            many += 1
        return end, many

    def _drop_oldest(self) -> None:
        end, many = self._end(self._torn + MOST // 4)
        del self._gathered[self._torn : end]
        self.dropped += many
        _log.error("the disk takes no events: the oldest are dropped", extra={"dropped": self.dropped})


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


def hold(folder: Path, name: str, offsets: Offsets | None) -> None:
    """Say what a reader beside the sweeper has read, so that `sweep` leaves the rest; None: it reads no more. Raises `OSError`."""
    file = folder / f"{name}{HELD}"
    if offsets is None:
        file.unlink(missing_ok=True)
        return
    partial = file.with_suffix(".partial")
    partial.write_bytes(msgspec.json.encode(offsets))
    partial.replace(file)


def sweep(folder: Path, older_than: float, offsets: Offsets) -> int:
    """Remove segments that all have read (`hold`) and nobody wrote since `older_than` (seconds since 1970); how many."""
    removed = 0
    readers = [offsets, *(_held(file) for file in folder.glob(f"*{HELD}"))]
    for segment in sorted(folder.glob(f"*{SUFFIX}")):
        found = segment.stat()
        if found.st_mtime < older_than and all(read.get(segment.name, 0) >= found.st_size for read in readers):
            segment.unlink()
            removed += 1
    return removed


def _held(file: Path) -> Offsets:
    """What a reader has read; nothing where its file is damaged, until it writes the next."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Offsets)
    except msgspec.MsgspecError:
        return {}
