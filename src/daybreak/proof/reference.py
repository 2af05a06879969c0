"""What a user means by RUN: an experiment (3, digits), a trial (3.17), or a point of one (3.17@9, 3@9, 3.17@ab12)."""

import re
from pathlib import Path
from typing import NamedTuple

from daybreak.base.errors import BadId, NotFound
from daybreak.client.client import Client
from daybreak.vault.store import Vault
from daybreak.wire.rows import CheckpointRow, ExperimentRow, TrialRow

_FORM = re.compile(r"(?P<experiment>[^@]*?)(?:\.(?P<trial>\d+))?(?:@(?P<point>[0-9a-f]+))?")
SHORTEST_DIGEST = 4  # digits; a whole number of units is never hexadecimal letters, so `@27` means units
RULE = "a run is an experiment (3, digits), a trial (3.17) or a point of one (3.17@9: at 9 units; 3.17@ab12: by hash)"


class Reference(NamedTuple):
    """A run as it was named."""

    experiment: int | str
    trial: int | None = None
    point: str | None = None  # units, or the first digits of a checkpoint's hash

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read RUN[@CHECKPOINT]. Raises `BadId`."""
        found = _FORM.fullmatch(text.strip())
        if found is None or (found["point"] is not None and _is_too_short(found["point"])):
            raise BadId(f"{RULE}, got {text!r}")
        name = found["experiment"]
        number = int(name) if name.isascii() and name.isdigit() else name
        return cls(number, int(found["trial"]) if found["trial"] else None, found["point"])


class Found(NamedTuple):
    """What a reference means in a home. `trial` is None where the whole experiment is meant."""

    experiment: ExperimentRow
    trial: TrialRow | None
    checkpoint: CheckpointRow | None

    @property
    def name(self) -> str:
        """As it can be named again: 3, 3.17, 3.17@9."""
        if self.trial is None:
            return str(self.experiment.experiment)
        at = f"@{self.checkpoint.units}" if self.checkpoint else ""
        return f"{self.experiment.experiment}.{self.trial.trial}{at}"


def find(client: Client, text: str) -> Found:
    """The run that is meant; `@` without a trial means the best trial. Raises `BadId`, `NotFound`."""
    named = Reference.parse(text)
    experiment = client.experiment(named.experiment)
    number = named.trial
    if number is None and named.point is not None:
        number = experiment.best_trial
    if number is None:
        if named.point is not None:
            raise NotFound(f"experiment {experiment.experiment} has no best trial yet: name one, {RULE}")
        return Found(experiment, None, None)
    trial = next((row for row in client.trials(experiment.experiment) if row.trial == number), None)
    if trial is None:
        raise NotFound(
            f"experiment {experiment.experiment} has no trial {number}; see: daybreak show {experiment.experiment}"
        )
    return Found(experiment, trial, _checkpoint(client, trial, named.point) if named.point is not None else None)


def kept_checkpoints(client: Client, trial: TrialRow) -> list[CheckpointRow]:
    """Those of its checkpoints that are still there as files, by units."""
    rows = [
        row
        for row in client.checkpoints(trial.experiment)
        if row.trial == trial.trial and row.state == "saved" and not row.digest.startswith("process:")
    ]
    return sorted(rows, key=lambda row: row.units)


def file_of(client: Client, checkpoint: CheckpointRow) -> Path:
    """Where a checkpoint lies, its bytes compared with its hash. Raises `VaultError`, `DamagedFile`."""
    vault = Vault(client.home.vault)
    vault.verify(checkpoint.digest)
    return vault.path(checkpoint.digest)


def _checkpoint(client: Client, trial: TrialRow, point: str) -> CheckpointRow:
    kept = kept_checkpoints(client, trial)
    if point.isdigit():
        matching = [row for row in kept if row.units == int(point)]
    else:
        matching = [row for row in kept if row.digest.startswith(point)]
    if matching:
        return matching[-1]
    there = ", ".join(f"@{row.units}" for row in kept)
    name = f"{trial.experiment}.{trial.trial}"
    raise NotFound(
        f"trial {name} has no checkpoint {point} that is still kept; "
        + (f"there are {there}" if there else "it has none at all")
    )


def _is_too_short(point: str) -> bool:
    return not point.isdigit() and len(point) < SHORTEST_DIGEST
