"""What a replica counts: doubles in a file that it maps into memory, so that any replica tells what all have counted.

HOME/deployments/NAME/metrics/REPLICA-PID holds the blocks of `_SHAPES`, then the names of versions. An increment stores 8 bytes, without
a system call; a scrape adds files up. A replica that starts takes over what replicas that have ended had counted, so that counters
never go back.
"""

import fcntl
import mmap
import os
import resource
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daybreak.serving.calls import Batch, Call

FOLDER = "metrics"
FACES = ("predict", "v2", "grpc", "feedback", "page", "other")
STATUSES = (
    200,
    202,
    204,
    304,
    400,
    401,
    403,
    404,
    405,
    406,
    408,
    411,
    413,
    415,
    429,
    431,
    500,
    503,
    504,
    0,
)  # 0: any other
KINDS = ("truth", "conversion", "error", "rating", "latency")
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384)
VERSIONS = 16  # that are told apart; later ones are counted with the last
NAME_BYTES = 256
PER_VERSION = ("rows", "requests", "failed", "seconds")
GAUGES = ("at", "waiting", "memory")
_SHAPES = {
    "requests": (len(FACES), len(STATUSES)),
    "latency": (len(FACES), len(SECONDS) + 2),  # up to each bound, beyond, sum
    "batches": (1, len(ROWS) + 2),
    "feedback": (1, len(KINDS)),
    "versions": (VERSIONS, len(PER_VERSION)),
    "gauges": (1, len(GAUGES)),
}
_BEGINS: dict[str, int] = dict(
    zip(_SHAPES, np.cumsum([0, *(prod(shape) for shape in _SHAPES.values())]).tolist(), strict=False)
)
_DOUBLES = sum(prod(shape) for shape in _SHAPES.values())
_BYTES = 8 * _DOUBLES + VERSIONS * NAME_BYTES
_FACE = {face: place for place, face in enumerate(FACES)}
_STATUS = {status: place for place, status in enumerate(STATUSES)}
_KIND = {kind: place for place, kind in enumerate(KINDS)}
_PREFIXES = {
    b"/predict": "predict",
    b"/v2": "v2",
    b"/grpc": "grpc",
    b"/feedback": "feedback",
    b"/page": "page",
    b"/": "page",
}

Version = tuple[str, str, str]  # arm, model, version


class Counts:
    """All doubles and the names of versions of one file, as they were at a moment."""

    def __init__(self, data: bytes) -> None:
        self._values = np.frombuffer(data, np.float64, _DOUBLES)
        names = (data[8 * _DOUBLES + place * NAME_BYTES :][:NAME_BYTES].rstrip(b"\0") for place in range(VERSIONS))
        self.names: list[Version] = [_named(name) for name in names if name]

    def block(self, name: str) -> NDArray[np.float64]:
        """One block by its name, e.g. requests (faces, statuses)."""
        begin, shape = _BEGINS[name], _SHAPES[name]
        return self._values[begin : begin + prod(shape)].reshape(shape)


