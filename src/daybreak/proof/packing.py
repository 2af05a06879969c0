"""Write a bundle of a run."""

import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import msgspec

from daybreak.base.errors import VaultError
from daybreak.base.hashing import hash_bytes, hash_file
from daybreak.base.writing import unwritable
from daybreak.client.client import Client
from daybreak.client.jobs import run_job
from daybreak.proof.bundle import INDEX, POINTS, PROOFS, RECORDED, ROWS, Index, Member, told, zstd
from daybreak.proof.reference import Found
from daybreak.provenance import annex, record
from daybreak.provenance.data.manifest import load as load_manifest
from daybreak.vault.store import Vault
from daybreak.wire.rows import CheckpointRow

Checkpoints = Literal["best", "all", "none"]
Progress = Callable[[int, int], None]  # bytes written, bytes in all
LEVEL = 3  # of compression: weights hardly shrink


@dataclass(frozen=True)
class Packed:
    """A bundle that was written."""

    index: Index
    path: Path
    size: int  # bytes of the file


def pack(
    client: Client,
    run: Found,
    target: Path,
    *,
    checkpoints: Checkpoints = "best",
    data: bool = True,
    progress: Progress | None = None,
) -> Packed:
    """Write `target`, whole or not at all. Raises `UsageError` when it cannot be written, `VaultError` for what should be kept and is not.

    `checkpoints`: those of the trial that is named (else of the best one), of all trials, or none. `data`: bytes of datasets
    that the home keeps (`snapshot: true`).
    """
    packing = _Packing(client, run)
    packing.add_rows()
    packing.add_checkpoints(checkpoints)
    packing.add_provenance(data=data)
    index = packing.index()
    try:
        size = _write(target, index, packing.sources, progress)
    except OSError as error:
        raise unwritable(target, error) from error
    return Packed(index, target, size)


class _Packing:
    """Gathers what belongs to a run: the name of each member, and its bytes or where they are."""

    def __init__(self, client: Client, run: Found) -> None:
        self._client = client
        self._home = client.home
        self._vault = Vault(client.home.vault)
        self._run = run
        self._number = run.experiment.experiment
        self.sources: dict[str, bytes | Path] = {}
        self.notes: list[str] = []

    def add_rows(self) -> None:
        client, number = self._client, self._number
        rows = {
            "experiments": [self._run.experiment], "trials": client.trials(number), "attempts": client.attempts(number),
            "checkpoints": self._kept(), "notices": client.notices(number),
            "looks": [row for row in client.looks(number) if row.experiment == number],
        }  # fmt: skip
        self.sources[ROWS] = msgspec.json.encode(told(rows))
        words = ["--home", str(self._home.path), "--experiment", str(number)]
        self.sources[RECORDED] = msgspec.json.encode(told(run_job("recorded", words, None)))
        self.sources[POINTS] = msgspec.json.encode(told(client.points(number)))

    def _kept(self) -> list[CheckpointRow]:
        self._checkpoints = self._client.checkpoints(self._number)
        return self._checkpoints

    def add_checkpoints(self, which: Checkpoints) -> None:
        chosen = self._run.trial.trial if self._run.trial else self._run.experiment.best_trial
        start = self._run.experiment.spec.get("start")
        if start is not None:
            self._add_file(start["checkpoint"], "the checkpoint that this fork starts from")
        for row in self._checkpoints:
            if row.state != "saved" or row.digest.startswith("process:") or which == "none":
                continue
            if which == "all" or row.trial == chosen:
                self._add_file(row.digest, f"a checkpoint of trial {row.trial} at {row.units} units")

    def add_provenance(self, *, data: bool) -> None:
        spec = self._run.experiment.spec
        self._add_code(spec.get("code", ""))
        if not spec.get("provenance"):
            self.notes.append("no record: environment, machine and data of the run were not captured")
            return
        self._add_file(spec["provenance"], "the record of the run")
        found = record.read(self._vault, spec["provenance"])
        if found.code.git is not None:
            self._add_file(found.code.git.diff, "the uncommitted changes")
        for package in found.environment.local.values():
            self._add_code(package.digest)
        self._add_environment(found.environment)
        for name, digest in found.data.items():
            self._add_data(name, digest, spec["data"].get(name, {}), data=data)
        self._add_proofs()

    def _add_environment(self, environment: record.Environment) -> None:
        self._add_file(environment.lock, "the lock of the environment")
        known = annex.read(self._vault, environment)
        self._add_file(known.pylock, "the complete lock of the environment")
        for wheel in annex.wheels(self._vault, environment).values():
            self._add_file(wheel.digest, f"the wheel {wheel.file}")
        for lost in annex.unrecoverable(self._vault, environment):
            self.notes.append(f"{lost.package} {lost.version} cannot be had elsewhere: {lost.why}")
        if environment.lock and (place := annex.path(self._vault, environment)).is_file():
            self.sources[f"environments/{place.name}"] = place

    def _add_data(self, name: str, digest: str, source: dict[str, Any], *, data: bool) -> None:
        self._add_file(digest, f"the manifest of dataset {name}")
        if digest not in self._vault:
            return
        files = load_manifest(self._vault, digest).files
        if source.get("snapshot") and data:
            for file in files:
                self._add_file(file.blake3, f"{name}/{file.path}")
        else:
            self.notes.append(
                f"the bytes of dataset {name} ({source.get('path', '')}) are not in it: bring them to where it is reproduced"
            )

    def _add_proofs(self) -> None:
        for kind in PROOFS:
            folder = self._home.path / "experiments" / str(self._number) / kind
            if folder.is_dir():
                self.sources |= {f"{kind}/{path.name}": path for path in sorted(folder.glob("*.json"))}

    def _add_file(self, digest: str, what: str) -> None:
        if not digest:
            return
        try:
            self.sources[f"vault/{digest}"] = self._vault.path(digest)
        except VaultError as error:
            self.notes.append(f"{what} is not in it: {error}")

    def _add_code(self, digest: str) -> None:
        folder = self._home.code(digest)
        if not digest or not folder.is_dir():
            self.notes.append("the code was not captured" if not digest else f"the captured code {digest[:12]} is gone")
            return
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                self.sources[f"code/{digest}/{path.relative_to(folder).as_posix()}"] = path

    def index(self) -> Index:
        files = [Member(name, *_measured(source)) for name, source in self.sources.items()]
        return Index(self._run.name, self._run.experiment.name, version("daybreak"), files, self.notes)


def _measured(source: bytes | Path) -> tuple[int, str]:
    if isinstance(source, bytes):
        return len(source), hash_bytes(source)
    return source.stat().st_size, hash_file(source)


def _write(target: Path, index: Index, sources: dict[str, bytes | Path], progress: Progress | None) -> int:
    total, done = sum(member.size for member in index.files), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    try:
        with (
            os.fdopen(handle, "wb") as file,
            zstd().ZstdCompressor(level=LEVEL).stream_writer(file, closefd=False) as packed,
            tarfile.open(fileobj=packed, mode="w|") as archive,
        ):
            for member, data in _members(index, sources):
                archive.addfile(member, data)
                done += member.size
                if progress is not None:
                    progress(done, total)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _members(index: Index, sources: dict[str, bytes | Path]) -> Iterator[tuple[tarfile.TarInfo, Any]]:
    """Without times and owners: the same run gives the same bundle."""
    for name, source in {INDEX: index.encode(), **sources}.items():
        info = tarfile.TarInfo(name)
        if isinstance(source, bytes):
            info.size = len(source)
            yield info, io.BytesIO(source)
        else:
            info.size = source.stat().st_size
            with source.open("rb") as data:
                yield info, data
