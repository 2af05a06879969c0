"""Registered models of a home: packages in numbered folders, and the journal that tells of them."""

import contextlib
import fcntl
import getpass
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.registry import journal, package
from daybreak.registry.chained import Chained
from daybreak.registry.journal import Entry, Registered
from daybreak.registry.package import Package


@dataclass(frozen=True)
class Found:
    """What a reference names. `alias`: the one it was named by, empty for a version or a folder."""

    name: str
    version: int
    folder: Path
    alias: str = ""


class Registry:
    """The models of one home. Any number of processes may use it at once."""

    def __init__(self, home: Home) -> None:
        self._folder = home.models
        self._journal = Chained(home.models / "journal.jsonl", Entry, "a line of the models' journal")

    def models(self) -> dict[str, Registered]:
        """All, by name. Raises `DamagedFile` where the journal was altered."""
        return journal.fold(self._journal.read())

    def model(self, name: str) -> Registered:
        """One of them. Raises `NotFound`."""
        models = self.models()
        if name not in models:
            known = f"there are {', '.join(sorted(models))}" if models else "none is registered"
            raise NotFound(f"no model is called {name}: {known}; daybreak model register RUN --name {name}")
        return models[name]

    def find(self, reference: str) -> Found:
        """What `digits` (its newest version), `digits@3`, `digits@production` or a package's folder names.

        Raises `NotFound`, `DamagedFile`, `UsageError` for nothing behind an @.
        """
        if "/" in reference or reference in (".", ".."):
            folder = Path(reference).expanduser().absolute()
            record = package.read(folder)
            return Found(record.name, record.version, folder)
        name, at, told = reference.partition("@")
        if at and not told:
            raise UsageError(f"{reference} names no version or alias: {name}, {name}@3 or {name}@production")
        version = self.model(name).version_of(told)
        return Found(name, version, self.folder(name, version), "" if journal.is_version(told) else told)

    def registered(self, reference: str) -> Found:
        """As `find`, and its record is the one that the journal tells of; its files are hashed by whoever loads them.

        Raises `NotFound`, `DamagedFile`. A folder never was registered, and is taken as it is.
        """
        found = self.find(reference)
        name, version = found.name, found.version
        if (
            found.folder == self.folder(name, version)
            and package.read(found.folder).digest != self.model(name).versions[version].digest
        ):
            raise DamagedFile(f"{name}@{version} is not what was registered: register the model again")
        return found

    def folder(self, name: str, version: int) -> Path:
        """Where a version's package lies."""
        return self._folder / name / str(version)

    @property
    def stamp(self) -> int:
        """Changes whenever a line is added: cheap to ask, for those who follow an alias."""
        try:
            return (self._folder / "journal.jsonl").stat().st_size
        except FileNotFoundError:
            return 0

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """An empty folder to make a package in, on the same disk; gone at the end unless it was added."""
        self._folder.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".staging-", dir=self._folder))
        try:
            folder.chmod(0o755)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, staged: Path, record: Package, *, by: str = "", note: str = "") -> Package:
        """Make what lies in a staging folder the next version of `record.name`; its record as sealed. Raises `UsageError`."""
        name = journal.check_name(record.name)
        place = self._folder / name
        place.mkdir(parents=True, exist_ok=True)
        with (place / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self.models().get(name, Registered(name)).versions  # of those that were retired no folder is left
            version = 1 + max([*known, *(int(one.name) for one in place.iterdir() if one.name.isdigit())], default=0)
            told = msgspec.structs.replace(record, version=version, created=time.time())
            sealed = package.seal(staged, told)
            staged.rename(self.folder(name, version))
            self._add(Entry("registered", sealed.created, by or user(), name, version, sealed.digest, text=note))
        return sealed

    def move(
        self, name: str, alias: str, version: int | None, *, decision: dict[str, str], by: str = "", reason: str = ""
    ) -> Entry:
        """Point an alias at a version, or at nothing. Asks no gate: `release.promotion` does. Raises `NotFound`, `UsageError`."""
        journal.check_alias(alias)
        self.model(name)
        entry = Entry("moved", time.time(), by or user(), name, version, alias=alias, text=reason, decision=decision)

        def made(lines: list[Entry]) -> Entry:
            model = journal.fold(lines)[name]  # as it is while nobody else writes
            if version is not None:
                model.version_of(str(version))
            elif alias not in model.aliases:
                raise NotFound(f"model {name} has no alias {alias}; it has {', '.join(model.aliases) or 'none'}")
            return entry

        return self._journal.append(made)

    def note(self, name: str, version: int, text: str, *, by: str = "") -> Entry:
        """Write something down about a version. Raises `NotFound`."""
        self.model(name).version_of(str(version))
        return self._add(Entry("noted", time.time(), by or user(), name, version, text=text))

    def tag(self, name: str, version: int, tags: dict[str, str], *, by: str = "") -> Entry:
        """Set tags of a version; an empty value takes one off. Raises `NotFound`."""
        self.model(name).version_of(str(version))
        return self._add(Entry("tagged", time.time(), by or user(), name, version, tags=tags))

    def retire(self, name: str, version: int, *, by: str = "", reason: str = "") -> Entry:
        """Remove a version's files; its lines stay. Raises `NotFound`, `UsageError` where an alias points at it."""
        self.model(name)
        entry = Entry("retired", time.time(), by or user(), name, version, text=reason)

        def made(lines: list[Entry]) -> Entry:
            model = journal.fold(lines)[name]
            model.version_of(str(version))
            pointing = [alias for alias, number in model.aliases.items() if number == version]
            if pointing:
                raise UsageError(
                    f"version {version} of {name} is {', '.join(pointing)}: move that first: "
                    f"daybreak model alias {name}@OTHER {pointing[0]}"
                )
            return entry

        told = self._journal.append(made)
        shutil.rmtree(self.folder(name, version))
        return told

    def _add(self, entry: Entry) -> Entry:
        return self._journal.append(lambda _: entry)


def user() -> str:
    """Who does this, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
