"""A run as an audit, a gate and a card see it: its data with the sealed part, its code, its model, all by digest.

What is audited must be what ran: data that has changed since the experiment was handed in is refused, and code is the captured one.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from daybreak.base.errors import DamagedFile, NotFound, UsageError, VaultError
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.homes import home_option
from daybreak.proof.reference import Found, find, kept_checkpoints
from daybreak.provenance import code as captured_code
from daybreak.provenance import record as records
from daybreak.provenance.code import MANIFEST
from daybreak.provenance.data.changed import changed
from daybreak.provenance.data.given import places
from daybreak.provenance.data.manifest import load
from daybreak.provenance.record import Record
from daybreak.readers.request import Request
from daybreak.spec.models import Audit, Experiment
from daybreak.validation.binding import Binding
from daybreak.vault.store import Vault
from daybreak.wire.rows import CheckpointRow, ExperimentRow, TrialRow

CODE = (".py", ".ipynb")


@dataclass(frozen=True)
class Dataset:
    """One dataset of a run. `place`: an absolute path or a URL. `root`: blake3 over its files, whatever is said about them."""

    name: str
    place: str
    manifest: str  # digest of its manifest in the vault
    root: str
    splits: dict[str, tuple[str, ...]]
    sealed: bool


@dataclass(frozen=True)
class Subject:
    """One run. `trial` is the one that was named, else the best; None where no trial has a score."""

    home: Home
    experiment: ExperimentRow
    trial: TrialRow | None
    spec: Experiment
    datasets: dict[str, Dataset]
    checkpoint: CheckpointRow | None
    record: Record | None

    @property
    def run(self) -> str:
        """As it can be named again: 3.17, or 3 where it has no trial to name."""
        number = self.experiment.experiment
        return f"{number}.{self.trial.trial}" if self.trial is not None else str(number)

    @property
    def binding(self) -> Binding:
        """Its digests."""
        data = {name: one.root for name, one in self.datasets.items()}
        return Binding(self.spec.code, data, self.checkpoint.digest if self.checkpoint else "")

    @property
    def sealed(self) -> tuple[Dataset, ...]:
        """Its sealed test data."""
        return tuple(one for one in self.datasets.values() if one.sealed)

    @property
    def model(self) -> Path | None:
        """The checkpoint's file, None where none is kept."""
        return Vault(self.home.vault).path(self.checkpoint.digest) if self.checkpoint else None

    @property
    def code(self) -> Path | None:
        """The folder of its captured code, every file compared with its hash. Raises `DamagedFile`, `VaultError`."""
        return captured_code.verified(self.home, self.spec.code) if self.spec.code else None

    @property
    def files(self) -> tuple[Path, ...]:
        """Its captured Python files and notebooks."""
        folder = self.code
        if folder is None:
            return ()
        names = json.loads((folder / MANIFEST).read_text())
        return tuple(folder / name for name in sorted(names) if name.endswith(CODE))

    def must_be_unchanged(self) -> None:
        """Raises `UsageError` where a dataset is no longer what the run was given."""
        differing = [one.name for one in changed(self.home, self.spec)]
        if differing:
            number, where = self.experiment.experiment, home_option(self.home)
            raise UsageError(
                f"an audit of a run reads what the run read, and data {', '.join(map(repr, differing))} changed since it was handed "
                f"in: bring it back (daybreak data verify {number}{where} says what differs), or audit what lies there now: "
                "daybreak audit --train FILE --test FILE"
            )

    def request(self, scratch: Path) -> Request:
        """What readers are to open: train and test, or one dataset and its split (written to a file in `scratch`).

        Raises `UsageError` where neither the experiment file nor the names of its datasets tell the sides.
        """
        told = self.spec.audit or Audit()
        sides = self._sides(told)
        split = "" if "test" in sides else _written(self.datasets[sides["data"]].splits, scratch)
        places = {side: self.datasets[name].place for side, name in sides.items()}
        return Request(
            train=places.get("train"),
            test=places.get("test"),
            validation=places.get("validation"),
            data=places.get("data"),
            split_by=split,
            target=told.target,
            group=told.group,
            time=told.time,
            id=told.id,
            task=told.task,
            known=told.known,
            unknown=told.unknown,
        )

    def _sides(self, told: Audit) -> dict[str, str]:
        """Side -> dataset; {"data": name} for one that is split."""
        names = list(self.datasets)
        open_ones = [name for name in names if not self.datasets[name].sealed]
        test = told.test or next((one.name for one in self.sealed), None) or ("test" if "test" in names else None)
        rest = [name for name in open_ones if name not in (test, told.validation, "validation")]
        train = told.train or ("train" if "train" in names else rest[0] if len(rest) == 1 else None)
        if test is None and train is not None and self.datasets[train].splits:
            return {"data": train}
        if train is None or test is None:
            raise UsageError(self._unknown_sides())
        validation = told.validation or ("validation" if "validation" in names else None)
        return {"train": train, "test": test} | ({"validation": validation} if validation else {})

    def _unknown_sides(self) -> str:
        has = f"it has {', '.join(self.datasets)}" if self.datasets else "it names none"
        return (
            f"an audit of run {self.run} must know its train and test data, and the experiment does not say ({has}): name them under "
            "`data:` as `train` and `test`, give one dataset a `split`, or write `audit: {train: NAME, test: NAME}`"
        )


def of_run(client: Client, reference: str) -> Subject:
    """The run that is meant; an experiment means its best trial. Raises `BadId`, `NotFound`, `VaultError`."""
    found = find(client, reference)
    row, trial = found.experiment, found.trial
    if trial is None and row.best_trial is not None:
        trial = next(one for one in client.trials(row.experiment) if one.trial == row.best_trial)
    spec = Experiment.model_validate(row.spec)
    vault = Vault(client.home.vault)
    return Subject(
        client.home,
        row,
        trial,
        spec,
        datasets(client.home, spec),
        _checkpoint(client, vault, found, trial),
        records.read(vault, spec.provenance) if spec.provenance else None,
    )


def trial_of(subject: Subject) -> TrialRow:
    """Its trial. Raises `NotFound` where there is none."""
    if subject.trial is None:
        row = subject.experiment
        raise NotFound(
            f"experiment {row.experiment} has no trial with a score ({row.state}): name one, such as {row.experiment}.1"
        )
    return subject.trial


def datasets(home: Home, spec: Experiment) -> dict[str, Dataset]:
    """The datasets of a resolved spec, by name. Raises `VaultError` where a manifest is gone."""
    vault, where = Vault(home.vault), places(home, spec)
    found = {}
    for name, source in spec.data.items():
        manifest = load(vault, source.manifest)
        found[name] = Dataset(name, where[name], source.manifest, manifest.root, manifest.splits, source.sealed)
    return found


def _checkpoint(client: Client, vault: Vault, found: Found, trial: TrialRow | None) -> CheckpointRow | None:
    """The point that was named, else the trial's last that is kept whole."""
    if found.checkpoint is not None or trial is None:
        return found.checkpoint
    for row in reversed(kept_checkpoints(client, trial)):
        try:
            vault.verify(row.digest)
        except (DamagedFile, VaultError):
            continue
        return row
    return None


def _written(splits: dict[str, tuple[str, ...]], scratch: Path) -> str:
    """The recorded split as a file that readers take: the columns sample, split."""
    file = scratch / "split.csv"
    with file.open("w", newline="", encoding="utf-8") as lines:
        rows = csv.writer(lines)
        rows.writerow(("sample", "split"))
        rows.writerows((sample, split) for split, samples in splits.items() for sample in samples)
    return str(file)
