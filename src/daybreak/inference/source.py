"""Where a package's files are read from: a folder, or bytes that are nowhere on a disk (a bundle that was decrypted into memory)."""

from collections.abc import Mapping
from pathlib import Path

from daybreak.base.errors import DamagedFile, NotFound
from daybreak.registry.package import RECORD, Package, parse


class Source:
    """Files of a package by name. Give a folder, or a mapping from names (with /) to bytes."""

    def __init__(self, where: Path | Mapping[str, bytes]) -> None:
        self.folder = where if isinstance(where, Path) else None
        self._held = {} if isinstance(where, Path) else where

    def package(self) -> Package:
        """Its record. Raises `NotFound`, `DamagedFile`."""
        return parse(self.read(RECORD), str(self.folder or "the bundle") + f"/{RECORD}")

    def read(self, name: str) -> bytes:
        """A file's bytes. Raises `NotFound`, `DamagedFile` for a name that leaves the package."""
        _check_own(name)
        try:
            return (self.folder / name).read_bytes() if self.folder else self._held[name]
        except (OSError, KeyError) as error:
            raise NotFound(
                f"package {self.folder or 'in memory'} has no file {name}; register the model again"
            ) from error

    def model(self, name: str) -> str | bytes:
        """What a runtime loads: a path (so that it may map the file), or bytes. Raises as `read` does."""
        _check_own(name)
        if self.folder is None:
            return self.read(name)
        if not (self.folder / name).is_file():
            raise NotFound(f"package {self.folder} has no file {name}; register the model again")
        return str(self.folder / name)

    def under(self, prefix: str) -> dict[str, bytes]:
        """Every file below `prefix`, by its name there."""
        if self.folder is None:
            return {name[len(prefix) :]: data for name, data in self._held.items() if name.startswith(prefix)}
        root = self.folder / prefix
        files = sorted(file for file in root.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        return {file.relative_to(root).as_posix(): file.read_bytes() for file in files}


def _check_own(name: str) -> None:
    if name.startswith("/") or ".." in name.split("/"):
        raise DamagedFile(f"a package names files of its own, got {name!r}; register the model again")
