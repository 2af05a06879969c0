"""`gate`: may this run be promoted? And `waive`: somebody answers for what it blocks on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import console, print_json, styled, table
from daybreak.cli.proving import CouldNotRun
from daybreak.client.client import Client
from daybreak.client.homes import find_home
from daybreak.validation import gate as gates
from daybreak.validation import policy as policies
from daybreak.validation import waiving
from daybreak.validation.decision import Decision
from daybreak.validation.evidence import gather
from daybreak.validation.waivers import Waiver, last

STYLE = {"passed": "green", "warned": "yellow", "waived": "yellow", "not run": "yellow", "blocked": "bold red"}
VERDICT = {"passed": "bold green", "passed with warnings": "bold yellow", "blocked": "bold red"}
QUIET = {
    "clean": ("clean", "green"),
    "not_applicable": ("nothing to look at", "dim"),
}  # rules that are told in one line
SHORT = 12  # digits of a fingerprint that a line shows

Run = Annotated[str, Parameter(help="A trial (3.17), a point of one (3.17@9), or an experiment (3) for its best.")]


def gate(
    run: Run = "",
    *,
    policy: Annotated[
        Path | None, Parameter(help="A YAML file; left out: everything that an audit can ask, errors block.")
    ] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Ask whether a run may be promoted: its audits, looks at its sealed test set, and metrics, as a policy wants them.

    What was not run is never green. The answer is kept with the run. Exit status: 0 it passes; 1 it is blocked; 2 it could not be asked.

    JSON: {run, verdict, source, policy, asked: [{what, result, says, blocks, fingerprints, measured, advice}], waivers, model, code,
    data, at}.
    """
    with could_be_asked():
        given = policies.DEFAULT if policy is None else policies.read(policy)
        with Client(home) as client:
            evidence = gather(client, run)
            decision = gates.decide(evidence, given)
        gates.keep(evidence.subject, decision)
    print_json(as_json(decision)) if json else print_decision(decision)
    return decision.exit_status


def waive(
    fingerprint: Annotated[
        str,
        Parameter(
            help="Of a finding, as an audit or a gate shows it; its first digits will do. Left out: all waivers."
        ),
    ] = "",
    *,
    reason: Annotated[str, Parameter(help="Why it may be so.")] = "",
    until: Annotated[str, Parameter(help="The last day it holds (2027-01-31), or how long from now (30d).")] = "",
    author: Annotated[str, Parameter(help="Who answers for it; left out: the user of git, else of this machine.")] = "",
    revoke: Annotated[bool, Parameter(help="Take it back.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Answer for a finding, for a reason and until a day: the gate lets it pass, and the model card shows it. Or list what was waived.

    A waiver is void as soon as the data, the code or what was found changes. Lines are only ever added.

    JSON: the waiver: {fingerprint, reason, author, at, until, rule, what, run, revokes}; without a fingerprint a list of them.
    """
    place = find_home(home)
    if not fingerprint:
        if reason or until or revoke:
            raise UsageError("which finding is meant? daybreak waive FINGERPRINT --reason ... --until ...")
        _list(last(place), json=json)
        return
    said = waiving.Said(reason, until, author, revoke)
    made = waiving.waive(place, fingerprint, said)
    if json:
        print_json(made)
    elif made.revokes:
        console().print(f"revoked {made.fingerprint[:SHORT]}: {made.reason}", soft_wrap=True)
    else:
        console().print(
            f"waived {made.rule} {made.fingerprint[:SHORT]} until {_day(made.until)}, by {made.author}: {made.reason}",
            soft_wrap=True,
        )


@contextmanager
def could_be_asked() -> Iterator[None]:
    """Whatever keeps a gate from answering, the exit status is one."""
    try:
        yield
    except DaybreakError as error:
        raise CouldNotRun(str(error)) from error


def as_json(decision: Decision) -> dict[str, Any]:
    """A decision as programs read it."""
    return {"run": decision.run, "verdict": decision.verdict, **msgspec.to_builtins(decision)}


def print_decision(decision: Decision, what: str = "run") -> None:
    """For people: the verdict on `what`, then what was asked and is not simply clean."""
    out = console()
    out.print(
        styled(
            (decision.verdict, VERDICT[decision.verdict]), f": {what} {decision.run}", (f"   {decision.source}", "dim")
        )
    )
    rows = [
        [styled((one.result, STYLE[one.result])), one.what, one.says + _waivable(one.fingerprints, one.result)]
        for one in decision.asked
        if one.status not in QUIET
    ]
    if rows:
        out.print(table(["answer", "asked", ""], rows))
    for status, (word, style) in QUIET.items():
        if named := [one.what for one in decision.asked if one.status == status]:
            out.print(styled((word, style), f"  {', '.join(named)}"), soft_wrap=True)
    for advice in dict.fromkeys(one.advice for one in decision.asked if one.advice and one.result != "passed"):
        out.print(styled(("next  ", "dim"), advice), soft_wrap=True)


def _waivable(fingerprints: tuple[str, ...], result: str) -> str:
    if result not in ("blocked", "warned"):
        return ""
    named = ", ".join(name[:SHORT] for name in fingerprints[:3])
    return f" [{named}{', ...' if len(fingerprints) > 3 else ''}]" if named else ""  # noqa: PLR2004


def _list(found: dict[str, Waiver], *, json: bool) -> None:
    waivers, now = list(found.values()), time.time()
    if json:
        print_json([msgspec.to_builtins(one) | {"standing": one.standing(now)} for one in waivers])
    elif not waivers:
        console().print("nothing was waived")
    else:
        rows = (
            [one.fingerprint[:SHORT], one.standing(now), one.rule, one.run, _day(one.until), one.author, one.reason]
            for one in waivers
        )
        console().print(table(["finding", "is", "rule", "run", "until", "by", "reason"], rows))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at - 1, UTC).strftime("%Y-%m-%d") if at else "-"
