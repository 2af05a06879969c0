"""A file or a folder of files, by their bytes."""

from pathlib import Path

from daybreak.base.errors import UsageError
from daybreak.provenance.data import manifest
from daybreak.provenance.data.file import File
from daybreak.provenance.data.hashing import Hasher
from daybreak.provenance.data.manifest import Manifest
from daybreak.provenance.data.walk import Found, files_below, stamp


class Files:
    """Whatever lies on a disk."""

    kind = "files"

    def matches(self, place: str) -> bool:
        """Anything but a URL."""
        return "://" not in place

    def manifest(self, place: str, hasher: Hasher) -> Manifest:
        """Every file below a folder, or the one file."""
        return manifest.make(self.kind, local_files(Path(place), hasher), single=Path(place).is_file())


def local_files(place: Path, hasher: Hasher) -> list[File]:
    """The files of a folder, or the one file, hashed. Raises `UsageError` where there is nothing, `OSError`."""
    if place.is_file():
        return hasher.files(place.parent, [Found(place.name, stamp(place))], str(place))
    if not place.is_dir():
        raise UsageError(f"data must be a file, a folder or a URL, there is no {place}")
    return hasher.files(place, list(files_below(place)))
