"""What is written down of an experiment's data when it is handed in."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from msgspec import structs

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.provenance import profiles
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data import named_on_command_line, places, registered, snapshots, splits
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

    `folder`: the experiment's, absolute. A path that does not exist may be the name of a dataset that was added to the home. Data that a
    command names by itself is added, and `tell` says so. `progress` is told while bytes are read; of what is known already nothing
    is told. Raises `UsageError` for data that is not there or cannot be read, overlapping splits, and credentials that have no profile.
    """
    profiles.must_exist(home, [*spec.credentials, *(s.profile for s in spec.data.values() if s.profile)])
    sources = {name: registered.resolved(home, source, folder) for name, source in spec.data.items()}
    sources |= named_on_command_line.data_of(home, spec, folder, tell)
    if not sources:
        return {}
    with StatCache(places.stat_cache(home)) as cache:
        hasher = Hasher(cache, progress)
        return {name: capture_one(home, vault, spec, folder, source, hasher, name) for name, source in sources.items()}


def capture_one(
    home: Home, vault: Vault, spec: Experiment | None, folder: Path, source: DataSource, hasher: Hasher, name: str = ""
) -> DataSource:
    """One dataset with its manifest. `spec`: whose interpreter and code a split function runs in. Raises `UsageError`."""
    if source.manifest and source.snapshot and source.manifest in vault and not _exists(source, folder):
        return source  # kept when it was added to the home
    place = places.locate(source.path, folder)
    reading = hasher.with_variables(variables_of(home, source))
    found = read(place, reading, name)
    if source.split:
        found = structs.replace(found, splits=_splits(spec, source, folder, place))
    if source.snapshot:
        found = snapshots.keep(vault, found, place, reading)
    digest = manifests.store(vault, found)
    if source.snapshot:
        snapshots.give(home, vault, digest)
    return source.model_copy(update={"manifest": digest})


def read(place: str, hasher: Hasher, name: str = "") -> Manifest:
    """The manifest of what lies at a place now. `name` is said in errors. Raises `UsageError`."""
    try:
        return source_of(place).manifest(place, hasher)
    except OSError as error:
        of = f"data `{name}`" if name else "data"
        raise UsageError(f"{of} cannot be read: {error.filename or place}: {error.strerror or error}") from error


def split_file(source: DataSource, folder: Path) -> Path:
    """The CSV file of a source's split: relative to the experiment's folder, or else to the dataset."""
    file = folder / Path(str(source.split)).expanduser()
    beside = Path(places.locate(source.path, folder)) / str(source.split)
    return beside if not file.exists() and beside.exists() else file


def variables_of(home: Home, source: DataSource) -> dict[str, str]:
    """The variables of the profile that opens it."""
    return profiles.values(home, [source.profile]) if source.profile else {}


def _exists(source: DataSource, folder: Path) -> bool:
    place = places.locate(source.path, folder)
    return "://" in place or Path(place).exists()


def _splits(spec: Experiment | None, source: DataSource, folder: Path, place: str) -> splits.Splits:
    split = str(source.split)
    if not splits.is_function(split):
        return splits.read_csv(split_file(source, folder))
    if spec is None:
        raise UsageError(
            f"a split by a function belongs to an experiment's code: name {split} under `data:` in its file, "
            "or give a CSV file"
        )
    with tempfile.TemporaryDirectory(prefix="daybreak-") as scratch:
        return splits.call(split, spec.python, folder, place, Path(scratch) / "splits.json")
