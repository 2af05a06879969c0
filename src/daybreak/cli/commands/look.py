"""`ls`, `show`, `best`, `compare`: what is there."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.ids import TrialKey
from daybreak.cli.arguments import Experiment, HomeFolder, Json
from daybreak.cli.believing import as_json, believed, print_believed
from daybreak.cli.certified import certified, print_certified
from daybreak.cli.front import front, print_front
from daybreak.cli.output import ago, console, duration, number, print_json, state, styled, table
from daybreak.cli.trials import print_best, trial_table
from daybreak.client.client import Client
from daybreak.wire.rows import ExperimentRow


def ls(*, all: bool = False, json: Json = False, home: HomeFolder = None) -> None:  # noqa: A002
    """List experiments, newest first.

    JSON: a list of {experiment, name, state, trials, best_trial, best, ...}.

    Parameters
    ----------
    all
        All of them, not only the newest 30.
    """
    with Client(home) as client:
        rows = client.experiments()
    if not all:
        rows = rows[:30]
    if json:
        print_json(rows)
        return
    if not rows:
        console().print("no experiment yet; start one with `daybreak run`")
        return
    now = time.time()
    console().print(
        table(
            ["#", "name", "state", "trials", "best", "baseline", "units", "slot time", "age", "why"],
            (
                [str(r.experiment), r.name, state(r.state), r.trials, _best_value(r), r.baseline, r.units,
                 duration(r.slot_seconds), ago(r.submitted, now), r.why]
                for r in rows
            ),
            right=["#", "trials", "best", "baseline", "units", "slot time", "age"],
        )
    )  # fmt: skip


def show(experiment: Experiment = "", *, json: Json = False, home: HomeFolder = None) -> None:
    """Show one experiment: trials, rungs, budget, certificates and notices; with several objectives the trials that no other beats.

    JSON: {experiment, status, trials, notices, front, certificates, audited, test_looks}; front: numbers of those trials.
    """
    with Client(home) as client:
        row = client.experiment(experiment)
        trials, notices = client.trials(row.experiment), client.notices(row.experiment)
        status = client.status(row.experiment)
        score = believed(client, row)
        certificates = certified(client.home, row.experiment)
    if json:
        print_json(
            {"experiment": row, "status": status, "trials": trials, "notices": notices, "certificates": certificates}
            | {"front": [trial.trial for trial in front(row, trials)]}
            | as_json(score)
        )
        return
    out = console()
    out.print(
        styled(
            (row.name, "bold"),
            f"  #{row.experiment}  ",
            state(row.state),
            f"  {row.why}" if row.why != row.state else "",
        )
    )
    used = "  ".join(f"{name} {number(used)}/{number(limit)}" for name, (used, limit) in status.budget.items())
    out.print(f"{row.units:,} units, {duration(row.slot_seconds)} of slot time{'; budget: ' + used if used else ''}")
    if status.rungs:
        out.print(
            table(
                ["rung at", "reported", "running", "frozen", "best"],
                ([r.units, r.reported, r.running, r.frozen, r.best] for r in status.rungs),
                right=["rung at", "reported", "running", "frozen", "best"],
            )
        )
    out.print()
    out.print(trial_table(row, trials))
    print_front(row, trials)
    print_believed(score)
    print_certified(certificates, row.experiment, time.time())
    if status.trouble:
        out.print(styled(("error", "red"), f": {status.trouble}"), soft_wrap=True)
    for notice in notices:
        out.print(
            styled((notice.level, "red" if notice.level == "error" else "yellow"), f": {notice.text}"), soft_wrap=True
        )


def best(experiment: Experiment = "", *, json: Json = False, home: HomeFolder = None) -> None:
    """Show the best trial, its hyperparameters and where its checkpoint is; with several objectives also those that no other beats.

    JSON: the trial: {trial, score, units, point, best, last, rungs, checkpoint, ...}.
    """
    with Client(home) as client:
        row = client.experiment(experiment)
        if row.best_trial is None:
            raise NotFound(f"experiment {row.experiment} has no trial with a score yet ({row.state})")
        trials = client.trials(row.experiment)
        score = None if json else believed(client, row)
    trial = next(t for t in trials if t.trial == row.best_trial)
    if json:
        print_json(trial)
        return
    print_best(row, trial)
    print_believed(score)
    print_front(row, trials)


def compare(
    *things: Annotated[str, Parameter(help="Trials (3.17) or experiments (3); two or more.")],
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Set trials, or experiments by their best trials, side by side; only what differs is shown.

    JSON: {what differs: {trial or experiment: its value}}.
    """
    if len(things) < 2:  # noqa: PLR2004
        raise UsageError("compare needs two or more trials (3.17) or experiments (3)")
    with Client(home) as client:
        columns = {thing: _column(client, thing) for thing in things}
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    differing = [n for n in names if len({msgspec.json.encode(c.get(n)) for c in columns.values()}) > 1]
    if json:
        print_json({name: {thing: column.get(name) for thing, column in columns.items()} for name in differing})
        return
    rows = ([name, *(_shortened(name, c.get(name)) for c in columns.values())] for name in differing)
    console().print(table(["", *things], rows))


def _shortened(name: str, value: Any) -> Any:
    """The first digits of a hash tell it from another."""
    return value[:12] if name == "spec.code" and isinstance(value, str) else value


def _column(client: Client, thing: str) -> dict[str, Any]:
    if "." in thing:
        key = TrialKey.parse(thing)
        row, number_ = client.experiment(key.experiment), key.trial
    else:
        row = client.experiment(thing)
        if row.best_trial is None:
            raise NotFound(f"experiment {thing} has no trial with a score yet")
        number_ = row.best_trial
    trial = next((t for t in client.trials(row.experiment) if t.trial == number_), None)
    if trial is None:
        raise NotFound(f"experiment {row.experiment} has no trial {number_}")
    facts = {"score": trial.score, "units": trial.units, "state": trial.state, "slot seconds": trial.slot_seconds}
    settings = dict(_flat("spec", {k: v for k, v in row.spec.items() if k not in {"space", "name"}}))
    return {"experiment": row.name} | facts | trial.point | trial.last | settings


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Nested settings by dotted names."""
    if not isinstance(value, dict):
        yield name, value
        return
    for key, inner in value.items():
        yield from _flat(f"{name}.{key}", inner)


def _best_value(row: ExperimentRow) -> float | None:
    return next(iter(row.best.values()), None)
