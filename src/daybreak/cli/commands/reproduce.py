"""`reproduce`: recreate environment, code and data, train again, and hold everything against the record."""

import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import DaybreakError, LedgerError, NotFound, UsageError
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import console, errors_console, number, print_json, styled, table
from daybreak.cli.proving import COULD_NOT_RUN, CouldNotRun, progress
from daybreak.client.client import Client
from daybreak.client.jobs import run_job
from daybreak.proof.pinning import elsewhere
from daybreak.proof.recording import Recording, curves, read, trial_meant
from daybreak.proof.reference import Reference
from daybreak.proof.remaking import environment_for
from daybreak.proof.reproducing import Piece, Reproduction, Verdict, place, verdicts, workers_here
from daybreak.proof.segments import Stretch, everything, needed, path
from daybreak.proof.training import Bench

SHOWN = 40  # trials in the table for people
IMPORTED = "imported"  # the phase of a run that another home made
LOG_ELSEWHERE = "not stepped again, it is in the home that the run was imported from; trained again is what the attempts were told there"


def reproduce(
    run: Annotated[
        str,
        Parameter(help="An experiment (3): all of its trials; or a trial (3.17). The newest experiment if left out."),
    ] = "",
    *,
    here: Annotated[bool, Parameter(help="Use the interpreter that Daybreak runs in, whatever the run's was.")] = False,
    workers: Annotated[
        int | None, Parameter(help="Segments to train at a time; left out: as many as there are cores for.")
    ] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Recreate a run's environment, code and data, train it again, and compare metrics, predictions and weights.

    A whole experiment: the recorded log is stepped, and the recorded segments of all trials are trained in any order. What is done is kept
    until all is: the same command goes on after Ctrl-C. Exit status: 0 all the same; 1 something differs; 2 it could not be run.

    JSON: {experiment, trial, same, stepped, log, environment, differs, trials: [{trial, metrics, weights, predictions, sha256, ...}]}.
    stepped: whether the recorded decisions were made again; not those of one trial, and of an imported run, whose log is elsewhere.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"--workers takes a number from 1, got {workers}")
    reference = Reference.parse(run)
    try:
        found = _prepare(reference, home)
        python, how = (
            (sys.executable, "the interpreter of this command") if here else _environment(found.recording, quiet=json)
        )
        found.warn(python, quiet=json)
        pieces = _train(found, python, workers, quiet=json)
    except DaybreakError as error:
        raise CouldNotRun(str(error)) from error
    told = verdicts(pieces)
    same = all(one.same for one in told) and not found.log
    if json:
        print_json(found.as_json(python, how, told, same=same))
    else:
        _print(found, how, told, same=same)
    return 0 if same else COULD_NOT_RUN if any(one.failure for one in told) else 1


class _Found(msgspec.Struct):
    """What is to be reproduced. `log`: what is wrong with the recorded log; `imported`: that log is in another home."""

    recording: Recording
    trial: int | None
    stretches: list[Stretch]
    curves: dict[int, dict[str, dict[int, float]]]
    log: list[str]
    imported: bool

    @property
    def stepped(self) -> bool:
        """Whether the recorded decisions were made again."""
        return self.trial is None and not self.imported

    def warn(self, python: str, *, quiet: bool) -> None:
        """Before anything runs: what is not as it was."""
        for one in elsewhere(self.recording, python) if not quiet else ():
            errors_console().print(
                styled(("warning", "yellow"), f": {one}; the bits may part for that"), soft_wrap=True
            )

    def as_json(self, python: str, how: str, told: list[Verdict], *, same: bool) -> dict[str, Any]:
        """All that is known."""
        return {
            "experiment": self.recording.row.experiment,
            "trial": self.trial,
            "same": same,
            "stepped": self.stepped,
            "log": self.log,
            "environment": {"python": python, "how": how},
            "differs": [str(one) for one in elsewhere(self.recording, python)],
            "trials": [msgspec.to_builtins(one) | {"same": one.same} for one in told],
        }


