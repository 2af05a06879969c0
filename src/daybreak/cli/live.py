"""Follow an experiment: a live view on a terminal, a few lines elsewhere."""

import sys
from collections.abc import Iterator

import msgspec
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from daybreak.cli.output import STATE_STYLE, console, duration, folded, number, point, roughly, state, styled, table
from daybreak.client.client import OVER
from daybreak.wire.api import Status
from daybreak.wire.rows import NoticeRow

BAR = 24  # characters
POINT_LINES = 4  # a long list of hyperparameters is cut here; `daybreak best` shows all of it

# Where the output is no terminal, the pauses between lines grow with the run: a minute prints at most 40 lines, an hour 120, a week 230.
NEWS = (1.0, 0.05)  # at least so many seconds, and so much of the time so far, before news (another best) is told
CALM = (10.0, 0.1)  # the same, when there is only progress to tell


def follow(statuses: Iterator[Status], *, json: bool = False) -> Status:
    """Show statuses until they end (the experiment is over or paused); the last one.

    With `json` only what somebody should know meanwhile, as lines on standard error: `{"notice": {level, text, trial}}`.
    """
    told = _until_halt(statuses)
    if json:
        return _for_programs(told)
    return _live(told) if sys.stdout.isatty() else _lines(told)


def _until_halt(statuses: Iterator[Status]) -> Iterator[Status]:
    for status in statuses:
        yield status
        if status.state in OVER or status.state == "paused":
            return


def _for_programs(statuses: Iterator[Status]) -> Status:
    notices, status = Notices(), None
    for status in statuses:
        for notice in notices.new(status):
            if notice.level != "info":
                told = {"level": notice.level, "text": notice.text, "trial": notice.trial}
                print(msgspec.json.encode({"notice": told}).decode(), file=sys.stderr, flush=True)  # noqa: T201
    assert status is not None  # noqa: S101 (a watch gives at least one)
    return status


def _live(statuses: Iterator[Status]) -> Status:
    status = next(statuses)
    notices = Notices()
    with Live(view(status, console().width), console=console(), refresh_per_second=8, vertical_overflow="crop") as live:
        while True:
            for notice in notices.new(status):
                live.console.print(styled((notice.level, _colour(notice)), f": {notice.text}"))
            live.update(view(status, console().width))
            following = next(statuses, None)
            if following is None:
                return status
            status = following


def _lines(statuses: Iterator[Status]) -> Status:
    lines, notices = Lines(), Notices()
    status = None
    for status in statuses:
        for notice in notices.new(status):
            print(f"{notice.level}: {notice.text}", flush=True)  # noqa: T201
        if lines.due(status):
            print(line(status), flush=True)  # noqa: T201
    assert status is not None  # noqa: S101 (a watch gives at least one)
    return status


class Notices:
    """Which notices were not told before; the controller's own trouble, and that it is over, are told like them."""

    def __init__(self) -> None:
        self._told = 0
        self._trouble = ""

    def new(self, status: Status) -> list[NoticeRow]:
        """Those that came since the last status."""
        found = [notice for notice in status.notices if notice.number > self._told]
        self._told = max([self._told, *(notice.number for notice in found)])
        if bool(status.trouble) != bool(self._trouble):
            found.append(_of_trouble(status))
        self._trouble = status.trouble
        return found


def _of_trouble(status: Status) -> NoticeRow:
    text = status.trouble or "the trouble is over: everything goes on"
    return NoticeRow(status.experiment, 0, status.at, "error" if status.trouble else "info", text, None)


class Lines:
    """Decides which statuses are worth a line."""

    def __init__(self) -> None:
        self._state: tuple[str, str] = ("", "")
        self._best: tuple[object, ...] = ()
        self._said = 0.0  # wall seconds of the experiment
        self._units = -1

    def due(self, status: Status) -> bool:
        """Whether this one is: another state always, another best or mere progress after a pause that grows with the run."""
        best = (status.best, status.best_trial)
        if (status.state, status.phase) != self._state:
            due = True
        elif best != self._best:
            due = self._passed(status, *NEWS)
        else:
            due = status.units != self._units and self._passed(status, *CALM)
        if due:
            self._state, self._best = (status.state, status.phase), best
            self._said, self._units = status.wall_seconds, status.units
        return due

    def _passed(self, status: Status, least: float, share: float) -> bool:
        return status.wall_seconds - self._said >= max(least, share * status.wall_seconds)


