"""How proofs are shown: progress while they train, certificates when they are done."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from daybreak.base.errors import DaybreakError
from daybreak.cli.output import ago, console, duration, errors_console, number, styled, table
from daybreak.proof.certificate import Certificate, Check
from daybreak.proof.verifying import Progress

COULD_NOT_RUN = 2  # exit status
SHORT = 2.0  # seconds; what takes no longer needs no line
CALM = 10.0  # seconds between lines where the output is no terminal


class CouldNotRun(DaybreakError):
    """Whatever kept a proof from running, the exit status is one."""

    exit_code = COULD_NOT_RUN


@contextmanager
def progress(*, quiet: bool, at_once: bool = True) -> Iterator[Progress]:
    """A bar on a terminal, a line now and then elsewhere; on standard error, so that results stay alone.

    `at_once`: a line whenever something else begins; otherwise only what takes a while is told.
    """
    if quiet:
        yield lambda _what, _done, _of: None
    elif sys.stderr.isatty():
        with _bar() as bar:
            task = bar.add_task("starting", total=None)
            yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of or None)
    else:
        yield _Lines(0.0 if at_once else SHORT)


def _bar() -> Bar:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Bar(*columns, console=errors_console(), transient=True)


class _Lines:
    """A line when something else begins, `apart` seconds after the last at the earliest, and one now and then while it goes on."""

    def __init__(self, apart: float) -> None:
        self._apart = apart
        self._what, self._said = "", time.monotonic()

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self._said < (CALM if what == self._what else self._apart):
            return
        self._what, self._said = what, now
        print(f"{what}{f': {done} of {of}' if of else ''}", file=sys.stderr, flush=True)  # noqa: T201


def print_certificate(made: Certificate, where: str) -> None:
    """For people."""
    out = console()
    named = f"{made.experiment}.{made.trial}"
    if made.verified:
        out.print(
            styled(
                ("verified", "bold green"),
                f": {named} up to {made.units:,} of {made.of:,} units, level ",
                (made.level, "bold"),
            )
        )
    else:
        out.print(styled((made.outcome, "bold red"), f": {named}, level reached: ", (made.level, "bold")))
    if made.sha256:
        out.print(f"SHA-256 of the model at {made.units:,} units: {made.sha256}")
    out.print()
    out.print(_checks(made))
    _print_parting(made)
    pins = "  ".join(f"{name}={_short(value)}" for name, value in made.pinned.items() if not isinstance(value, dict))
    out.print(styled(("pinned", "dim"), f": {pins}"), soft_wrap=True)
    for limit in made.limits:
        out.print(styled(("limit", "yellow"), f": {limit}"), soft_wrap=True)
    for note in made.notes:
        out.print(styled(("note", "yellow"), f": {note}"), soft_wrap=True)
    out.print(styled(("certificate", "dim"), f": {where}"), soft_wrap=True)


def print_certificates(found: list[tuple[str, Certificate]]) -> None:
    """All of an experiment."""
    now = time.time()
    rows = (
        [f"{one.experiment}.{one.trial}", one.level, one.outcome, f"{one.units}/{one.of}",
         one.sha256[:16], ago(one.at, now), where]
        for where, one in found
    )  # fmt: skip
    console().print(
        table(["trial", "level", "", "units", "sha256", "age", "certificate"], rows, right=["units", "age"])
    )


def _checks(made: Certificate) -> object:
    columns = ["level", "trained again", "units", "processes", "points", "states", "", "time"]
    rows = (
        [check.level, check.what, f"{check.begin} to {check.until}", check.world_size, check.points, _states(check),
         _verdict(check), duration(check.seconds)]
        for check in made.checks
    )  # fmt: skip
    return table(columns, rows, right=["processes", "points", "time"])


def _states(check: Check) -> str:
    kinds = [state.standing for state in check.states]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or "none kept"


def _verdict(check: Check) -> object:
    if check.failure:
        return styled(("failed", "red"))
    return styled(("same bits", "green")) if check.same else styled(("differs", "red"))


def _print_parting(made: Certificate) -> None:
    out, parting, cause = console(), made.parting, made.cause
    if parting is not None:
        where = ", ".join(
            text
            for text in (
                f"first at step {parting.step}" if parting.step is not None else "",
                f"metric {parting.metric}" if parting.metric else "",
                f"tensor {parting.tensor}" if parting.tensor else "",
                f"by {number(parting.size)}" if parting.size is not None else "",
            )
            if text
        )
        if where:
            out.print(styled(("bits part", "red"), f": {where}"), soft_wrap=True)
    if cause is not None:
        out.print(styled(("likeliest cause", "red"), f": {cause.told}"), soft_wrap=True)
        for line in cause.evidence:
            out.print(f"  {line}", soft_wrap=True)


def _short(value: object) -> str:
    text = str(value)
    return text[:12] if len(text) == 64 else text  # noqa: PLR2004 (a hash)
