"""Is this bundle whole, and did somebody whom we trust sign it? Needs no key but public ones, and decrypts nothing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from daybreak.base.errors import NotFound
from daybreak.edge import keys, layout, manifest, signing
from daybreak.edge.manifest import Manifest


@dataclass(frozen=True)
class Verified:
    """A bundle whose signature holds. `digest`: SHA-256 over manifest and payload, which is what was signed; `payload`: of that alone."""

    path: Path
    manifest: Manifest
    signer: str
    digest: str
    payload: str
    members: layout.Layout


def verify(path: Path, trusted: Sequence[keys.SignerPublic]) -> Verified:
    """Read a bundle once, and believe its manifest only after its signature holds.

    Raises `NotFound`, `DamagedBundle`, `UntrustedBundle`.
    """
    with opened(path) as file:
        members = layout.read(file, path)
        text = layout.whole(file, members.manifest, path)
        payload = hashlib.sha256()
        for piece in layout.pieces(file, members.payload, path):
            payload.update(piece)
        signature = layout.whole(file, members.signature, path)
    digests = {layout.MANIFEST: hashlib.sha256(text).hexdigest(), layout.PAYLOAD: payload.hexdigest()}
    signer = signing.verify(signature, digests, trusted)
    told = manifest.decode(text)
    return Verified(path, told, keys.name(signer), signing.root(digests), digests[layout.PAYLOAD], members)


def claimed(path: Path) -> Manifest:
    """What a bundle says of itself, believed by nobody yet. Raises `NotFound`, `DamagedBundle`."""
    with opened(path) as file:
        return manifest.decode(layout.whole(file, layout.read(file, path).manifest, path))


def opened(path: Path) -> BinaryIO:
    """A bundle's file. Raises `NotFound`."""
    try:
        return path.open("rb")
    except OSError as error:
        raise NotFound(f"a bundle cannot be read: {path}: {error.strerror}") from error
