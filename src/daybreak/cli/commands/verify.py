"""`verify`: train a trial again and compare every bit."""

from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import console, errors_console, print_json, styled
from daybreak.cli.proving import COULD_NOT_RUN, CouldNotRun, print_certificate, print_certificates, progress
from daybreak.client.client import Client
from daybreak.proof import certificate
from daybreak.proof.pinning import elsewhere
from daybreak.proof.recording import Recording, curves, read, trial_meant
from daybreak.proof.reference import Reference
from daybreak.proof.scripts import verify_command
from daybreak.proof.training import Bench
from daybreak.proof.verifying import Wish, stored
from daybreak.proof.verifying import verify as verify_trial


def verify(
    run: Annotated[
        str, Parameter(help="A trial (3.17), or an experiment (3) for its best; the newest if left out.")
    ] = "",
    *,
    steps: Annotated[
        int | None, Parameter(help="Train so many units again; left out: as many as fit in two minutes.")
    ] = None,
    all: Annotated[bool, Parameter(help="Train all units again, however long it takes.")] = False,  # noqa: A002
    level: Annotated[
        Literal["rerun", "resume", "elastic"] | None,
        Parameter(help="Up to this level only; left out: as far as it goes."),
    ] = None,
    show: Annotated[bool, Parameter(help="List the certificates there are; train nothing.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Train a trial again, compare every metric and hash with the record, and store a determinism certificate.

    Exit status: 0 verified; 1 bits part: the certificate says where, and the likeliest cause; 2 it, or a part of it, could not be run.

    JSON: the certificate: {level, checks, sha256, parting, cause, pinned, notes, path, ...}; with --show a list of them.
    """
    reference = Reference.parse(run)
    if steps is not None and (steps < 1 or all):
        raise UsageError(f"--steps takes a number of units from 1, and no --all beside it, got {steps}")
    try:
        with Client(home) as client:
            if show:
                return _show(client, reference, json=json)
            recording = read(client, reference.experiment)
            trial = trial_meant(recording, reference.trial)
            recorded = curves(client, trial)
        wish = Wish(_levels(level), steps, everything=all)
        _warn(recording, quiet=json)
        with progress(quiet=json) as told:
            if recording.spec.is_command:
                made = verify_command(recording, trial, recorded, wish, told)
            else:
                with Bench(recording) as bench:
                    made = verify_trial(recording, trial, recorded, wish, bench, told)
    except DaybreakError as error:
        raise CouldNotRun(str(error)) from error
    where = stored(recording, made)
    if json:
        print_json(msgspec.to_builtins(made) | {"verified": made.verified, "path": str(where)})
    else:
        print_certificate(made, str(where))
    return {"verified": 0, "bits part": 1, "not proven": COULD_NOT_RUN}[made.outcome]


def _levels(level: str | None) -> tuple[certificate.Level, ...]:
    last = certificate.LEVELS.index(level) if level else len(certificate.LEVELS)
    return certificate.LEVELS[1 : last + 1]


def _warn(recording: Recording, *, quiet: bool) -> None:
    """Before anything runs: what is not as it was."""
    for one in elsewhere(recording, recording.python) if not quiet else ():
        errors_console().print(styled(("warning", "yellow"), f": {one}; the bits may part for that"), soft_wrap=True)


def _show(client: Client, reference: Reference, *, json: bool) -> int:
    number = client.experiment(reference.experiment).experiment
    found = [(str(file), certificate.read(file)) for file in certificate.of_experiment(client.home, number)]
    found = [(file, one) for file, one in found if reference.trial in (None, one.trial)]
    if json:
        print_json([msgspec.to_builtins(one) | {"verified": one.verified, "path": file} for file, one in found])
    elif found:
        print_certificates(found)
    else:
        console().print(f"experiment {number} has no certificate yet: daybreak verify {number}")
    return 0
