"""What a dataset is: its files by name, size and blake3, the version id of whoever keeps it, and its splits.

A manifest is stored in the vault in its canonical form (`encode`), and known by the blake3 of that; where the data lies is no part
of it, so that the same data has the same manifest on every machine. `root` covers the files alone: two datasets with one root have
the same bytes, whatever is said about them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from daybreak.base.errors import VaultError
from daybreak.base.hashing import hash_bytes
from daybreak.provenance.data.file import File
from daybreak.provenance.data.merkle import root
from daybreak.vault.store import Vault

VERSION = 1


class Manifest(msgspec.Struct, frozen=True):
    """A dataset at one moment.

    `kind` names the adapter that read it, `at` the version in that format's own terms (a Delta version, an Iceberg snapshot, a revision),
    empty where a format has none. `facts` is what else the format says: rows, columns. `splits`: split -> its samples, sorted.
    """

    kind: str
    root: str
    files: tuple[File, ...]
    at: str = ""
    facts: dict[str, Any] = {}
    splits: dict[str, tuple[str, ...]] = {}
    single: bool = False  # the dataset is one file, not a folder
    version: int = VERSION

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def make(kind: str, files: Iterable[File], **more: Any) -> Manifest:
    """A manifest of these files, sorted by path. `more`: further fields of `Manifest`."""
    found = tuple(sorted(files, key=lambda file: file.path))
    return Manifest(kind, root(found), found, **more)


def encode(manifest: Manifest) -> bytes:
    """The canonical bytes: JSON without spaces, fields in the order of the class, keys sorted: equal manifests have equal bytes."""
    return msgspec.json.encode(manifest, order="sorted")


def store(vault: Vault, manifest: Manifest) -> str:
    """Keep a manifest in the vault; its digest. A manifest that is there is not written again. Raises `VaultError`."""
    data = encode(manifest)
    digest = hash_bytes(data)
    return digest if digest in vault else vault.put_bytes(data)


def load(vault: Vault, digest: str) -> Manifest:
    """A manifest from the vault, verified. Raises `VaultError`, `DamagedFile`."""
    try:
        found = msgspec.json.decode(vault.read(digest), type=Manifest)
    except msgspec.DecodeError as error:
        raise VaultError(f"{digest[:12]}… must be a manifest of a dataset, it is not: {error}") from error
    if found.version > VERSION:
        raise VaultError(f"manifest {digest[:12]}… was written by a newer Daybreak (version {found.version}): upgrade")
    return found


def by_path(manifest: Manifest) -> Mapping[str, File]:
    """Its files by their paths."""
    return {file.path: file for file in manifest.files}
