"""Is a dataset still what its manifest says? Every byte is read again; and of what is kept, the kept bytes too."""

from pathlib import Path

import msgspec

from daybreak.base.errors import UsageError, VaultError
from daybreak.base.home import Home
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data import places
from daybreak.provenance.data.changed import against_disk
from daybreak.provenance.data.comparing import Difference
from daybreak.provenance.data.hashing import Hasher, Tell
from daybreak.provenance.data.stat_cache import StatCache
from daybreak.spec.models import DataSource
from daybreak.vault.store import Vault


class Verdict(msgspec.Struct, frozen=True):
    """What was found of one dataset. `problems`: why something could not be read, or kept bytes that are gone or damaged."""

    name: str
    path: str
    root: str
    files: int
    size: int
    difference: Difference
    problems: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether all is as it was."""
        return not self.difference and not self.problems


def verify(
    home: Home, name: str, source: DataSource, folder: Path, progress: Tell | None = None, *, quick: bool = False
) -> Verdict:
    """Compare a dataset with its manifest, which is in the vault. `quick`: believe the stat cache instead of reading.

    Of a snapshot the kept bytes are what counts; that its source has changed, or is gone, is no problem. Raises
    `VaultError` without a manifest.
    """
    vault = Vault(home.vault)
    manifest = manifests.load(vault, source.manifest)
    difference, problems = Difference(), []
    if source.snapshot:
        problems = _kept(vault, manifest)
    else:
        with StatCache(places.stat_cache(home)) as cache:
            try:
                difference = against_disk(home, vault, folder, source, Hasher(cache, progress, fresh=not quick))
            except UsageError as error:
                problems = [str(error)]
    place = places.locate(source.path, folder)
    return Verdict(name, place, manifest.root, len(manifest.files), manifest.size, difference, tuple(problems))


def _kept(vault: Vault, manifest: manifests.Manifest) -> list[str]:
    problems = []
    for file in manifest.files:
        try:
            vault.verify(file.blake3)
        except VaultError as error:
            problems.append(f"{file.path}: {error}")
    return problems
