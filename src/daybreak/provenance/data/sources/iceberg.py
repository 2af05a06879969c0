"""Iceberg tables on a disk: the files of the current snapshot, by their bytes, and its id.

`metadata/*.metadata.json` names the snapshot, its manifest list the manifests, those the files (iceberg.apache.org/spec). Lists
and manifests are Avro, for which fastavro is needed (`daybreak[iceberg]`). Locations are looked for below the table's folder,
wherever that was copied to.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.provenance.data import manifest
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.manifest import Manifest
from daybreak.provenance.data.walk import Found, stamp

DELETED = 2  # a manifest entry's status


class Iceberg:
    """A folder with `metadata/*.metadata.json`."""

    kind = "iceberg"

    def matches(self, place: str) -> bool:
        """By its metadata."""
        return "://" not in place and any((Path(place) / "metadata").glob("*.metadata.json"))

    def manifest(self, place: str, hasher: Hasher) -> Manifest:
        """Data and delete files of the current snapshot; `at`: table id and snapshot id."""
        folder = Path(place)
        table = json.loads(_newest(folder / "metadata").read_text())
        snapshot = table.get("current-snapshot-id")
        facts = {"schema": table.get("current-schema-id", 0), "format": table.get("format-version", 1)}
        at = f"{table.get('table-uuid', '')} snapshot {snapshot if snapshot not in (None, -1) else 'none'}"
        if snapshot in (None, -1):
            return manifest.make(self.kind, [], at=at, facts=facts)
        found = next(one for one in table["snapshots"] if one["snapshot-id"] == snapshot)
        root = str(table["location"])
        names = sorted(set(_files(folder, root, found)))
        files = hasher.files(folder, [Found(name, stamp(folder / name)) for name in names], f"iceberg {folder}")
        return manifest.make(self.kind, files, at=at, facts=facts)


def _newest(metadata: Path) -> Path:
    """What the hint names, else the file of the highest number."""
    hint = metadata / "version-hint.text"
    if hint.is_file() and (named := metadata / f"v{hint.read_text().strip()}.metadata.json").is_file():
        return named
    return max(metadata.glob("*.metadata.json"), key=lambda file: (_number(file.name), file.name))


def _number(name: str) -> int:
    found = re.match(r"v?(\d+)", name)
    return int(found[1]) if found else -1


def _files(folder: Path, root: str, snapshot: dict[str, Any]) -> Iterator[str]:
    manifests = snapshot.get("manifests")  # of format 1: named one by one
    if manifests is None:
        manifests = [entry["manifest_path"] for entry in _avro(folder, root, snapshot["manifest-list"])]
    for one in manifests:
        for entry in _avro(folder, root, one):
            if entry["status"] != DELETED:
                yield _local(folder, root, entry["data_file"]["file_path"])


def _avro(folder: Path, root: str, location: str) -> Iterator[dict[str, Any]]:
    try:
        import fastavro
    except ImportError as error:
        raise UsageError(
            f"{folder} is an Iceberg table, which needs fastavro: pip install 'daybreak[iceberg]'"
        ) from error
    with (folder / _local(folder, root, location)).open("rb") as file:
        yield from fastavro.reader(file)


def _local(folder: Path, root: str, location: str) -> str:
    """A location as a path relative to the table's folder."""
    plain = location.removeprefix("file://").removeprefix("file:")
    for start in (root, root.removeprefix("file://").removeprefix("file:"), str(folder)):
        for text in (location, plain):
            if text.startswith(start.rstrip("/") + "/"):
                name = text[len(start.rstrip("/")) + 1 :]
                if (folder / name).is_file():
                    return name
                raise UsageError(
                    f"the Iceberg table {folder} names {name}, which is not there: it was expired, or not copied"
                )
    raise UsageError(
        f"files of an Iceberg table must lie below it, {location} does not lie below {root}: name its files instead"
    )
