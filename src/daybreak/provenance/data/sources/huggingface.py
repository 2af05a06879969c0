"""Hugging Face: datasets written by `save_to_disk`, with their fingerprints, and revisions in the hub's cache."""

import json
import re
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.provenance.data import manifest
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.manifest import Manifest
from daybreak.provenance.data.sources.files import local_files

REVISION = re.compile(r"[0-9a-f]{40}")


class SavedDataset:
    """A folder that `Dataset.save_to_disk` or `DatasetDict.save_to_disk` wrote; `at`: the fingerprint, one for each split."""

    kind = "huggingface"

    def matches(self, place: str) -> bool:
        """By the files that say what it is."""
        return "://" not in place and any(
            (Path(place) / name).is_file() for name in ("state.json", "dataset_dict.json")
        )

    def manifest(self, place: str, hasher: Hasher) -> Manifest:
        """Every file of it; `facts` has the files of each split."""
        folder = Path(place)
        names = _json(folder / "dataset_dict.json")["splits"] if (folder / "dataset_dict.json").is_file() else [""]
        states = {name: _json(folder / name / "state.json") for name in names}
        prints = {name: str(state.get("_fingerprint", "")) for name, state in states.items()}
        at = " ".join(f"{name}:{value}" if name else value for name, value in sorted(prints.items()))
        facts = {
            "files": {
                name or "all": [file["filename"] for file in state.get("_data_files", ())]
                for name, state in states.items()
            }
        }
        return manifest.make(self.kind, local_files(folder, hasher), at=at, facts=facts)


class HubRevision:
    """A repository in the hub's cache (`datasets--owner--name`, its `main`), or one of its `snapshots/REVISION`; `at`: the revision."""

    kind = "hub"

    def matches(self, place: str) -> bool:
        """By its place in the cache."""
        path = Path(place)
        return "://" not in place and (_is_snapshot(path) or (_is_repository(path) and (path / "refs").is_dir()))

    def manifest(self, place: str, hasher: Hasher) -> Manifest:
        """Every file of the revision, links followed to the cache's blobs."""
        folder = Path(place)
        if not _is_snapshot(folder):
            folder = _main(folder)
        repository = folder.parent.parent.name
        return manifest.make(self.kind, local_files(folder, hasher), at=f"{repository} {folder.name}")


def _is_snapshot(path: Path) -> bool:
    return (
        bool(REVISION.fullmatch(path.name)) and path.parent.name == "snapshots" and _is_repository(path.parent.parent)
    )


def _is_repository(path: Path) -> bool:
    return path.name.startswith(("datasets--", "models--"))


def _main(repository: Path) -> Path:
    reference = repository / "refs" / "main"
    if not reference.is_file():
        raise UsageError(
            f"{repository} has no branch main in the cache: name one of its snapshots, {repository}/snapshots/REVISION"
        )
    return repository / "snapshots" / reference.read_text().strip()


def _json(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} must say what a saved dataset holds, it cannot be read: {error}") from error
    return found
