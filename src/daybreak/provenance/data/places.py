"""Where the data room keeps what below a home. Path arithmetic only."""

from pathlib import Path

from daybreak.base.home import Home
from daybreak.provenance.data.manifest import Manifest


def stat_cache(home: Home) -> Path:
    """Which file had which hash; may be deleted."""
    return home.path / "data" / "stat-cache.db"


def registered(home: Home) -> Path:
    """Datasets that were added by name, one JSON file each."""
    return home.path / "data" / "registered"


def view(home: Home, manifest: str) -> Path:
    """The files of a snapshot under their names, read-only, made of links into the vault."""
    return home.path / "data" / "snapshots" / manifest


def locate(path: str, folder: Path) -> str:
    """A dataset's absolute path, or its URL as it is. `folder` is what relative paths are relative to."""
    if "://" in path:
        return path.removeprefix("file://") if path.startswith("file://") else path
    return str((folder / Path(path).expanduser()).absolute().resolve())


def inside(view: Path, manifest: Manifest) -> Path:
    """What an attempt is given of a view: the folder, or its one file."""
    return view / manifest.files[0].path if manifest.single else view
