"""Capture the code of an experiment, so that its trials go on with the code they began with.

What is taken, `provenance.selection` says. The files are copied to `home.code(digest)` beside a `manifest.json` of relative path ->
blake3; the digest is that of the manifest, so equal code is stored once and has one name.
"""

import errno
import json
import shutil
import tempfile
from pathlib import Path

from daybreak.base.errors import DamagedFile, VaultError
from daybreak.base.hashing import hash_bytes, hash_file, hash_json
from daybreak.base.home import Home
from daybreak.provenance.places import code_stats
from daybreak.provenance.record import Code
from daybreak.provenance.secrets import holds_private_key
from daybreak.provenance.selection import Chosen, Selection, TooMuchCode, is_settings
from daybreak.provenance.stats import Hashes

MANIFEST = "manifest.json"

__all__ = ["MANIFEST", "TooMuchCode", "capture", "changed_files", "verified"]


def capture(home: Home, folder: Path, *, everything: bool = False, only: tuple[Path, ...] = ()) -> Code:
    """Copy the folder's code into the home; what was taken and what was not. An unchanged folder costs stats alone.

    `everything`: files of every kind, and `only` below some folders: for an installed package. Raises `TooMuchCode`, `OSError`.
    """
    selection = Selection(folder, home, everything=everything, only=only)
    hashes = Hashes(code_stats(home, folder, only))
    manifest: dict[str, str] = {}
    size = 0
    for chosen in selection.files():
        if chosen.name == MANIFEST:
            selection.leave(MANIFEST, "captured code has a list of files of this name")
            continue
        try:
            digest = _digest(chosen, hashes)
        except FileNotFoundError:  # gone since it was seen: something in the folder is at work
            continue
        if digest is None:
            selection.leave(chosen.name, "holds a private key")
            continue
        manifest[chosen.name] = digest
        size += chosen.stat.st_size
    hashes.save()
    digest = hash_json(manifest)
    if not home.code(digest).is_dir():
        digest = _store(home, home.code(digest), folder, list(manifest))
    return Code(digest, len(manifest), size, left_out=selection.left_out)


def changed_files(home: Home, digest: str, folder: Path) -> list[str]:
    """Relative paths of captured code and settings that differ in the folder now, or are gone from it; sorted."""
    manifest: dict[str, str] = json.loads((home.code(digest) / MANIFEST).read_text())
    return sorted(name for name, content in manifest.items() if is_settings(name) and not _is(folder / name, content))


def verified(home: Home, digest: str) -> Path:
    """The folder of captured code, every file compared with its hash. Raises `VaultError` when it is not there, `DamagedFile`."""
    folder = home.code(digest)
    try:
        manifest: dict[str, str] = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError as error:
        raise VaultError(f"captured code must be at {folder}, it is not: it was deleted, or never arrived") from error
    except ValueError as error:
        raise DamagedFile(f"{folder / MANIFEST} must be a list of files, it is not: {error}") from error
    wrong = [name for name, content in manifest.items() if not _is(folder / name, content)]
    if wrong or hash_json(manifest) != digest:
        named = ", ".join(wrong) or MANIFEST
        raise DamagedFile(f"captured code must be as it was captured, in {folder} were changed or deleted: {named}")
    return folder


def _is(path: Path, content: str) -> bool:
    return path.is_file() and hash_file(path) == content


def _digest(chosen: Chosen, hashes: Hashes) -> str | None:
    """Its hash; None for a file that holds a private key and was not asked for by name."""
    if not chosen.asked and (known := hashes.known(chosen.path, chosen.stat)) is not None:
        return known
    data = Path(chosen.path).read_bytes()
    if chosen.asked:  # not remembered: when it is asked for no more, it is judged again
        return hash_bytes(data)
    if holds_private_key(data):
        return None
    digest = hash_bytes(data)
    hashes.remember(chosen.path, chosen.stat, digest)
    return digest


def _store(home: Home, target: Path, folder: Path, names: list[str]) -> str:
    """Copy the files to `target`; the digest of what was copied: another one, should a file have changed since it was hashed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
    try:
        manifest = {name: _copied(folder / name, made / name) for name in names}
        (made / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
        digest = hash_json(manifest)
        if not home.code(digest).is_dir():
            _rename(made, home.code(digest))
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return digest


def _rename(made: Path, target: Path) -> None:
    try:
        made.rename(target)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:  # another command stored the same files meanwhile
            raise


def _copied(source: Path, copy: Path) -> str:
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, copy)
    return hash_file(copy)