class Meter:
    """Of one replica's process. An observer of its engine; on the loop's thread alone."""

    def __init__(self, folder: Path, replica: int) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._known: dict[Version, int] = {}
        self._faces: dict[bytes, int] = {}
        with _locked(self._folder, fcntl.LOCK_EX):  # processes of a container may have the same numbers after a restart
            ours = self._folder / f"{replica}-{os.getpid()}"
            ended = [file for file in sorted(self._folder.glob("*-*")) if file == ours or not _lives(file)]
            counts = [Counts(data) for file in ended if len(data := file.read_bytes()) == _BYTES]
            for file in ended:
                file.unlink()
            with ours.open("w+b") as opened:
                opened.truncate(_BYTES)
                self._map = mmap.mmap(opened.fileno(), _BYTES)
            self._cells = memoryview(self._map)[: 8 * _DOUBLES].cast("d")
            for one in counts:
                self._add(one)

    def request(self, path: bytes, status: int, seconds: float) -> None:
        """One was answered, `seconds` after it had come in."""
        face = self._faces.get(path)
        if face is None:
            face = self._face(path)
        cells = self._cells
        cells[_BEGINS["requests"] + face * len(STATUSES) + _STATUS.get(status, len(STATUSES) - 1)] += 1
        begin = _BEGINS["latency"] + face * (len(SECONDS) + 2)
        cells[begin + bisect_left(SECONDS, seconds)] += 1
        cells[begin + len(SECONDS) + 1] += seconds

    def feedback(self, kind: str) -> None:
        """One piece was taken."""
        self._cells[_BEGINS["feedback"] + _KIND[kind]] += 1

    def answered(self, batch: Batch) -> None:
        """One batch went well."""
        cells, begin = self._cells, _BEGINS["batches"]
        cells[begin + bisect_left(ROWS, batch.rows)] += 1
        cells[begin + len(ROWS) + 1] += batch.rows
        served = batch.arm.served
        begin = self._version((served.arm, served.model, str(served.version)))
        cells[begin] += batch.rows
        cells[begin + 1] += len(batch.calls)
        cells[begin + 3] += batch.seconds

    def refused(self, call: Call) -> None:
        """One call did not."""
        if call.arm is not None:
            served = call.arm.served
            self._cells[self._version((served.arm, served.model, str(served.version))) + 2] += 1

    def gauge(self, waiting: int) -> None:
        """How things are now; to be told once a second or so."""
        begin = _BEGINS["gauges"]
        told = (time.time(), waiting, _memory())
        for place, value in enumerate(told):
            self._cells[begin + place] = value

    def _face(self, path: bytes) -> int:
        first = b"/" + path[1:].partition(b"/")[0]
        face = _FACE[_PREFIXES.get(first, "other")]
        if len(self._faces) < 256:  # noqa: PLR2004 - nobody makes it grow by inventing paths
            self._faces[path] = face
        return face

    def _version(self, named: Version) -> int:
        """Where the cells of a version begin."""
        place = self._known.get(named)
        if place is None:
            place = min(len(self._known), VERSIONS - 1)
            self._known[named] = place
            arm, model, version = named
            name = "\0".join((version, arm[:64], model)).encode()[:NAME_BYTES]
            begin = 8 * _DOUBLES + place * NAME_BYTES
            self._map[begin : begin + NAME_BYTES] = name.ljust(NAME_BYTES, b"\0")
        return _BEGINS["versions"] + place * len(PER_VERSION)

    def _add(self, counts: Counts) -> None:
        for name in ("requests", "latency", "batches", "feedback"):
            for place, value in enumerate(counts.block(name).ravel()):
                self._cells[_BEGINS[name] + place] += float(value)
        for named, values in zip(counts.names, counts.block("versions"), strict=False):
            begin = self._version(named)
            for place, value in enumerate(values):
                self._cells[begin + place] += float(value)


def counted(folder: Path) -> dict[str, Counts]:
    """By replica (its file's name) what each has counted; `folder`: of the deployment."""
    with _locked(folder / FOLDER, fcntl.LOCK_SH):
        files = sorted((folder / FOLDER).glob("*-*"))
        return {file.name: Counts(data) for file in files if len(data := file.read_bytes()) == _BYTES}


def nothing(block: str) -> NDArray[np.float64]:
    """A block before anything was counted."""
    return np.zeros(_SHAPES[block])


def _lives(file: Path) -> bool:
    """Whether the process that counts there may still do so."""
    try:
        os.kill(int(file.name.partition("-")[2]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _memory() -> int:
    """Resident bytes; where the system tells no present ones, the most there were."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _named(name: bytes) -> Version:
    version, arm, model = name.decode(errors="replace").split("\0")
    return arm, model, version


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, how)
        yield
