"""Files named by the blake3 of their content, under one folder: checkpoints, captured code, manifests.

    <vault>/ab/cdef...      a file; the first two hexadecimal digits of its digest are the folder's name
    <vault>/incoming/       files being written; what a killed writer left here is removed by `sweep`

Writing is atomic and durable: a file is written under `incoming`, its bytes are forced to the disk, it is renamed, and the rename is
forced to the disk too. When a `put` returns, the file survives a power cut, so an event that names it may be committed.
Two writers of the same content are harmless: the second rename replaces a file by an equal one (and repairs a damaged one).
Safe for use from many processes and threads; a `Vault` has no state but its path.
"""

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from blake3 import blake3

from daybreak.base.errors import DamagedFile, VaultError
from daybreak.base.hashing import HEX_LENGTH, hash_bytes, hash_file

FICLONE = 0x40049409  # Linux's ioctl for a reflink; elsewhere the call fails, and bytes are copied
STALE = 6 * 3600.0  # seconds after which a file in `incoming` has no writer any more

Bytes = bytes | bytearray | memoryview


class Sink(Protocol):
    """Where bytes can be written."""

    def write(self, data: Bytes, /) -> object:
        """Append `data`."""


class Incoming:
    """A file on its way into a vault: hashes while it writes. Its methods raise `VaultError`."""

    __slots__ = ("_folder", "_handle", "_hasher", "digest", "size")

    def __init__(self, handle: int, folder: Path) -> None:
        self._handle = handle
        self._folder = folder
        self._hasher = blake3()
        self.size = 0
        self.digest = ""  # known once the file is in the vault

    def write(self, data: Bytes) -> None:
        """Append `data`."""
        self._hasher.update(data)
        with _explained("write to", self._folder):
            rest = memoryview(data).cast("B")
            self.size += rest.nbytes
            while rest.nbytes:  # one call writes 2 GiB at most
                rest = rest[os.write(self._handle, rest) :]

    def clone(self, source: int) -> bool:
        """Share the bytes of an open file, which nothing was written before; False where the file system cannot (reflinks: btrfs, XFS)."""
        try:
            fcntl.ioctl(self._handle, FICLONE, source)
        except OSError:
            return False
        while block := os.pread(self._handle, 2**22, self.size):
            self._hasher.update(block)
            self.size += len(block)
        return True

    def settle(self) -> None:
        """Force the bytes to the disk; from then on `digest` is known."""
        with _explained("write to", self._folder):
            os.fsync(self._handle)
        self.digest = self._hasher.hexdigest()


class Vault:
    """Content-addressed files under `folder`, which is made when it is missing. Raises `VaultError`."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A new file to write to; in the vault, durably, when the block ends. An exception leaves nothing behind.

        After the block its `digest` and `size` (bytes) are known. Raises `VaultError`, for a full disk too.
        """
        with _explained("write to", self.folder):
            waiting = self.folder / "incoming"
            waiting.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=waiting)
        temporary = Path(name)
        try:
            try:
                arriving = Incoming(handle, self.folder)
                yield arriving
                arriving.settle()
            finally:
                os.close(handle)
            with _explained("write to", self.folder):
                self._admit(temporary, arriving.digest)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def put_bytes(self, data: Bytes) -> str:
        """Store some bytes; returns their digest."""
        with self.incoming() as file:
            file.write(data)
        return file.digest

    def put_file(self, source: Path) -> str:
        """Store a copy of a file; returns its digest. No bytes are copied where the file system can share them between two files."""
        with self.incoming() as file, source.open("rb") as original:
            if not file.clone(original.fileno()):
                while block := original.read(2**22):
                    file.write(block)
        return file.digest

    def path(self, digest: str) -> Path:
        """Where a file is. Raises `VaultError` when it is not in the vault."""
        place = self._place(digest)
        if not place.is_file():
            raise VaultError(
                f"{digest[:12]}… must be in the vault at {self.folder}, it is not: it was deleted, or never arrived"
            )
        return place

    def open(self, digest: str) -> BinaryIO:
        """A file, opened for reading; not verified. Raises `VaultError`."""
        return self.path(digest).open("rb")

    def read(self, digest: str) -> bytearray:
        """All bytes of a file, verified: what is returned is what was hashed. Raises `VaultError`, `DamagedFile`."""
        with _explained("read", self.folder), self.open(digest) as file:
            data = bytearray(os.fstat(file.fileno()).st_size)
            file.readinto(data)  # type: ignore[attr-defined]
        self._compare(digest, hash_bytes(data))
        return data

    def verify(self, digest: str) -> None:
        """Read a file and compare it with its name. Raises `VaultError`, `DamagedFile`."""
        place = self.path(digest)
        with _explained("read", self.folder):
            found = hash_file(place)
        self._compare(digest, found)

    def delete(self, digest: str, until: float | None = None) -> bool:
        """Remove a file; False when it was not there, so that a repeat is harmless.

        A file that was written again after `until` (seconds since 1970) stays, and the answer is False: its writer needs it.
        """
        place = self._place(digest)
        with _explained("delete from", self.folder):
            try:
                if until is not None and place.stat().st_mtime > until:
                    return False
                place.unlink()
            except FileNotFoundError:
                return False
        return True

    def size(self) -> int:
        """Bytes of all files, those being written included."""
        return sum(entry.stat().st_size for entry in self._files(self.folder))

    def sweep(self, older_than: float = STALE) -> int:
        """Remove what killed writers left, untouched for `older_than` seconds; returns how many files."""
        limit = time.time() - older_than
        removed = 0
        for entry in self._files(self.folder / "incoming"):
            with suppress(FileNotFoundError):  # a writer that lives has just moved it to its place
                if entry.stat().st_mtime < limit:
                    entry.unlink()
                    removed += 1
        return removed

    def __contains__(self, digest: str) -> bool:
        return self._place(digest).is_file()

    def _place(self, digest: str) -> Path:
        if len(digest) != HEX_LENGTH or not set(digest) <= set("0123456789abcdef"):
            raise VaultError(f"a file in the vault is named by {HEX_LENGTH} hexadecimal digits, got {digest!r}")
        return self.folder / digest[:2] / digest[2:]

    def _admit(self, temporary: Path, digest: str) -> None:
        place = self._place(digest)
        if not place.parent.is_dir():
            place.parent.mkdir(exist_ok=True)
            _sync_folder(self.folder)
        temporary.replace(place)
        _sync_folder(place.parent)

    def _compare(self, digest: str, found: str) -> None:
        if found != digest:
            raise DamagedFile(
                f"a file's hash must be its name, {self._place(digest)} has {found[:12]}…: "
                "it was changed or damaged on disk; delete it, and an earlier checkpoint is used"
            )

    @staticmethod
    def _files(folder: Path) -> Iterator[Path]:
        return (entry for entry in folder.rglob("*") if entry.is_file())


@contextmanager
def _explained(verb: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise VaultError(f"cannot {verb} the vault at {folder}: {error.strerror}; {_advice(error)}") from error


def _advice(error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "free some space, lower `disk_cap`, or use a home on a larger disk; nothing that was stored is lost"
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return "it must be a folder you may write to: use a home elsewhere"
    if error.errno in {errno.EEXIST, errno.ENOTDIR}:
        return f"`{error.filename}` must be a folder: move away what is in its place"
    return "check the disk"


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
