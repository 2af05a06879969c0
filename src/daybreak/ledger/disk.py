"""What must be true of the folder a ledger lives in: writable, on a disk of this machine, and held by one writer."""

import fcntl
import os
from pathlib import Path

from daybreak.base.errors import LedgerBusy, LedgerError

# The write-ahead log needs memory shared between processes, which no network file system gives (sqlite.org/wal.html).
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afs", "davfs", "9p", "vboxsf"}
    | {"ceph", "glusterfs", "lustre", "gpfs", "beegfs", "pvfs2", "orangefs"}
    | {"fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.glusterfs", "fuse.cephfs", "fuse.goofys"}
)

MOUNTS = Path("/proc/self/mounts")


def file_system(folder: Path, mounts: Path = MOUNTS) -> str:
    """The type of the file system a folder is on ("ext4", "nfs4"); "" where the system does not tell."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    place = os.path.realpath(folder)
    best, kind = "", ""
    for line in lines:
        _, mounted, found, *_ = line.split(" ")
        point = mounted.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        if len(point) >= len(best) and (place == point or place.startswith(point.rstrip("/") + "/")):
            best, kind = point, found
    return kind


def prepare(folder: Path, mounts: Path = MOUNTS) -> None:
    """Make the folder and see that a ledger can live there. Raises `LedgerError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise LedgerError(
            f"a ledger needs a folder, but {folder} cannot be made ({error.strerror}): use another home"
        ) from error
    except OSError as error:
        raise unwritable(folder, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise unwritable(folder)
    kind = file_system(folder, mounts)
    if kind in NETWORK:
        raise LedgerError(
            f"a ledger needs a disk of this machine, but {folder} is on a network disk ({kind}), where SQLite's log can be "
            "torn: use a home on a local disk, or Postgres"
        )


def unwritable(folder: Path, error: OSError | None = None) -> LedgerError:
    """The error for a folder in which nothing can be written."""
    why = f" ({error.strerror})" if error else ""
    return LedgerError(
        f"a ledger must be able to write into its folder, but {folder} is read-only{why}: make it writable, or use another home"
    )


class WriterLock:
    """Held by the one process that writes a ledger; the operating system lets go of it when that process dies.

    Raises `LedgerBusy` when somebody else has it. Do not fork without exec while holding it: the child would hold it too.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 32, 0).decode(errors="replace").strip()
            os.close(self._file)
            who = f"process {holder}" if holder else "another process"
            raise LedgerBusy(
                f"one process writes a ledger at a time, and {who} has {path.parent}: use that controller, or end it first"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go. Idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
