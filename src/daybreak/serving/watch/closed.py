"""Windows that were closed and judged: a line each in a file a day, removed after the days that were asked for."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from daybreak.monitoring.drift import Finding, Verdict
from daybreak.monitoring.performance import Estimate, Performance
from daybreak.monitoring.records import Partial

FOLDER = "windows"
REPORTS = "reports"
_NAME = "%Y-%m-%d"


class Closed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A window of one version. `skipped`: rows that were not counted, for time; `window`: its counts, kept where it drifts."""

    arm: str
    model: str
    version: int
    package: str
    since: float
    until: float
    verdict: Verdict
    skipped: int = 0
    performance: Performance | None = None
    estimate: Estimate | None = None
    window: Partial | None = None

    @property
    def alarms(self) -> dict[str, str]:
        """What raises an alarm, and what it says: columns that drift, accuracy."""
        found: dict[str, str] = {}
        for test in self.verdict.alarms:  # the loudest of a column first
            found.setdefault(_named(test), test.says)
        if self.performance is not None and self.performance.alarm:
            found["performance"] = self.performance.says
        if self.estimate is not None and self.estimate.alarm:
            found["estimated accuracy"] = self.estimate.says
        return found


def _named(test: Finding) -> str:
    """A column by its side; what has nothing to do with where its values are is told apart."""
    apart = test.question in ("missing", "out of range", "new values")
    return f"{test.side} {test.name}" + (f" ({test.question})" if apart else "")


def day_of(at: float) -> str:
    """The day of a moment, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime(_NAME)


def append(folder: Path, closed: Closed) -> None:
    """Keep one, in the file of the day on which it ended. Raises `OSError`."""
    with (folder / FOLDER / f"{day_of(closed.until)}.jsonl").open("ab") as file:
        file.write(msgspec.json.encode(closed) + b"\n")


def of_day(folder: Path, day: str) -> Iterator[Closed]:
    """Windows that ended on a day, the oldest first; a line that cannot be read (a machine that went down) is left out."""
    try:
        lines = (folder / FOLDER / f"{day}.jsonl").read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=Closed)
        except msgspec.DecodeError:
            continue


def days(folder: Path) -> list[str]:
    """Days with windows, the oldest first."""
    return sorted(file.stem for file in (folder / FOLDER).glob("????-??-??.jsonl"))


def forget(folder: Path, at: float, keep: int) -> None:
    """Remove windows and reports that are older than `keep` days."""
    oldest = (datetime.fromtimestamp(at, UTC) - timedelta(days=keep)).strftime(_NAME)
    for file in (*(folder / FOLDER).glob("????-??-??.jsonl"), *(folder / REPORTS).glob("????-??-??.html")):
        if file.stem < oldest:
            file.unlink(missing_ok=True)