def line(status: Status) -> str:
    """The status in one line of plain text."""
    counts = ", ".join(f"{count} {name}" for name, count in status.states.items() if count)
    best = (
        f"best {status.metric} {number(status.best)} (trial {status.experiment}.{status.best_trial})"
        if status.best_trial
        else "no score yet"
    )
    return (
        f"[{duration(status.wall_seconds)}] {status.name} #{status.experiment} {_state_and_phase(status)}: {best}; "
        f"{counts or 'no trial yet'}; {status.units:,} units{_eta(status)}"
    )


def view(status: Status, width: int) -> RenderableType:
    """The status as a block of text for a terminal so many characters wide."""
    parts: list[RenderableType] = [_headline(status)]
    if status.states:
        parts.append(_trials(status))
    if status.rungs:
        parts.append(_rungs(status))
    if status.budget:
        parts.append(_budget(status))
    if status.best_trial is not None:
        parts.append(_best(status, width))
    if status.waiting_why and not status.slots_busy and status.state not in OVER:
        parts.append(Text(f"waits   {status.waiting_why}", style="yellow"))
    return Group(*parts)


def _headline(status: Status) -> Text:
    over = status.state in OVER
    return styled(
        (status.name, "bold"),
        f" #{status.experiment}  ",
        state(status.state),
        f"{_phase(status)}  {duration(float(int(status.wall_seconds)) if not over else status.wall_seconds)}{_eta(status)}",
        "" if over else f"  slots {status.slots_busy}/{status.slots_total}",
        f"  units {status.units:,}" + (f"  {status.why}" if over else ""),
    )


def _state_and_phase(status: Status) -> str:
    return status.state + _phase(status)


def _phase(status: Status) -> str:
    return f" ({status.phase})" if status.state == "running" and status.phase != "search" else ""


def _eta(status: Status) -> str:
    return f", {roughly(status.eta_seconds)} to go" if status.eta_seconds and status.state == "running" else ""


def _trials(status: Status) -> Text:
    counts = [(name, count) for name, count in status.states.items() if count]
    found = styled(f"trials  {sum(count for _, count in counts):,}: ")
    for index, (name, count) in enumerate(counts):
        found.append(", " if index else "")
        found.append(f"{count:,} {name}", STATE_STYLE.get(name, ""))
    return found


def _rungs(status: Status) -> Table:
    most = max((rung.reported for rung in status.rungs), default=1) or 1
    return table(
        ["rung at", "reported", "", "waiting", "running", "frozen", "best"],
        (
            [r.units, r.reported, _bar(r.reported, most), r.waiting or "", r.running or "", r.frozen or "", r.best]
            for r in status.rungs
        ),
        right=["rung at", "reported", "waiting", "running", "frozen", "best"],
    )


def _bar(count: int, most: int) -> str:
    """Always as wide as the fullest, so that columns stand still."""
    return ("█" * max(round(BAR * count / most), int(count > 0))).ljust(BAR)


def _budget(status: Status) -> Table:
    rows = Table.grid(padding=(0, 1))
    for name, (used, limit) in status.budget.items():
        bar = ProgressBar(total=limit, completed=min(used, limit), width=BAR)
        rows.add_row(Text("budget "), bar, Text(_spent(name, used, limit)))
    return rows


def _spent(name: str, used: float, limit: float) -> str:
    if name == "wall":
        return f"{duration(used)} of {duration(limit)}"
    return f"{number(used)} of {number(limit)} {name.replace('_', ' ')}"


def _best(status: Status, width: int) -> RenderableType:
    baseline = f", baseline {number(status.baseline)}" if status.baseline is not None else ""
    title = styled(
        "best    ",
        (number(status.best), "bold green"),
        f" {status.metric}, trial {status.experiment}.{status.best_trial} at {status.best_units:,} units{baseline}",
    )
    return Group(title, *(Text(" " * 8 + text) for text in folded(point(status.best_point), width - 8, POINT_LINES)))


def _colour(notice: NoticeRow) -> str:
    return {"error": "red", "warning": "yellow"}.get(notice.level, "dim")
