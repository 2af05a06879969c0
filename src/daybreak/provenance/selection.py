"""Which files of a folder are its code: Python files, and the small texts that code reads.

Looked through are all folders but hidden ones, caches, environments and homes (which hold captured code). Left out, and written
down with the reason: what an ignore file names, what may hold secrets, texts that are large or one of very many (data, not
configuration), and everything of another kind, counted by suffix. Limits on the whole are told when reached (`TooMuchCode`).
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from daybreak.base.home import Home
from daybreak.provenance.ignoring import FILES, OURS, Ignoring, Wish, above
from daybreak.provenance.record import LeftOut
from daybreak.provenance.secrets import is_secret_file, printable

MOST_FILES = 2000
MOST_BYTES = 20 * 2**20
MOST_SEEN = 200_000  # entries of folders looked through (a second or two); a folder of data is larger
MOST_TEXT = 2**20  # bytes of one file that is not Python
MOST_TEXTS = 100  # of one suffix in one folder: more is data
MOST_TOLD = 200  # entries of what was left out

PYTHON = frozenset({".py", ".pyi", ".pyx", ".pxd"})
SETTINGS = frozenset({".yaml", ".yml", ".toml", ".cfg", ".ini", ".conf", ".gin"})
TEXT = SETTINGS | {
    ".json",
    ".jsonc",
    ".json5",
    ".txt",
    ".md",
    ".rst",
    ".sh",
    ".sql",
    ".jinja",
    ".jinja2",
    ".j2",
    ".tmpl",
    ".proto",
}
COMPILED = frozenset({".pyc", ".so", ".pyd", ".dll", ".dylib", ".o"})
NOT_CODE = frozenset(
    {"pyvenv.cfg", "conda-meta", "ledger.db"}
)  # what makes a folder an environment, or a home of Daybreak's
SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist", "venv", "env"})
COUNTED = "not code"  # why a file is left out of whose kind only the number is told


class TooMuchCode(Exception):
    """The folder holds more code than is captured; the message says what to do."""


class Chosen(NamedTuple):
    """A file to capture."""

    name: str  # relative to the folder, with slashes
    path: str
    stat: os.stat_result  # of the file, links followed
    asked: bool  # named by `!name` in a .daybreakignore: taken although it may hold secrets


class Selection:
    """Choose the files of `folder`: iterate once, then `left_out` says what was not chosen.

    `everything` takes files of every suffix (an installed package brings its page templates); limits and secrets stay.
    `only`: folders inside, to look through no others. Raises `TooMuchCode`, and `OSError` for the folder itself.
    """

    def __init__(self, folder: Path, home: Home, *, everything: bool = False, only: tuple[Path, ...] = ()) -> None:
        self._folder = str(folder)
        self._home = home.path
        self._home_inode = _inode(home.path)
        self._everything = everything
        self._roots = only or (folder,)
        self._left: list[LeftOut] = []
        self._others: Counter[str] = Counter()
        self._seen = 0

    def files(self) -> Iterator[Chosen]:
        """The files, in order of their names within each folder."""
        count = size = 0
        for root in self._roots:
            for chosen in self._walk(str(root), above(root), is_root=True):
                count, size = count + 1, size + chosen.stat.st_size
                if count > MOST_FILES or size > MOST_BYTES:
                    raise TooMuchCode(
                        f"at most {MOST_FILES} files of code of {MOST_BYTES >> 20} MiB are captured, {self._folder} holds more; "
                        f"run from the folder of your own code, or name what is not code in {OURS}"
                    )
                yield chosen

    def leave(self, name: str, why: str) -> None:
        """Write down a file that was not captured after all."""
        self._left.append(LeftOut(name, why))

    @property
    def left_out(self) -> list[LeftOut]:
        """What was not chosen and why, sorted; at most `MOST_TOLD` entries."""
        told = sorted(self._left, key=lambda left: left.path)
        if more := len(told) - MOST_TOLD:
            told = [*told[:MOST_TOLD], LeftOut("…", f"and {more} more")] if more > 0 else told
        others = sorted(self._others.items())
        return told + [LeftOut(f"*{kind}", f"not code: {count} file{'s' * (count > 1)}") for kind, count in others]

    def _walk(self, here: str, ignoring: Ignoring | None, *, is_root: bool = False) -> Iterator[Chosen]:
        try:
            entries = self._entries(here)
        except PermissionError:
            if is_root:
                raise
            self.leave(self._name(here) + "/", "cannot be read")
            return
        names = {entry.name for entry in entries}
        if not is_root and names & NOT_CODE:
            return
        self._count(len(entries))
        if names & FILES:
            ignoring = Ignoring(here, ignoring)
        many = _many(names)
        folders = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry)
            elif (chosen := self._file(entry, ignoring, many)) is not None:
                yield chosen
        for entry in folders:
            if self._enters(entry, ignoring):
                yield from self._walk(entry.path, ignoring)

    def _entries(self, here: str) -> list[os.DirEntry[str]]:
        """What is in a folder, by name; names that are no text (bytes of another encoding) are left out."""
        with os.scandir(here) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            if (told := printable(entry.name)) != entry.name:
                self.leave(self._name(os.path.join(here, told)), "its name is not UTF-8")  # noqa: PTH118
        return [entry for entry in entries if printable(entry.name) == entry.name]

    def _count(self, entries: int) -> None:
        self._seen += entries
        if self._seen > MOST_SEEN:
            raise TooMuchCode(
                f"at most {MOST_SEEN:,} files and folders are looked through for code, {self._folder} holds more; "
                f"run from the folder of your own code, or name its folders of data in {OURS}"
            )

    def _enters(self, entry: os.DirEntry[str], ignoring: Ignoring | None) -> bool:
        wish, file = _wish(ignoring, entry.path, is_folder=True)
        if entry.name.startswith(".") or entry.name in SKIPPED:
            return wish is Wish.TAKE
        if entry.inode() == self._home_inode and self._home.samefile(entry.path):
            return False
        if wish is Wish.LEAVE:
            self.leave(self._name(entry.path) + "/", f"named in {file}")
        return wish is not Wish.LEAVE

    def _file(self, entry: os.DirEntry[str], ignoring: Ignoring | None, many: frozenset[str]) -> Chosen | None:
        suffix = _suffix(entry.name)
        wish, file = _wish(ignoring, entry.path, is_folder=False)
        if wish is not Wish.TAKE:
            why = self._against(entry.name, suffix, wish, file, many)
            if why == COUNTED:
                self._others[suffix] += 1
            elif why:
                self.leave(self._name(entry.path), why)
            if why is not None:
                return None
        stat = _stat(entry.path)
        if stat is None:
            return None
        if suffix not in PYTHON and stat.st_size > MOST_TEXT:
            self.leave(self._name(entry.path), f"larger than {MOST_TEXT >> 20} MiB: it counts as data")
            return None
        return Chosen(self._name(entry.path), entry.path, stat, wish is Wish.TAKE)

    def _against(self, name: str, suffix: str, wish: Wish, file: str, many: frozenset[str]) -> str | None:
        """Why a file is left out: None to take it, COUNTED where its kind is told, empty where nothing is worth telling."""
        known = suffix in PYTHON or suffix in TEXT
        if is_secret_file(name):
            return "may hold secrets"
        if name.startswith("."):
            return ""  # settings of editors and tools, and their locks
        if wish is Wish.LEAVE:
            return f"named in {file}" if known else ""
        if self._everything:
            return COUNTED if suffix in COMPILED else None
        return None if known and suffix not in many else COUNTED

    def _name(self, path: str) -> str:
        return path[len(self._folder) :].lstrip(os.sep).replace(os.sep, "/")


def is_settings(name: str) -> bool:
    """Whether a captured file is code or settings, which people write, rather than a text that a run may write itself."""
    suffix = Path(name).suffix.lower()
    return suffix in PYTHON or suffix in SETTINGS


def _many(names: Iterable[str]) -> frozenset[str]:
    """Suffixes of texts of which a folder holds so many that they are data."""
    counts = Counter(map(_suffix, names))
    return frozenset(suffix for suffix, count in counts.items() if count > MOST_TEXTS and suffix not in PYTHON)


def _wish(ignoring: Ignoring | None, path: str, *, is_folder: bool) -> tuple[Wish, str]:
    return ignoring.wish(path, is_folder=is_folder) if ignoring is not None else (Wish.NOTHING, "")


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (thousands of entries, most not taken: no Path for them)


def _stat(path: str) -> os.stat_result | None:
    """Of a file, links followed; None for a link that leads nowhere, or to a folder, and for a pipe."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except FileNotFoundError:
        return None
    return found if S_ISREG(found.st_mode) else None


def _inode(home: Path) -> int:
    try:
        return home.stat().st_ino
    except OSError:
        return -1
