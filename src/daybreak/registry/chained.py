"""A file of JSON lines that is only ever appended to.

Each line holds the hash of the one before it, so a changed or missing one is noticed. Lines cut off the very end are not:
nothing stands after them.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.hashing import canonical_json, hash_bytes

FIRST = ""  # what the first line has before it


class Line(Protocol):
    """A msgspec record that knows what stands before it."""

    before: str


T = TypeVar("T", bound=msgspec.Struct)


class Chained(Generic[T]):
    """One such file. `what` names a line in messages: a waiver."""

    def __init__(self, file: Path, type_: type[T], what: str) -> None:
        self._file = file
        self._what = what
        self._decoder = msgspec.json.Decoder(type_)

    def read(self) -> list[T]:
        """All lines, oldest first. Raises `DamagedFile` where one was changed or taken out."""
        try:
            return self._lines(self._file.read_bytes())
        except FileNotFoundError:
            return []

    def append(self, make: Callable[[list[T]], T]) -> T:
        """Add what `make` makes of all lines so far, with no other writer in between; on the disk when this returns.

        What `make` raises comes through, and nothing is written. Raises `UsageError`, `DamagedFile`.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                data = file.read()
                lines = self._lines(data)
                made = msgspec.structs.replace(make(lines), before=digest(lines[-1]) if lines else FIRST)
                file.truncate(_whole(data))  # a line that a crash cut off was never acknowledged
                file.write(_line(made) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UsageError(f"{self._what} is kept in {self._file}, which cannot be written: {error}") from error
        return made

    def _lines(self, data: bytes) -> list[T]:
        found: list[T] = []
        for number, line in enumerate(data[: _whole(data)].splitlines(), 1):
            try:
                one = self._decoder.decode(line)
            except msgspec.MsgspecError as error:
                raise DamagedFile(f"line {number} of {self._file} must be {self._what}, it is not: {error}") from error
            if getattr(one, "before", FIRST) != (digest(found[-1]) if found else FIRST):
                raise DamagedFile(
                    f"{self._file} is only added to, but what stands before line {number} was changed or taken out: bring it back"
                )
            found.append(one)
        return found


def digest(line: msgspec.Struct) -> str:
    """What the next line says of this one."""
    return hash_bytes(_line(line))


def _whole(data: bytes) -> int:
    """Bytes of complete lines."""
    return data.rfind(b"\n") + 1


def _line(line: msgspec.Struct) -> bytes:
    return canonical_json(msgspec.to_builtins(line))
