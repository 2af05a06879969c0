"""The bytes of a dataset, kept in the vault, and given to attempts as a folder of links.

Into the vault a file goes by reflink where the file system can (btrfs, XFS, APFS by way of FICLONE: no bytes are copied, and what is
written to the one is not seen in the other), and is copied otherwise. Never by a hard link: that would be the user's own file
under a second name, and whoever writes into it in place would change the kept bytes too. Out of the vault files are hard-linked
into a folder (`view`), after they were made read-only: an attempt that writes into its data gets an error, and the vault stays
whole. Where links cannot be made (another file system, too many links to one file) they are copied. A view that somebody has
changed is made again before it is used.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.provenance.data import places
from daybreak.provenance.data.file import File
from daybreak.provenance.data.hashing import Hasher, Progress, Tell
from daybreak.provenance.data.manifest import Manifest, load
from daybreak.provenance.data.sources import objects
from daybreak.provenance.data.walk import files_below
from daybreak.vault.store import Vault

WRITERS = 8  # files that are forced to the disk side by side
READ_ONLY = 0o444


def keep(vault: Vault, manifest: Manifest, place: str, hasher: Hasher) -> Manifest:
    """Have every file of a manifest in the vault, from where it was read; the manifest, with hashes for what had none.

    Raises `UsageError` when a file has changed since it was read.
    """
    if "://" in place:
        return objects.keep(vault, manifest, place, hasher)
    _keep_local(vault, manifest, Path(place).parent if manifest.single else Path(place), hasher.progress)
    return manifest


def _keep_local(vault: Vault, manifest: Manifest, folder: Path, progress: Tell | None) -> None:
    missing = [file for file in manifest.files if file.blake3 not in vault]
    total, done = sum(file.size for file in missing), 0
    with ThreadPoolExecutor(WRITERS) as pool:
        for size in pool.map(lambda file: _keep(vault, file, folder), missing):
            done += size
            if progress is not None:
                progress(Progress(str(folder), done, total))


def _keep(vault: Vault, file: File, folder: Path) -> int:
    digest = vault.put_file(folder / file.path)
    if digest != file.blake3:
        vault.delete(digest)
        raise UsageError(
            f"data must hold still while it is kept, but {folder / file.path} changes: wait until it is complete"
        )
    return file.size


def give(home: Home, vault: Vault, digest: str) -> Path:
    """The folder (or file) of a kept manifest under its own names: the view that is there, or a new one.

    Raises `VaultError` when bytes are gone from the vault.
    """
    manifest = load(vault, digest)
    place = places.view(home, digest)
    if not _is_whole(place, manifest, vault):
        _make(place, manifest, vault)
    return places.inside(place, manifest)


def _is_whole(place: Path, manifest: Manifest, vault: Vault) -> bool:
    """Stats alone: the same names, and each the vault's own file, or a copy of its size and time."""
    if not place.is_dir():
        return False
    found = {file.path: file.stamp for file in files_below(place)}
    return found.keys() == {file.path for file in manifest.files} and all(
        _is_kept(found[file.path].inode, found[file.path].mtime, vault.path(file.blake3).stat())
        for file in manifest.files
    )


def _is_kept(inode: int, mtime: int, kept: os.stat_result) -> bool:
    return inode == kept.st_ino or mtime == kept.st_mtime_ns


def _make(place: Path, manifest: Manifest, vault: Vault) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=place.parent, prefix=".new-"))
    try:
        for folder in _folders(manifest.files):
            (made / folder).mkdir(parents=True, exist_ok=True)
        for file in manifest.files:
            _link(vault.path(file.blake3), made / file.path)
        _replace(made, place)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _replace(made: Path, place: Path) -> None:
    """Another process may make the same view meanwhile: equal ones, whichever comes last."""
    while True:
        try:
            made.rename(place)
        except OSError:
            old = Path(tempfile.mkdtemp(dir=place.parent, prefix=".old-"))
            place.rename(old / "view")
            shutil.rmtree(old)
        else:
            return


def _folders(files: Iterable[File]) -> list[str]:
    return sorted({os.path.dirname(file.path) for file in files} - {""})  # noqa: PTH120


def _link(kept: Path, place: Path) -> None:
    if stat.S_IMODE(kept.stat().st_mode) != READ_ONLY:
        kept.chmod(READ_ONLY)
    try:
        place.hardlink_to(kept)
    except OSError:
        shutil.copy2(kept, place)