def _prepare(reference: Reference, home: Path | None) -> _Found:
    with Client(home) as client:
        recording = read(client, reference.experiment)
        if recording.spec.is_command:
            raise UsageError(
                f"a command is run again by daybreak verify {recording.row.experiment}, which says how far its bits are known"
            )
        stretches = everything(recording.recorded)
        wanted: int | None = None
        if reference.trial is not None:
            wanted = trial_meant(recording, reference.trial).trial
            stretches = needed(stretches, path(recording.recorded, wanted))
        if not stretches:
            raise NotFound(
                f"experiment {recording.row.experiment} has trained nothing that lasts: there is nothing to reproduce"
            )
        trials = {stretch.trial for stretch in stretches}
        points = {trial: curves(client, recording.trials[trial]) for trial in trials}
        log = _stepped(client, recording) if wanted is None else []
        imported = client.status(recording.row.experiment).phase == IMPORTED
    return _Found(recording, wanted, stretches, points, log, imported)


def _stepped(client: Client, recording: Recording) -> list[str]:
    """What is wrong with the log or with what it leads to; the same decisions come out where nothing is."""
    words = ["check", "--home", str(client.home.path)]
    try:
        findings: list[dict[str, str]] = run_job("ledger", words, None)
    except LedgerError as error:
        return [str(error)]
    other = [row.experiment for row in client.experiments() if row.experiment != recording.row.experiment]
    return [
        f"{one['where']}: {one['message']}"
        for one in findings
        if not any(
            one["where"].startswith((f"trial {number}.", f"{number}.", f"experiments {number}")) for number in other
        )
    ]


def _environment(recording: Recording, *, quiet: bool) -> tuple[str, str]:
    def tell(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)  # noqa: T201

    return environment_for(recording, tell)


def _train(found: _Found, python: str, workers: int | None, *, quiet: bool) -> list[Piece]:
    recording = found.recording
    folder = place(recording, python, found.stretches)
    threads = max(stretch.threads * len(stretch.environments) for stretch in found.stretches)
    with Bench(recording, python=python, lasting=folder) as bench, progress(quiet=quiet) as told:
        work = Reproduction(recording, found.stretches, found.curves, bench)
        count, of = len(work.pieces), len(found.stretches)
        told("segments trained again", count, of)

        def hear(_: Piece) -> None:
            told("segments trained again", len(work.pieces), of)

        work.run(workers or workers_here(threads), hear)
    if not any(piece.failure for piece in work.pieces):
        shutil.rmtree(folder, ignore_errors=True)
    return work.pieces


def _print(found: _Found, how: str, told: list[Verdict], *, same: bool) -> None:
    out, row = console(), found.recording.row
    named = f"{row.experiment}.{found.trial}" if found.trial is not None else f"{row.experiment} ({row.name})"
    good = sum(one.same for one in told)
    out.print(
        styled(
            ("reproduced", "bold green") if same else ("not the same", "bold red"),
            f": {named}, {good} of {len(told)} trials",
        )
    )
    if found.trial is None:
        text = "; ".join(found.log[:3]) or ("stepped again: the same decisions" if found.stepped else LOG_ELSEWHERE)
        out.print(f"the recorded log: {text}", soft_wrap=True)
    out.print(f"environment: {how}", soft_wrap=True)
    out.print()
    shown = sorted(told, key=lambda one: one.same)[:SHOWN]
    rows = (
        [f"{row.experiment}.{one.trial}", one.segments, one.units, one.points, _coloured(one.metrics), _coloured(one.weights),
         _coloured(one.predictions or "-"), number(one.largest) if one.largest else "0", one.sha256[:16]]
        for one in sorted(shown, key=lambda one: one.trial)
    )  # fmt: skip
    columns = ["trial", "segments", "units", "points", "metrics", "weights", "predictions", "apart", "sha256"]
    out.print(table(columns, rows, right=["segments", "units", "points", "apart"]))
    if len(told) > SHOWN:
        out.print(f"and {len(told) - SHOWN} more: --json has all")
    for one in told:
        if one.failure:
            out.print(styled((f"{row.experiment}.{one.trial} failed", "red"), f": {one.failure}"), soft_wrap=True)
        elif one.first is not None:
            text = f": {one.first.metric} was {one.first.recorded}, here it is {one.first.observed}"
            out.print(styled((f"{row.experiment}.{one.trial} at step {one.first.step}", "red"), text), soft_wrap=True)
    if not same and not any(one.failure for one in told):
        out.print(
            f"next:  daybreak verify {row.experiment}.{next((one.trial for one in told if not one.same), '')}    finds the cause"
        )


def _coloured(text: str) -> Any:
    return styled((text, "green" if text == "same" else "red" if text.startswith("differ") else "dim"))
