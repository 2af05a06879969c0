"""Monitoring for people: how a deployment stands, its windows, its settings."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from daybreak.cli.output import ago, console, duration, errors_console, styled, table
from daybreak.monitoring.drift import Finding
from daybreak.monitoring.performance import Estimate, Performance
from daybreak.serving.watch.closed import Closed
from daybreak.serving.watch.settings import Watch
from daybreak.serving.watch.standing import ArmStanding, Standing

if TYPE_CHECKING:
    from daybreak.cli.comparing import Compared

STALE = 90.0  # seconds without a look of the supervisor
LOUDEST = 12  # questions that are shown
STYLE = {"ok": "green", "drift": "bold red", "too few rows": "yellow", "waiting": "dim", "no reference": "yellow"}


def show_standing(deployment: str, now: Standing, at: float) -> None:
    """Every version, its loudest columns, how good it is."""
    if not now.arms:
        console().print(styled(f"{deployment}: ", (now.says, "dim")), soft_wrap=True)
    elif at - now.at > STALE:
        console().print(styled((f"as it stood {ago(now.at, at)} ago: nobody watches {deployment} now", "yellow")))
    for arm in now.arms:
        _show_arm(arm, at)


def _show_arm(arm: ArmStanding, at: float) -> None:
    console().print(
        styled(f"{arm.model} {arm.version} ({arm.arm}): ", *_said(arm.standing, arm.says)),
        soft_wrap=True,
    )
    if arm.until is not None:
        skipped = f", {arm.skipped:,} more not counted" if arm.skipped else ""
        console().print(styled((f"a window of {arm.rows:,} rows that ended {ago(arm.until, at)} ago{skipped}", "dim")))
    _show_scores(arm.performance, arm.estimate)
    if arm.tests:
        show_tests(arm.tests)
    console().print(styled((_open(arm, at), "dim")), soft_wrap=True)


def _said(standing: str, says: str) -> tuple[tuple[str, str], str]:
    """How it stands in its colour, and why; said once where the reason begins with it."""
    rest = says.removeprefix(standing)
    return (standing, STYLE[standing]), rest if rest != says else f", {says}"


def _show_scores(performance: Performance | None, estimate: Estimate | None) -> None:
    for name, found in (("measured", performance), ("estimated, not measured", estimate)):
        if found is not None:
            alarm = ("alarm ", "bold red") if found.alarm else ""
            console().print(styled(alarm, f"{name}: {found.says}"), soft_wrap=True)


def show_tests(tests: Sequence[Finding]) -> None:
    """The loudest question of each column, as a table."""
    loudest: dict[tuple[str, str], Finding] = {}
    for test in tests:
        loudest.setdefault((test.side, test.name), test)
    rows = [
        [
            Text("alarm", "bold red") if test.alarm else "",
            f"{test.side} {test.name}",
            test.question,
            f"{test.value:.3g}",
            f"{test.effect:.3g}",
            f"{test.cut:.3g}",
            test.says,
        ]
        for test in loudest.values()
    ]
    heads = ["", "column", "by", "is", "matters from", "chance up to", "says"]
    console().print(table(heads, rows, right=("is", "matters from", "chance up to")))


def _open(arm: ArmStanding, at: float) -> str:
    if arm.standing == "no reference":
        return ""
    due = ""
    if arm.judged_at is not None:
        wait = arm.judged_at - at
        when = f"in {duration(wait)} if it then" if wait > 0 else "once it"
        due = f", judged {when} has {arm.judged_rows:,}"
    truths = f"; {arm.truths:,} right answers came back and wait to be judged" if arm.truths else ""
    return f"the open window has {arm.open_rows:,} rows{due}{truths}"


def show_windows(deployment: str, windows: Sequence[Closed], days: int) -> None:
    """A line each."""
    if not windows:
        console().print(f"{deployment} closed no window in the last {days} day{'s' if days > 1 else ''}")
        return
    rows = [
        [
            datetime.fromtimestamp(window.until).astimezone().strftime("%Y-%m-%d %H:%M"),
            f"{window.model} {window.version}",
            window.arm,
            window.verdict.rows,
            Text(_word(window), STYLE[_word(window)]),
            ", ".join(dict.fromkeys(window.alarms)) or "-",
        ]
        for window in windows
    ]
    console().print(table(["until", "model", "arm", "rows", "standing", "alarms"], rows, right=("rows",)))


def _word(window: Closed) -> str:
    return "drift" if window.alarms else window.verdict.standing


def show_changed(deployment: str, watch: Watch) -> None:
    """Settings in words."""
    told = [*watch.webhooks, *watch.commands, *(watch.email.to if watch.email else ())]
    policy = watch.policy
    console().print(
        f"{deployment}: a window is judged after {duration(watch.every)} and {policy.rows:,} rows; "
        f"an alarm needs PSI {policy.psi:g} or Wasserstein {policy.wasserstein:g}, {100 * policy.classes:g} % of classes, "
        f"{100 * policy.shares:g} % missing, out of range or new, and p below {policy.level:g}",
        soft_wrap=True,
    )
    console().print(f"alerts go to {', '.join(told)}" if told else "alerts go to status and log alone", soft_wrap=True)


def show_compared(found: "Compared") -> None:
    """Rows of files against a reference."""
    verdict = found.verdict
    console().print(
        styled(f"{found.model} {found.version}: ", *_said(verdict.standing, verdict.says)),
        soft_wrap=True,
    )
    rejected = f", {found.rejected:,} more are none that the model takes" if found.rejected else ""
    console().print(styled((f"{found.rows:,} rows compared{rejected}", "dim")))
    _show_scores(found.performance, found.estimate)
    if verdict.tests:
        show_tests(verdict.tests[:LOUDEST])


@contextmanager
def counting(*, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Draws how many rows were compared on standard error, where somebody looks."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    with errors_console().status("comparing") as spinner:
        yield lambda rows: spinner.update(f"comparing: {rows:,} rows")
