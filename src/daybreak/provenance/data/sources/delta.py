"""Delta tables: the files that are active at the newest version, by their bytes, and that version.

The log is read as the protocol says (github.com/delta-io/delta, PROTOCOL.md): from the newest checkpoint, else from version 0,
through the JSON commits. Files that were removed and not vacuumed yet are no part of the table. A checkpoint is Parquet and needs pyarrow
(`daybreak[parquet]`); checkpoints of version 2 with sidecar files are refused.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from daybreak.base.errors import UsageError
from daybreak.provenance.data import manifest
from daybreak.provenance.data.file import LEFT_OUT, File
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.manifest import Manifest
from daybreak.provenance.data.walk import Found, stamp

LOG = "_delta_log"
DIGITS = 20  # of a version in a file's name


class Delta:
    """A folder with a `_delta_log`."""

    kind = "delta"

    def matches(self, place: str) -> bool:
        """By its log."""
        return "://" not in place and (Path(place) / LOG).is_dir()

    def manifest(self, place: str, hasher: Hasher) -> Manifest:
        """The active files, each tagged with its deletion vector where it has one; `at`: table id and version."""
        folder = Path(place)
        version, actions = _replayed(folder / LOG)
        vectors = {unquote(path): _vector(add) for path, add in actions.active.items()}
        found = [Found(path, _stamp(folder, path)) for path in sorted(vectors)]
        files = hasher.files(folder, found, f"delta {folder}")
        tagged = [File(file.path, file.size, file.blake3, vectors[file.path]) for file in files]
        return manifest.make(self.kind, tagged, at=f"{actions.table} version {version}".strip(), facts=actions.facts)


class _Actions:
    """What the log has said so far."""

    def __init__(self) -> None:
        self.table = ""
        self.active: dict[str, dict[str, Any]] = {}
        self.facts: dict[str, Any] = {}

    def take(self, action: dict[str, Any]) -> None:
        if add := action.get("add"):
            self.active[add["path"]] = add
        if remove := action.get("remove"):
            self.active.pop(remove["path"], None)
        if meta := action.get("metaData"):
            self.table = meta.get("id") or ""
            self.facts = {
                "schema": meta.get("schemaString") or "",
                "partitioned by": list(meta.get("partitionColumns") or ()),
            }
        if action.get("sidecar"):
            raise UsageError(
                "Delta checkpoints with sidecar files cannot be read: write a classic checkpoint, or name the table's files"
            )


def _replayed(log: Path) -> tuple[int, _Actions]:
    commits = {
        int(file.stem): file for file in log.glob("[0-9]*.json") if file.stem.isdigit() and len(file.stem) == DIGITS
    }
    start, parts = _checkpoint(log, commits)
    if not commits and not parts:
        raise UsageError(f"a Delta table has commits in its log, {log} has none")
    actions = _Actions()
    for part in parts:
        for action in _rows(part):
            actions.take(action)
    newest = max([start, *commits])
    for version in range(start + 1, newest + 1):
        if version not in commits:
            raise UsageError(f"the log of a Delta table has no gaps, {log} lacks version {version}: copy all of it")
        for line in commits[version].read_text().splitlines():
            if line.strip():
                actions.take(json.loads(line))
    return newest, actions


def _checkpoint(log: Path, commits: dict[int, Path]) -> tuple[int, list[Path]]:
    """The newest complete checkpoint and its files, where the commits do not reach back to the beginning."""
    if 0 in commits:
        return -1, []
    of: dict[int, list[Path]] = {}
    for file in sorted(log.glob("*.checkpoint*.parquet")):
        of.setdefault(int(file.name.split(".")[0]), []).append(file)
    for version in sorted(of, reverse=True):
        named = of[version][0].name.split(".")
        wanted = int(named[3]) if len(named) == 5 else 1  # noqa: PLR2004 (version.checkpoint.part.parts.parquet)
        if len(of[version]) == wanted:
            return version, of[version]
    return -1, []


def _rows(part: Path) -> Iterator[dict[str, Any]]:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise UsageError(
            f"{part} is a checkpoint of a Delta log, which needs pyarrow: pip install 'daybreak[parquet]'"
        ) from error
    file = pyarrow.parquet.ParquetFile(part)
    wanted = [name for name in ("add", "remove", "metaData", "sidecar") if name in file.schema_arrow.names]
    for batch in file.iter_batches(columns=wanted):
        yield from batch.to_pylist()


def _vector(add: dict[str, Any]) -> str:
    found = add.get("deletionVector")
    return f"{LEFT_OUT}{found['storageType']}{found['pathOrInlineDv']}@{found.get('offset', 0)}" if found else ""


def _stamp(folder: Path, path: str) -> Any:
    try:
        return stamp(folder / path)
    except FileNotFoundError as error:
        raise UsageError(
            f"the log of {folder} names {path}, which is not there: it was vacuumed, or not copied"
        ) from error
