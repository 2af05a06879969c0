"""How things are said: consoles, tables, numbers and times for people; JSON for programs."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

STATE_STYLE = {
    "running": "cyan",
    "waiting": "dim",
    "frozen": "blue",
    "paused": "yellow",
    "finishing": "cyan",
    "done": "green",
    "finished": "green",
    "stopped": "yellow",
    "failed": "red",
}


@cache
def console() -> Console:
    """Standard output; 120 columns wide when it is no terminal. Text is never read as markup: names and messages are users'."""
    return Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)


@cache
def errors_console() -> Console:
    """Standard error."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else 120, highlight=False, markup=False)


def styled(*parts: str | Text | tuple[str, str]) -> Text:
    """Text of several styles: `styled(("error", "bold red"), ": ", message)`."""
    return Text.assemble(*parts)


@contextmanager
def progress_bar(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A function that is told (done, total) bytes and draws a bar on standard error; None where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True), TimeRemainingColumn())
    with Progress(*columns, console=errors_console(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_json(value: Any) -> None:
    """One JSON document on standard output; infinities and NaN become null."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Sequence[str] = ()) -> Table:
    """A plain table; the columns named in `right` are aligned to the right."""
    made = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else number(cell) for cell in row))
    return made


def number(value: Any) -> str:
    """A number as people write it: 4 significant digits, no noise; `-` for None."""
    if value is None:
        return "-"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def duration(seconds: float | None) -> str:
    """Seconds as `4.2 s`, `42 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds is None:
        return "-"
    if seconds < 59.5:  # noqa: PLR2004
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def roughly(seconds: float) -> str:
    """An estimate that does not pretend: `under 5 s`, `about 40 s`, `about 3 min`, `about 2.5 h`; the same for a while, as it shrinks."""
    if seconds < 5:  # noqa: PLR2004
        return "under 5 s"
    if seconds < 57.5:  # noqa: PLR2004
        return f"about {5 * round(seconds / 5)} s"
    if seconds < 57.5 * 60:
        minutes = seconds / 60
        return f"about {round(minutes) if minutes < 10 else 5 * round(minutes / 5)} min"  # noqa: PLR2004
    return f"about {max(1.0, round(seconds / 1800) / 2):g} h"


def point(values: Mapping[str, Any]) -> str:
    """Hyperparameters on one line."""
    return "  ".join(f"{name}={number(value)}" for name, value in values.items())


def folded(text: str, width: int, most: int = 100) -> list[str]:
    """`name=value` pairs, two spaces apart, folded between pairs; those that do not fit in `most` lines are counted."""
    pairs = text.split("  ")
    lines: list[list[str]] = [[]]
    for pair in pairs:
        if lines[-1] and len("  ".join([*lines[-1], pair])) > width:
            lines.append([])
        lines[-1].append(pair)
    kept = lines[:most]
    if hidden := len(pairs) - sum(len(line) for line in kept):
        while len(kept[-1]) > 1 and len("  ".join([*kept[-1], f"and {hidden} more"])) > width:
            kept[-1].pop()
            hidden += 1
        kept[-1].append(f"and {hidden} more")
    return ["  ".join(line) for line in kept]


def state(name: str) -> Text:
    """A state in its colour."""
    return Text(name, STATE_STYLE.get(name, ""))


def ago(then: float | None, now: float) -> str:
    """How long since, in one unit: `12 s`, `5 min`, `3 h`, `2 d`."""
    if then is None:
        return "-"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if now - then >= size:
            return f"{int((now - then) // size)} {unit}"
    return f"{max(0, int(now - then))} s"
