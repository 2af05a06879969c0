"""How a deployment stands, at a glance: windows/now.json, for `GET /drift`, the page, `daybreak monitor status` and the A/B's guard."""

from pathlib import Path
from typing import Literal

import msgspec

from daybreak.monitoring.drift import Finding
from daybreak.monitoring.performance import Estimate, Performance

RECORD = "windows/now.json"
LOUDEST = 8  # tests of inputs, and of outputs, that are told of a window

Arms = Literal["ok", "drift", "too few rows", "no reference", "waiting"]


class ArmStanding(msgspec.Struct, frozen=True):
    """One version. `standing`, `says`, `tests`: of the last window that was closed, from `since` to `until` with `rows` rows.

    `open_rows`: rows of the window that is open; it is judged at `judged_at` at the earliest and with `judged_rows` rows at least.
    `truths`: answers whose truth came back and that wait to be judged. `windows`: those of this version that were judged until now.
    Times: seconds since 1970.
    """

    arm: str
    model: str
    version: int
    standing: Arms
    says: str
    alarms: dict[str, str] = {}
    tests: tuple[Finding, ...] = ()
    since: float | None = None
    until: float | None = None
    rows: int = 0
    skipped: int = 0
    performance: Performance | None = None
    estimate: Estimate | None = None
    open_rows: int = 0
    judged_rows: int = 0
    judged_at: float | None = None
    truths: int = 0
    windows: int = 0


class Standing(msgspec.Struct, frozen=True):
    """All versions that are served. `standing`: the worst of them; `at`: when this was written."""

    at: float
    standing: Arms
    says: str
    arms: tuple[ArmStanding, ...] = ()


_WORST: tuple[Arms, ...] = ("drift", "ok", "too few rows", "waiting", "no reference")


def loudest(tests: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Of a window's tests, loudest first, those that are told: some of either side, so that many inputs hide no output."""
    sides = [[place for place, test in enumerate(tests) if test.side == side][:LOUDEST] for side in ("input", "output")]
    return tuple(tests[place] for place in sorted(sides[0] + sides[1]))


def of_arms(at: float, arms: tuple[ArmStanding, ...]) -> Standing:
    """The standing of all."""
    if not arms:
        return Standing(at, "waiting", "no window yet")
    worst = min(arms, key=lambda arm: _WORST.index(arm.standing))
    says = worst.says if len(arms) == 1 else f"{worst.arm}: {worst.says}"
    return Standing(at, worst.standing, says, arms)


def write(folder: Path, standing: Standing) -> None:
    """Replace the record. Raises `OSError`."""
    file = folder / RECORD
    partial = file.with_suffix(".partial")
    partial.write_bytes(msgspec.json.encode(standing))
    partial.replace(file)


def read(folder: Path) -> Standing:
    """What was written last; nothing yet where there is none."""
    try:
        return msgspec.json.decode((folder / RECORD).read_bytes(), type=Standing)
    except (FileNotFoundError, msgspec.DecodeError):
        return Standing(0.0, "waiting", "nothing was watched yet: no supervisor has run, or no row has come")
