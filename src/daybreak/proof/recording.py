"""A recorded experiment as a proof sees it: its spec, its attempts as the log tells them, its points, its files."""

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.jobs import run_job
from daybreak.provenance import code
from daybreak.provenance import record as provenance
from daybreak.provenance.record import Record
from daybreak.spec.models import Experiment
from daybreak.vault.store import Vault
from daybreak.wire.recorded import Recorded
from daybreak.wire.rows import AttemptRow, ExperimentRow, TrialRow

Curves = dict[str, dict[int, float]]  # metric -> step -> value


@dataclass(frozen=True)
class Recording:
    """One experiment. `captured`: what was captured when it was handed in, None where nothing was."""

    home: Home
    row: ExperimentRow
    spec: Experiment
    trials: dict[int, TrialRow]
    attempts: list[AttemptRow]
    recorded: Recorded
    captured: Record | None

    @property
    def vault(self) -> Vault:
        """Of the home: kept checkpoints."""
        return Vault(self.home.vault)

    @property
    def python(self) -> str:
        """The interpreter its attempts were started with."""
        return self.spec.python or sys.executable

    def checkpoint(self, digest: str) -> Path | None:
        """A recorded checkpoint's file, None where it was deleted."""
        return self.vault.path(digest) if not digest.startswith("process:") and digest in self.vault else None

    def unit_seconds(self, trial: int) -> float | None:
        """Seconds of user code per unit of a trial; None where it is not known."""
        rows = [row for row in self.attempts if row.trial == trial and row.to_units > row.from_units]
        units = sum(row.to_units - row.from_units for row in rows)
        return sum(row.user_seconds for row in rows) / units if units else None


def read(client: Client, experiment: int | str) -> Recording:
    """Ask the controller, and step the log for what no row tells. Raises `NotFound`, `LedgerError`, `VaultError`.

    Captured code is compared with its hashes: `DamagedFile` where it is not what ran.
    """
    row = client.experiment(experiment)
    spec = Experiment.model_validate(row.spec)
    if spec.code:
        code.verified(client.home, spec.code)
    words = ["--home", str(client.home.path), "--experiment", str(row.experiment)]
    recorded = msgspec.convert(run_job("recorded", words, None), Recorded)
    return Recording(
        client.home,
        row,
        spec,
        {trial.trial: trial for trial in client.trials(row.experiment)},
        client.attempts(row.experiment),
        recorded,
        provenance.read(Vault(client.home.vault), spec.provenance) if spec.provenance else None,
    )


def curves(client: Client, trial: TrialRow) -> Curves:
    """The recorded points of a trial."""
    found = client.points(trial.experiment, [trial.trial])
    return {one["metric"]: dict(zip(one["steps"], one["values"], strict=True)) for one in found}


def trial_meant(recording: Recording, number: int | None) -> TrialRow:
    """The trial, or the best one. Raises `NotFound`, and `UsageError` for a trial that trains now."""
    row = recording.row
    number = row.best_trial if number is None else number
    if number is None:
        raise NotFound(
            f"experiment {row.experiment} has no best trial yet ({row.state}): name one, such as {row.experiment}.1"
        )
    trial = recording.trials.get(number)
    if trial is None or trial.source == "baseline":
        raise NotFound(f"experiment {row.experiment} has no trial {number}; daybreak show {row.experiment} lists them")
    if trial.state == "running":
        raise UsageError(
            f"a proof needs a trial that stands still, {row.experiment}.{number} is running: wait, or daybreak pause {row.experiment}"
        )
    return trial
