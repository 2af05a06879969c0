"""Waivers: somebody answers for a finding, until a day, for a reason. One line each in `waivers.jsonl` of the home, only ever appended to.

A waiver names a finding's fingerprint, which changes with the rule, the subject, the data and the code; so it is void as soon as any of
them does. A line holds the hash of the line before it: one that was changed or taken out is noticed, and no waiver counts then.
"""

import fcntl
import os
import time
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.hashing import canonical_json, hash_bytes
from daybreak.base.home import Home
from daybreak.spec.quantities import read_duration

FIRST = ""  # what the first line has before it
Standing = Literal["in force", "expired", "revoked"]


class Waiver(msgspec.Struct, frozen=True):
    """One line. `until`: seconds since 1970; `revokes`: it takes back what was said before of the same fingerprint."""

    fingerprint: str
    reason: str
    author: str
    at: float
    until: float = 0.0
    rule: str = ""  # of the finding, and what it said, for people
    what: str = ""
    run: str = ""
    revokes: bool = False
    before: str = FIRST

    @property
    def digest(self) -> str:
        """What the next line says of this one."""
        return hash_bytes(_line(self))

    def standing(self, at: float) -> Standing:
        """Whether it counts at this time."""
        if self.revokes:
            return "revoked"
        return "in force" if at < self.until else "expired"


def every(home: Home) -> list[Waiver]:
    """All lines, oldest first. Raises `DamagedFile` where one was changed or taken out."""
    try:
        return _read(home.waivers.read_bytes(), str(home.waivers))
    except FileNotFoundError:
        return []


def last(home: Home) -> dict[str, Waiver]:
    """Fingerprint -> what was said of it last. Raises `DamagedFile`."""
    return {one.fingerprint: one for one in every(home)}


def append(home: Home, waiver: Waiver) -> Waiver:
    """Add a line, on the disk when this returns; the waiver with what stands before it. Raises `UsageError`, `DamagedFile`."""
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        with home.waivers.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            data = file.read()
            lines = _read(data, str(home.waivers))
            file.truncate(_whole(data))  # a line that a crash cut off was never acknowledged
            made = msgspec.structs.replace(waiver, before=lines[-1].digest if lines else FIRST)
            file.write(_line(made) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"waivers are kept in {home.waivers}, which cannot be written: {error.strerror}") from error
    return made


def until(text: str, at: float) -> float:
    """The end of `2027-01-31` (that day included, UTC), or so long from `at`: `30d`. Raises `UsageError` for what is past, or no time."""
    try:
        day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC) + timedelta(days=1)
        found = day.timestamp()
    except ValueError:
        try:
            found = at + read_duration(text)
        except ValueError:
            raise UsageError(
                f"--until is a day such as 2027-01-31, or a time from now such as 30d, got {text!r}"
            ) from None
    if found <= at:
        raise UsageError(f"a waiver ends in the future, got --until {text}")
    return found


def in_force(home: Home, at: float | None = None) -> dict[str, Waiver]:
    """Fingerprint -> the waiver that counts at this time (now, if left out). Raises `DamagedFile`."""
    now = time.time() if at is None else at
    return {name: one for name, one in last(home).items() if one.standing(now) == "in force"}


def _whole(data: bytes) -> int:
    """Bytes of complete lines."""
    return data.rfind(b"\n") + 1


def _line(waiver: Waiver) -> bytes:
    return canonical_json(msgspec.to_builtins(waiver))


def _read(data: bytes, where: str) -> list[Waiver]:
    found: list[Waiver] = []
    for number, line in enumerate(data[: _whole(data)].splitlines(), 1):
        try:
            one = msgspec.json.decode(line, type=Waiver)
        except msgspec.MsgspecError as error:
            raise DamagedFile(f"line {number} of {where} must be a waiver, it is not: {error}") from error
        if one.before != (found[-1].digest if found else FIRST):
            raise DamagedFile(
                f"waivers are only added to, but what stands before line {number} of {where} was changed or taken out: bring it back"
            )
        found.append(one)
    return found
