"""Datasets that were added to a home by name: one JSON file each, written at once."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.home import Home
from daybreak.provenance.data import places
from daybreak.spec.models import DataSource

NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


class Registered(msgspec.Struct, frozen=True):
    """A dataset of a home. `path`: absolute, or a URL. `manifest`: of when it was added; `at`: when that was, in seconds since 1970."""

    name: str
    path: str
    manifest: str
    at: float
    snapshot: bool = False
    split: str | None = None
    profile: str | None = None

    @property
    def source(self) -> DataSource:
        """As an experiment names it."""
        return DataSource(
            path=self.path, snapshot=self.snapshot, split=self.split, profile=self.profile, manifest=self.manifest
        )


def put(home: Home, dataset: Registered) -> None:
    """Add it, in place of an older one of the name. Raises `UsageError` for a name that cannot be."""
    if not NAME.fullmatch(dataset.name):
        raise UsageError(
            f"a dataset's name has letters, digits, `_`, `-` and `.`, and begins with a letter, got {dataset.name!r}: give --name"
        )
    file = _file(home, dataset.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.encode(dataset))
    new.replace(file)


def get(home: Home, name: str) -> Registered:
    """The dataset of this name. Raises `NotFound`."""
    if not known(home, name):
        has = ", ".join(dataset.name for dataset in every(home)) or "none"
        raise NotFound(f"this home has no dataset {name} (it has {has}): daybreak data add PATH --name {name}")
    return msgspec.json.decode(_file(home, name).read_bytes(), type=Registered)


def known(home: Home, name: str) -> bool:
    """Whether there is a dataset of this name."""
    return bool(NAME.fullmatch(name)) and _file(home, name).is_file()


def every(home: Home) -> Iterator[Registered]:
    """All datasets, by name."""
    for file in sorted(places.registered(home).glob("*.json")):
        yield msgspec.json.decode(file.read_bytes(), type=Registered)


def resolved(home: Home, source: DataSource, folder: Path) -> DataSource:
    """A source whose path is no file but the name of a dataset of the home: that one, with what the experiment adds to it."""
    if "://" in source.path or (folder / Path(source.path).expanduser()).exists():
        return source
    if not known(home, source.path):
        return source
    found = get(home, source.path).source
    own = {
        "split": source.split,
        "profile": source.profile,
        "snapshot": source.snapshot or None,
        "sealed": source.sealed or None,
    }
    return found.model_copy(update={key: value for key, value in own.items() if value is not None})


def _file(home: Home, name: str) -> Path:
    return places.registered(home) / f"{name}.json"
