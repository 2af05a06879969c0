"""Follow an experiment: a live view on a terminal, one line per event elsewhere."""

import sys
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from daybreak.cli.output import console, duration, number, point, state, styled, table
from daybreak.client.client import OVER
from daybreak.wire.api import Status


def follow(statuses: Iterator[Status], *, json: bool = False) -> Status:
    """Show statuses until they end (the experiment is over or paused); the last one."""
    if json:
        return _last(statuses)
    return _live(statuses) if sys.stdout.isatty() else _lines(statuses)


def _last(statuses: Iterator[Status]) -> Status:
    status = next(statuses)
    for status in statuses:
        if status.state == "paused":
            break
    return status


def _live(statuses: Iterator[Status]) -> Status:
    status = next(statuses)
    told = 0
    with Live(view(status), console=console(), refresh_per_second=8, transient=False) as live:
        while True:
            for notice in status.notices:
                if notice.number > told:
                    told = notice.number
                    live.console.print(Text(f"{notice.level}: {notice.text}", style="yellow"))
            live.update(view(status))
            if status.state in OVER or status.state == "paused":
                return status
            status = next(statuses)


def _lines(statuses: Iterator[Status]) -> Status:
    """One line whenever something a reader cares about has changed."""
    said: tuple[object, ...] = ()
    told = 0
    status = None
    for status in statuses:
        for notice in status.notices:
            if notice.number > told:
                told = notice.number
                print(f"{notice.level}: {notice.text}", flush=True)  # noqa: T201
        now = (status.state, status.phase, status.best, status.best_trial)
        if now != said:
            said = now
            print(line(status), flush=True)  # noqa: T201
        if status.state == "paused":
            break
    assert status is not None  # noqa: S101 (a watch gives at least one)
    return status


def line(status: Status) -> str:
    """The status in one line of plain text."""
    counts = ", ".join(f"{count} {name}" for name, count in status.states.items() if count)
    best = (
        f"best {status.metric} {number(status.best)} (trial {status.best_trial})"
        if status.best_trial
        else "no score yet"
    )
    return (
        f"[{duration(status.wall_seconds)}] {status.name} #{status.experiment} {status.state}: {best}; "
        f"{counts or 'no trial yet'}; {status.units} units"
    )


def view(status: Status) -> RenderableType:
    """The status as a block of text for a terminal."""
    parts: list[RenderableType] = [_headline(status)]
    if status.rungs:
        parts.append(_rungs(status))
    parts.extend(_budget(status))
    if status.best_trial is not None:
        parts.append(
            styled(
                "best   ",
                (number(status.best), "bold green"),
                f" {status.metric}, trial {status.experiment}.{status.best_trial} at {status.best_units} units"
                + (f", baseline {number(status.baseline)}" if status.baseline is not None else "")
                + f"\n       {point(status.best_point)}",
            )
        )
    if status.waiting_why and not status.slots_busy and status.state not in OVER:
        parts.append(Text(f"waits  {status.waiting_why}", style="yellow"))
    return Group(*parts)


def _headline(status: Status) -> Text:
    eta = f", about {duration(status.eta_seconds)} to go" if status.eta_seconds and status.state not in OVER else ""
    return styled(
        (status.name, "bold"),
        f" #{status.experiment}  ",
        state(status.state),
        f"{' (' + status.phase + ')' if status.state == 'running' and status.phase != 'search' else ''}"
        f"  {duration(status.wall_seconds)}{eta}  slots {status.slots_busy}/{status.slots_total}"
        f"  units {status.units:,}" + (f"  {status.why}" if status.state in OVER else ""),
    )


def _rungs(status: Status) -> Table:
    most = max((rung.reported for rung in status.rungs), default=1) or 1
    return table(
        ["rung at", "reported", "", "waiting", "running", "frozen", f"best {status.metric}"],
        (
            [r.units, r.reported, "█" * round(24 * r.reported / most), r.waiting, r.running, r.frozen, r.best]
            for r in status.rungs
        ),
        right=["rung at", "reported", "waiting", "running", "frozen", f"best {status.metric}"],
    )


def _budget(status: Status) -> Iterator[RenderableType]:
    for name, (used, limit) in status.budget.items():
        row = Table.grid(padding=(0, 1))
        row.add_row(
            Text("budget"), ProgressBar(total=limit, completed=min(used, limit), width=24), _spent(name, used, limit)
        )
        yield row


def _spent(name: str, used: float, limit: float) -> Text:
    if name == "wall":
        return Text(f"{duration(used)} of {duration(limit)}")
    return Text(f"{number(used)} of {number(limit)} {name.replace('_', ' ')}")
