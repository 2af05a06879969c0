"""A deployment that is not wanted any more, with all that it kept. Nothing brings it back."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from daybreak.base.errors import UsageError
from daybreak.serving import desired, status

KEPT = {  # in its folder -> what people call it
    "events": "predictions, feedback and captured requests",
    "windows": "windows of monitoring",
    "reports": "daily reports",
    "experiment.json": "the readout of its last test",
    "log": "the log",
}


class Lost(msgspec.Struct, frozen=True):
    """Something that goes with a deployment: where it lies below its folder, what it is, bytes."""

    name: str
    what: str
    bytes: int


def kept(folder: Path) -> list[Lost]:
    """What a deployment has that would be missed. Raises `NotFound`."""
    _check_there(folder)
    found = [Lost(name, what, _bytes(folder / name)) for name, what in KEPT.items()]
    return [one for one in found if one.bytes]


def remove(folder: Path) -> None:
    """Remove a deployment that does not run. Raises `NotFound`, `UsageError` where it runs or the system says no.

    Its record goes last: where the removal is cut off, it can be asked for again.
    """
    _check_there(folder)
    with _stopped(folder):
        try:
            _empty(folder)
            (folder / desired.RECORD).unlink()
            shutil.rmtree(folder)
        except OSError as error:
            raise UsageError(
                f"{error.filename or folder} cannot be removed: {error.strerror or error}; mend that and ask again"
            ) from error


def _check_there(folder: Path) -> None:
    """Raises `NotFound`. A record that cannot be read may go: how else would it."""
    if not (folder / desired.RECORD).is_file():
        desired.read(folder)


def _empty(folder: Path) -> None:
    """Of a folder that lies elsewhere (a link to a larger disk) the link alone goes."""
    for file in folder.iterdir():
        if file.is_dir() and not file.is_symlink():
            shutil.rmtree(file)
        elif file.name not in (desired.RECORD, status.LOCK):
            file.unlink()


@contextmanager
def _stopped(folder: Path) -> Iterator[None]:
    """Keep it from starting meanwhile."""
    with (folder / status.LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            name = folder.name
            raise UsageError(
                f"deployment {name} runs: daybreak deployment stop {name} ends it, then it can be removed"
            ) from None
        yield


def _bytes(place: Path) -> int:
    if place.is_dir():
        return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    return place.stat().st_size if place.is_file() else 0
