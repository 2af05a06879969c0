"""Whether a folder still holds the code an experiment was submitted with.

A capture is a folder named by the hash of its content, with `manifest.json`: relative path -> blake3 of the file.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from daybreak.base.hashing import hash_file
from daybreak.base.home import Home
from daybreak.provenance.code import MANIFEST
from daybreak.provenance.selection import is_settings

_Stamp = tuple[int, int]


class CapturedCode:
    """One experiment's code. Asked before every start; a file is hashed again only when its size or time has changed.

    `noticed` is told, once, which files have changed.
    """

    def __init__(
        self, home: Home, folder: Path, digest: str, noticed: Callable[[list[str]], None] | None = None
    ) -> None:
        self._folder = folder
        self._noticed = noticed
        self._copy = home.code(digest) if digest else None
        self._manifest: Mapping[str, str] = _manifest(self._copy) if self._copy else {}
        self._unchanged: dict[str, _Stamp] = {}

    def changed(self) -> list[str]:
        """Captured files that are different in the folder now, or gone from it."""
        changed = [name for name in self._manifest if not self._same(name)]
        if changed and self._noticed is not None:
            noticed, self._noticed = self._noticed, None
            noticed(changed)
        return changed

    def folder(self) -> Path:
        """Where code is to be imported from: the folder itself while it is unchanged, else the captured copy."""
        return self._copy if self._copy is not None and self.changed() else self._folder

    def word(self, word: str) -> str:
        """A word of a command: a captured file, in a folder that has changed since, is named in the captured copy instead."""
        name = word.removeprefix("./").removeprefix(f"{self._folder}/")
        return str(self._copy / name) if self._copy is not None and name in self._manifest and self.changed() else word

    def _same(self, name: str) -> bool:
        path = self._folder / name
        try:
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if self._unchanged.get(name) != stamp:
                if hash_file(path) != self._manifest[name]:
                    return False
                self._unchanged[name] = stamp
        except OSError:
            return False
        return True


def _manifest(copy: Path) -> Mapping[str, str]:
    try:
        found: dict[str, str] = json.loads((copy / MANIFEST).read_text())
        return {name: digest for name, digest in found.items() if is_settings(name)}  # a script may write texts itself
    except (OSError, ValueError):  # the capture is gone: the folder is what there is
        return {}
