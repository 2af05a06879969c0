"""Take a bundle in: every byte is checked against the index before anything is kept."""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

import msgspec
from blake3 import blake3

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.base.hashing import hash_file, hash_json
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.proof.bundle import POINTS, RECORDED, ROWS, Index, Member, content, opened, read_index, untold
from daybreak.provenance.code import MANIFEST
from daybreak.vault.store import Vault

Progress = Callable[[int, int], None]  # bytes read, bytes in all (it is read twice)
BLOCK = 2**20
TOLD = {ROWS, POINTS, RECORDED}  # members that go into the log


def verify(source: Path, expected: str = "", progress: Progress | None = None) -> Index:
    """Compare every byte of a bundle with its index, and the index with `expected` (the first digits of a digest).

    Raises `UsageError` without such a file, `DamagedFile` for one that is damaged or was tampered with.
    """
    with opened(source) as archive:
        index = read_index(archive, source)
        if not index.digest.startswith(expected):
            raise DamagedFile(
                f"{source} has the digest {index.digest}, expected {expected}: it is another bundle, or was tampered with"
            )
        total, done = 2 * sum(member.size for member in index.files), 0
        for member, data in _members(archive, index, source):
            hasher = blake3()
            while block := data.read(BLOCK):
                hasher.update(block)
            if hasher.hexdigest() != member.blake3:
                raise DamagedFile(
                    f"{member.name} in {source} is not what the index says: it was damaged or tampered with; nothing was imported"
                )
            done += member.size
            if progress is not None:
                progress(done, total)
    return index


def unpack(client: Client, source: Path, expected: str = "", progress: Progress | None = None) -> tuple[int, Index]:
    """Verify a bundle, keep its files, and bring its run in; the number it has here. Raises as `verify` does, and `VaultError`."""
    index = verify(source, expected, progress)
    total = 2 * sum(member.size for member in index.files)
    done, told = total // 2, {}
    with opened(source) as archive, _Place(client.home) as place:
        read_index(archive, source)
        for member, data in _members(archive, index, source):
            if member.name in TOLD:
                told[member.name] = untold(msgspec.json.decode(data.read()))
            else:
                place.keep(member, data)
            done += member.size
            if progress is not None:
                progress(done, total)
        place.settle()
    if told.keys() != TOLD:
        raise DamagedFile(f"{source} must hold {ROWS}, {POINTS} and {RECORDED}, it does not: it was tampered with")
    number: int = client.call(
        "import", origin=index.digest, rows=_arrived(told[ROWS], index), points=told[POINTS], recorded=told[RECORDED]
    )["experiment"]
    place.proofs(number)
    return number, index


def _members(archive: tarfile.TarFile, index: Index, source: Path) -> Iterator[tuple[Member, IO[bytes]]]:
    """All members, each the one that the index names in this place."""
    for expected in index.files:
        found = archive.next()
        if found is None:
            raise DamagedFile(f"{source} ends before {expected.name}: it was cut off")
        if (found.name, found.size) != (expected.name, expected.size):
            raise DamagedFile(f"{source} holds {found.name} where its index says {expected.name}: it was tampered with")
        yield expected, content(archive, found)
    if archive.next() is not None:
        raise DamagedFile(f"{source} holds more than its index says: it was tampered with")


def _arrived(rows: dict[str, Any], index: Index) -> dict[str, Any]:
    """The rows as they stand from now on: what ran at home does not run here, and files that were left out are not kept here."""
    (experiment,) = rows["experiments"]
    where = f"imported: experiment {index.run.partition('.')[0]} of another home"
    if experiment["state"] not in ("done", "stopped", "failed"):
        experiment["state"] = "stopped"
    experiment["why"] = f"{where}; {experiment['why']}" if experiment["why"] else where
    if experiment["spec"].get("parent"):  # numbers of that home mean others here
        experiment["spec"]["parent"] = f"{index.digest[:12]}:{experiment['spec']['parent']}"
    here = {member.name.removeprefix("vault/") for member in index.files if member.name.startswith("vault/")}
    for row in rows["checkpoints"]:
        if row["state"] == "saved" and row["digest"] not in here:
            row["state"] = "deleted"
    for trial in rows["trials"]:
        trial["state"] = {"running": "frozen", "waiting": "stopped"}.get(trial["state"], trial["state"])
        if trial["checkpoint"] not in here:
            trial["checkpoint"], trial["checkpoint_units"] = None, 0
    for attempt in rows["attempts"]:
        attempt["state"] = "ended"
    return rows


class _Place:
    """Where the files of a bundle go: vault and environments at once, code, certificates and audits when all are there."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._vault = Vault(home.vault)

    def __enter__(self) -> Self:
        (self._home.path / "code").mkdir(parents=True, exist_ok=True)
        self._staging = Path(tempfile.mkdtemp(dir=self._home.path / "code", prefix=".new-"))
        self._kept: list[tuple[str, bytes]] = []
        return self

    def __exit__(self, *exception: object) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)

    def keep(self, member: Member, data: IO[bytes]) -> None:
        kind, _, name = member.name.partition("/")
        if kind == "vault":
            self._to_vault(name, data)
        elif kind == "code":
            self._write(self._staging / PurePosixPath(name), data)
        elif kind == "environments":
            place = self._vault.folder / "environments" / name
            if not place.exists():
                self._write(place, data)
        else:
            self._kept.append((member.name, data.read()))

    def _to_vault(self, digest: str, data: IO[bytes]) -> None:
        if digest in self._vault:
            while data.read(BLOCK):
                pass
            return
        with self._vault.incoming() as file:
            while block := data.read(BLOCK):
                file.write(block)
        if file.digest != digest:
            raise DamagedFile(
                f"vault/{digest[:12]}… must hold what it is named by, it does not: the bundle was tampered with"
            )

    @staticmethod
    def _write(path: Path, data: IO[bytes]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(data, file)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from error

    def settle(self) -> None:
        """Captured code is put in its place, each folder whole."""
        for folder in sorted(self._staging.iterdir()):
            self._check_code(folder)
            target = self._home.code(folder.name)
            if not target.is_dir():
                os.rename(folder, target)  # noqa: PTH104 (a folder; both lie in one file system)

    @staticmethod
    def _check_code(folder: Path) -> None:
        """Its manifest is what its digest says, and every file is what the manifest says."""
        try:
            manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            raise DamagedFile(
                f"the captured code {folder.name[:12]} has no manifest: the bundle was tampered with"
            ) from error
        files = [path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST]
        found = {path.relative_to(folder).as_posix(): hash_file(path) for path in files}
        if hash_json(manifest) != folder.name or found != manifest:
            raise DamagedFile(
                f"the captured code {folder.name[:12]} is not what its manifest says: the bundle was tampered with"
            )

    def proofs(self, number: int) -> None:
        """Certificates and audits stand with the run under its new number."""
        for name, data in self._kept:
            file = self._home.path / "experiments" / str(number) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
