"""Decrypt a verified bundle into memory. Nothing of it is written anywhere, and nothing is handed out before the last chunk held."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import msgspec

from daybreak.base.errors import DamagedBundle, UntrustedBundle
from daybreak.edge import layout, sealing
from daybreak.edge.verifying import Verified, opened
from daybreak.edge.wrapping import KEY, Unlock
from daybreak.registry import package as packages

SMALLEST, LARGEST = 1 << 12, 1 << 26  # bytes of a chunk that a device takes


def unseal(bundle: Verified, unlock: Unlock) -> dict[str, bytes]:
    """The package's files by their names.

    The ciphertext is hashed again while it is decrypted: a file that somebody exchanges between two readings is found, even where
    that somebody may open the bundle and so could seal another. Raises `WrongKey`, `DamagedBundle`, `UntrustedBundle`.
    """
    told = bundle.manifest
    if not SMALLEST <= told.cipher.chunk <= LARGEST:
        raise DamagedBundle(f"a chunk has {SMALLEST:,} to {LARGEST:,} bytes, this bundle's {told.cipher.chunk:,}")
    key = unlock.data_key(told.recipients, told.id)
    if len(key) != KEY:
        raise DamagedBundle(f"a data key has {KEY} bytes, the wrapped one {len(key)}")
    digest = hashlib.sha256()
    with opened(bundle.path) as file:
        sealed = _hashed(layout.pieces(file, bundle.members.payload, bundle.path), digest)
        plain = sealing.unseal(sealed, key, told.cipher.prefix, told.id.encode(), told.cipher.chunk)
        files = _files(_Reader(plain))
    if digest.hexdigest() != bundle.payload:
        raise UntrustedBundle(f"{bundle.path} changed after its signature was verified; get it again")
    _check(files, bundle)
    return files


def _check(files: dict[str, bytes], bundle: Verified) -> None:
    """The payload is the package that the manifest, which people and policies looked at, tells of."""
    record = bundle.manifest.package
    wrong = {packages.RECORD, *record.files} ^ set(files)
    for name in set(files) & set(record.files):
        if hashlib.sha256(files[name]).hexdigest() != record.files[name].sha256:
            wrong.add(name)
    if not wrong and packages.parse(files[packages.RECORD], packages.RECORD) != record:
        wrong.add(packages.RECORD)
    if wrong:
        raise DamagedBundle(f"the payload is not what the manifest says: {', '.join(sorted(wrong))}; bundle it again")


def _hashed(pieces: Iterator[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _files(plain: "_Reader") -> dict[str, bytes]:
    """See `packing._index` for how files follow each other."""
    length = int.from_bytes(plain.take(8), "big")
    if length > layout.SMALL:
        raise DamagedBundle(f"the payload's list of files has at most {layout.SMALL:,} bytes, this one {length:,}")
    try:
        index = msgspec.json.decode(plain.take(length), type=list[tuple[str, int]])
    except msgspec.MsgspecError as error:
        raise DamagedBundle(f"the payload does not begin with a list of files: {error}") from error
    files = {name: plain.take(size) for name, size in index if not _odd(name)}
    if len(files) != len(index) or plain.take_rest():
        raise DamagedBundle("the payload's list of files does not fit its content; bundle it again")
    return files


def _odd(name: str) -> bool:
    """Names that leave the package's folder: a package in memory has no folder, whoever writes one must not be surprised."""
    parts = Path(name).parts
    return not parts or Path(name).is_absolute() or ".." in parts or "\\" in name


class _Reader:
    """Takes bytes off a stream of chunks, each copied once."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._chunk = memoryview(b"")

    def take(self, size: int) -> bytes:
        out = io.BytesIO()
        while (left := size - out.tell()) > 0:
            if not self._chunk:
                self._chunk = memoryview(next(self._chunks, b""))
                if not self._chunk:
                    raise DamagedBundle(f"the payload ends {left:,} bytes too early; bundle it again")
            out.write(self._chunk[:left])
            self._chunk = self._chunk[left:]
        return out.getvalue()

    def take_rest(self) -> bool:
        """Read to the end; whether anything was left."""
        return bool(self._chunk) | any([len(chunk) > 0 for chunk in self._chunks])  # noqa: C419 (to the end, whatever is found)
