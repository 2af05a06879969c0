"""Whether an experiment's data is still what was captured."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.base.home import Home
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data import places
from daybreak.provenance.data.capturing import read, split_file, variables_of
from daybreak.provenance.data.comparing import Difference, compare
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.splits import is_function, read_csv
from daybreak.provenance.data.stat_cache import StatCache
from daybreak.spec.models import DataSource, Experiment
from daybreak.vault.store import Vault


class Changed(NamedTuple):
    """A dataset that differs: what of it. `gone`: why it cannot be read at all, where that is so."""

    name: str
    difference: Difference
    gone: str = ""


def changed(home: Home, spec: Experiment) -> list[Changed]:
    """Datasets of a resolved spec that are no longer what their manifests say; those kept as snapshots cannot change."""
    watched = {name: source for name, source in spec.data.items() if source.manifest and not source.snapshot}
    if not watched:
        return []
    with StatCache(places.stat_cache(home)) as cache:
        return list(_changed(home, spec, watched, Hasher(cache)))


def _changed(home: Home, spec: Experiment, watched: dict[str, DataSource], hasher: Hasher) -> Iterator[Changed]:
    vault = Vault(home.vault)
    for name, source in watched.items():
        try:
            difference = against_disk(home, vault, Path(spec.folder), source, hasher)
        except UsageError as error:
            yield Changed(name, Difference(), str(error))
        except DaybreakError:
            continue  # the manifest itself cannot be read: nothing can be said of the data
        else:
            if difference:
                yield Changed(name, difference)


def against_disk(home: Home, vault: Vault, folder: Path, source: DataSource, hasher: Hasher) -> Difference:
    """From what was captured of a dataset to what lies there now. Raises `UsageError` when it cannot be read, `VaultError`."""
    old = manifests.load(vault, source.manifest)
    new = read(places.locate(source.path, folder), hasher.with_variables(variables_of(home, source)))
    # A function is not called again: its code is captured, and the data it saw is compared.
    again = source.split and not is_function(source.split)
    splits = read_csv(split_file(source, folder)) if again else old.splits
    return compare(old, structs.replace(new, splits=splits))
