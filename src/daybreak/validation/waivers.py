"""Waivers: somebody answers for a finding, until a day, for a reason. One line each in `waivers.jsonl` of the home (`registry.chained`).

A waiver names a finding's fingerprint, which changes with the rule, the subject, the data and the code; so it is void as soon as any of
them does. Where a line was changed or taken out no waiver counts.
"""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import msgspec

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.registry.chained import FIRST, Chained
from daybreak.spec.quantities import read_duration

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

    def standing(self, at: float) -> Standing:
        """Whether it counts at this time."""
        if self.revokes:
            return "revoked"
        return "in force" if at < self.until else "expired"


def every(home: Home) -> list[Waiver]:
    """All lines, oldest first. Raises `DamagedFile` where one was changed or taken out."""
    return _file(home).read()


def last(home: Home) -> dict[str, Waiver]:
    """Fingerprint -> what was said of it last. Raises `DamagedFile`."""
    return {one.fingerprint: one for one in every(home)}


def append(home: Home, waiver: Waiver) -> Waiver:
    """Add a line, on the disk when this returns; the waiver with what stands before it. Raises `UsageError`, `DamagedFile`."""
    return _file(home).append(lambda _: waiver)


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


def _file(home: Home) -> Chained[Waiver]:
    return Chained(home.waivers, Waiver, "a waiver")
