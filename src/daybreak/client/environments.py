"""The environments of a home's runs: what was recorded, and what can be done with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from daybreak.base.errors import NotFound
from daybreak.base.ids import TrialKey
from daybreak.client.client import Client
from daybreak.provenance import annex, keeping, recreation
from daybreak.provenance.record import Record, Unrecoverable, read
from daybreak.vault.store import Vault
from daybreak.wire.rows import ExperimentRow

Tell = Callable[[str], None]


class Recorded(NamedTuple):
    """An experiment and the record of what made it."""

    experiment: ExperimentRow
    record: Record
    vault: Vault

    @property
    def unrecoverable(self) -> list[Unrecoverable]:
        """Packages that cannot be had elsewhere, as far as is known."""
        return annex.unrecoverable(self.vault, self.record.environment)

    @property
    def kept(self) -> list[str]:
        """Packages of which a wheel is kept."""
        return sorted(annex.wheels(self.vault, self.record.environment))

    def recreate(self, folder: Path, *, progress: Tell | None = None) -> Path:
        """The interpreter of the environment made again at `folder`; raises as `provenance.environment.recreate`."""
        return recreation.recreate(self.record, self.vault, folder, progress=progress)

    def lock(self, *, progress: Tell | None = None) -> bytes:
        """Its complete pylock.toml; raises as `provenance.keeping.lock`."""
        return bytes(self.vault.read(keeping.lock(self.vault, self.record.environment, progress=progress)))

    def keep(self, *, progress: Tell | None = None) -> list[str]:
        """Keep wheels of its packages; which cannot be kept, and why. Raises as `provenance.keeping.keep`."""
        return keeping.keep(self.vault, self.record.environment, progress=progress)

    def kept_bytes(self) -> int:
        """What its kept wheels take."""
        return sum(wheel.bytes for wheel in annex.wheels(self.vault, self.record.environment).values())

    def described(self) -> dict[str, Any]:
        """Its code, environment and machine as plain data."""
        told = msgspec.to_builtins(self.record.environment)
        return {
            "experiment": self.experiment.experiment,
            "code": msgspec.to_builtins(self.record.code),
            **{
                name: told[name]
                for name in ("python", "implementation", "platform", "executable", "lock", "packages", "local", "note")
            },
            "kept": self.kept,
            "unrecoverable": msgspec.to_builtins(self.unrecoverable),
            "machine": self.record.machine,
            "secrets": self.record.secrets,
        }


def recorded(client: Client, run: str) -> Recorded:
    """The record of an experiment (3, digits), or of a trial's (3.17); the newest if empty. Raises `NotFound`, `VaultError`."""
    experiment = client.experiment(TrialKey.parse(run).experiment if "." in run else run)
    digest = experiment.spec.get("provenance", "")
    if not digest:
        raise NotFound(
            f"nothing was captured of experiment {experiment.experiment} when it was handed in: "
            "a fork of it (daybreak fork) or a new run is captured"
        )
    vault = Vault(client.home.vault)
    return Recorded(experiment, read(vault, digest), vault)
