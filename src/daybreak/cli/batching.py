"""How a batch job is shown: rows a second and the time that is left, while it runs; what came of it, when it is done."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.batch.job import Progress, Report
from daybreak.cli.output import console, duration, errors_console, styled
from daybreak.client.homes import find_home
from daybreak.registry.package import RECORD
from daybreak.registry.store import Registry

OFTEN, CALM = 0.2, 10.0  # seconds between two updates of a terminal, and between two lines elsewhere


def package_folder(home: Path | None, reference: str) -> Path:
    """Where the package lies that a reference names. Raises `NotFound`."""
    if "@" not in reference and (Path(reference) / RECORD).is_file():
        return Path(reference).absolute()
    return Registry(find_home(home)).registered(reference).folder


def pairs(told: tuple[str, ...]) -> dict[str, str]:
    """FIELD=COLUMN as a mapping. Raises `UsageError`."""
    for one in told:
        if not all(one.partition("=")[::2]):
            raise UsageError(f"--column is FIELD=COLUMN, got {one!r}")
    return {one.partition("=")[0]: one.partition("=")[2] for one in told}


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """On standard error: one line that is rewritten on a terminal, a line now and then elsewhere."""
    if quiet:
        yield lambda _rows, _rejected, _share, _before: None
        return
    if not sys.stderr.isatty():
        yield _Told(_line, CALM)
        return
    with errors_console().status("starting") as status:
        yield _Told(status.update, OFTEN)


def _line(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


class _Told:
    """Counts, and says how fast it goes."""

    def __init__(self, show: Callable[[str], None], often: float) -> None:
        self._show, self._often = show, often
        self._started = self._said = time.monotonic()
        self._rows = self._now = self._rejected = 0
        self._first: tuple[float, float] | None = None  # when the first part was done, and how much of the job that was

    def __call__(self, rows: int, rejected: int, share: float, before: bool) -> None:
        self._rows, self._rejected = self._rows + rows, self._rejected + rejected
        now = time.monotonic()
        if before:
            if rows or rejected:
                self._show(f"going on after {_counted(rows + rejected, 'row')}")
            return
        self._now += rows + rejected
        self._first = self._first or (now, share)
        if now - self._said >= self._often:
            self._said = now
            self._show(self._told(now, share))

    def _told(self, now: float, share: float) -> str:
        odd = f", {self._rejected:,} rejected" if self._rejected else ""
        first, begun = self._first or (now, share)
        left = f", {duration((1 - share) * (now - first) / (share - begun))} left" if share > begun else ""
        speed = self._now / max(now - self._started, 1e-9)
        return f"{self._rows:,} rows{odd}, {speed:,.0f} rows/s, {share:.0%}{left}"


def exit_status(report: Report) -> int:
    """1 where not one row of all was answered."""
    return int(report.rejected > 0 and not report.rows)


def print_report(report: Report) -> None:
    """For people."""
    out = console()
    resumed = f" ({report.resumed} of them {'was' if report.resumed == 1 else 'were'} there already)"
    told = f": {_counted(report.rows, 'row')} in {_counted(report.parts, 'part')}{resumed if report.resumed else ''}"
    verdict = ("no answers", "bold red") if exit_status(report) else ("done", "bold green")
    out.print(styled(verdict, told), soft_wrap=True)
    if report.rejected:
        has = "has" if report.rejected == 1 else "have"
        told = f": {_counted(report.rejected, 'row')} {has} no answer; {report.out}/_rejects.jsonl says why"
        out.print(styled(("rejected", "yellow"), told), soft_wrap=True)
    if not report.rows and not report.rejected:
        out.print(styled(("warning", "yellow"), ": the input had no rows, so there are no answers"), soft_wrap=True)
    out.print(f"{report.out}    {report.manifest}", soft_wrap=True)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
