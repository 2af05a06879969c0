"""`.gitignore` and `.daybreakignore`: which files a folder's owner wants left out, and which secrets he asks for by name.

Both follow git's rules (patterns, `!` to take back, one file per folder, the deeper and later one decides); `.daybreakignore` comes
after `.gitignore`. A `.gitignore` above the folder counts as far as the repository reaches.
"""

import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

GIT = ".gitignore"
OURS = ".daybreakignore"
FILES = frozenset({GIT, OURS})


class Wish(Enum):
    """What the ignore files say about a path."""

    NOTHING = "nothing"
    LEAVE = "leave"
    TAKE = "take"  # a `!pattern` of a .daybreakignore names it


class Ignoring:
    """The ignore files that count in one folder: its own, and those above it. Raises `OSError` where one cannot be read."""

    def __init__(self, folder: str, above: "Ignoring | None" = None) -> None:
        self._length = len(folder.rstrip(os.sep)) + 1
        self._above = above
        self._git = _patterns(folder, GIT)
        self._ours = _patterns(folder, OURS)

    def wish(self, path: str, *, is_folder: bool) -> tuple[Wish, str]:
        """What is wished for a path in this folder or below, and the name of the file that says so."""
        name = path[self._length :] + ("/" if is_folder else "")
        for patterns, file in ((self._ours, OURS), (self._git, GIT)):
            told = patterns.check_file(name).include if patterns is not None else None
            if told:
                return Wish.LEAVE, file
            if told is not None:
                return (Wish.TAKE if file == OURS else Wish.NOTHING), file
        return self._above.wish(path, is_folder=is_folder) if self._above is not None else (Wish.NOTHING, "")


def above(folder: Path) -> Ignoring | None:
    """Those of the folders between this one and the top of its repository, which is no farther up than that; None when there are none."""
    if (folder / ".git").exists():
        return None
    top = next((parent for parent in folder.parents if (parent / ".git").exists()), None)
    found = None
    for parent in reversed(folder.parents) if top is not None else ():
        if parent.is_relative_to(top or parent) and any((parent / name).is_file() for name in FILES):
            found = Ignoring(str(parent), found)
    return found


def _patterns(folder: str, name: str) -> "GitIgnoreSpec | None":
    try:
        lines = Path(folder, name).read_text(errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    from pathspec import GitIgnoreSpec  # 25 ms, for folders with such a file

    return GitIgnoreSpec.from_lines(lines)
