"""What is written down of an experiment's data when it is handed in."""

from collections.abc import Callable
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data import places
from daybreak.provenance.data.hashing import Hasher, Tell
from daybreak.provenance.data.manifest import Manifest
from daybreak.provenance.data.sources.registry import source_of
from daybreak.provenance.data.stat_cache import StatCache
from daybreak.spec.models import DataSource, Experiment
from daybreak.vault.store import Vault

Say = Callable[[str], None]


def capture(
    home: Home, vault: Vault, spec: Experiment, folder: Path, progress: Tell | None = None, tell: Say | None = None
) -> dict[str, DataSource]:
    """The experiment's datasets, each with the manifest of what it holds now, which is in the vault from then on.

    `folder`: the experiment's, absolute. `progress` is told while bytes are read (nothing is told of what is known already),
    `tell` what a person should know. Unchanged data costs a stat a file. Raises `UsageError` for data that is not there or cannot
    be read.
    """
    if not spec.data:
        return {}
    with StatCache(places.stat_cache(home)) as cache:
        hasher = Hasher(cache, progress)
        return {name: _captured(vault, source, folder, hasher, name) for name, source in spec.data.items()}


def _captured(vault: Vault, source: DataSource, folder: Path, hasher: Hasher, name: str) -> DataSource:
    found = read(places.locate(source.path, folder), hasher, name)
    return source.model_copy(update={"manifest": manifests.store(vault, found)})


def read(place: str, hasher: Hasher, name: str = "") -> Manifest:
    """The manifest of what lies at a place now. `name` is said in errors. Raises `UsageError`."""
    try:
        return source_of(place).manifest(place, hasher)
    except OSError as error:
        raise UsageError(
            f"data{f' `{name}`' if name else ''} cannot be read: {error.filename or place}: {error.strerror}"
        ) from error
