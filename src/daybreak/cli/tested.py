"""What a test of champion and challengers says, for people: the verdict, then arms, readings, checks, shadows."""

from rich.text import Text

from daybreak.cli.output import ago, console, styled, table
from daybreak.serving.experiment.reporting import Report

STYLE = {"better": "green", "worse": "red", "rollback": "red", "blocked": "red", "same": "cyan", "early": "yellow"}


def show(name: str, told: Report) -> None:
    """All of it on standard output."""
    out = console()
    began = ago(told.began, told.at)
    state = f"began {began} ago" if told.ended is None else f"ended {ago(told.ended, told.at)} ago: {told.because}"
    out.print(styled((f"test of {name}, {state}", "bold")), soft_wrap=True)
    out.print(styled((told.verdict.said, STYLE[told.verdict.state])), soft_wrap=True)
    out.print()
    out.print(_arms(told))
    for arm in told.arms:
        if arm.stopped:
            out.print(styled(("stopped ", "dim"), f"{arm.name}: {arm.stopped}"), soft_wrap=True)
    for one in told.readings[1:]:
        out.print(styled(("beside  ", "dim"), one.said), soft_wrap=True)
    out.print(_ratio(told), soft_wrap=True)
    for guard in told.guards:
        if guard.said:
            out.print(styled(("guard   ", "dim"), (guard.said, "red")), soft_wrap=True)
    held = [f"{one.watched.rail} of {one.watched.arm}" for one in told.guards if not one.said]
    if held:
        out.print(styled(("guards  ", "dim"), ("hold: ", "green"), ", ".join(held)), soft_wrap=True)
    for shadow in told.shadows:
        out.print(styled(("shadow  ", "dim"), shadow.said), soft_wrap=True)


def _arms(told: Report) -> object:
    rows = [
        [
            arm.name,
            arm.role,
            f"{arm.model} {arm.version}",
            f"{arm.weight:.1%}".replace("%", " %"),
            arm.requests,
            arm.units,
            arm.failed,
            None if arm.seconds is None else f"{1e3 * arm.seconds:.3g} ms",
        ]
        for arm in told.arms
    ]
    columns = ("arm", "role", "model", "share", "requests", "units", "failed", "time")
    return table(columns, rows, right=("share", "requests", "units", "failed", "time"))


def _ratio(told: Report) -> Text:
    if told.ratio.blocks:
        return styled(("ratio   ", "dim"), (told.ratio.said, "red"))
    return styled(("ratio   ", "dim"), ("holds: ", "green"), f"units come as they are dealt (p = {told.ratio.p:.2g})")
