"""Datasets as commands name them: by the name under which they were added, by a run that read them, or by their path."""

import re
import time
from pathlib import Path
from typing import NamedTuple

from daybreak.base.errors import NotFound, UsageError
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.provenance.data import manifest as manifests
from daybreak.provenance.data import places, registered
from daybreak.provenance.data.capturing import capture_one, read
from daybreak.provenance.data.hashing import Hasher, Tell
from daybreak.provenance.data.manifest import Manifest
from daybreak.provenance.data.registered import Registered
from daybreak.provenance.data.stat_cache import StatCache
from daybreak.spec.models import DataSource, Experiment
from daybreak.vault.store import Vault


class Named(NamedTuple):
    """A dataset with its manifest's digest, and the folder that its path is relative to."""

    name: str
    source: DataSource
    folder: Path


class Added(NamedTuple):
    """A dataset of the home, and what it held when it was added."""

    dataset: Registered
    manifest: Manifest


def add(home: Home, name: str | None, source: DataSource, progress: Tell | None = None) -> Added:
    """Capture a dataset and add it under a name (else that of its file). Raises `UsageError`, `VaultError`."""
    vault, here = Vault(home.vault), Path.cwd()
    place = places.locate(source.path, here)
    source = source.model_copy(update={"path": place, "split": _absolute(source.split, here)})
    with StatCache(places.stat_cache(home)) as cache:
        source = capture_one(home, vault, None, here, source, Hasher(cache, progress))
    dataset = Registered(
        name=name or Path(place).stem,
        path=place,
        manifest=source.manifest,
        at=time.time(),
        snapshot=source.snapshot,
        split=source.split,
        profile=source.profile,
    )
    registered.put(home, dataset)
    return Added(dataset, manifests.load(vault, source.manifest))


def _absolute(split: str | None, here: Path) -> str | None:
    """A file here; what is none may lie in the dataset."""
    return str((here / split).absolute()) if split and (here / split).exists() else split


def every(home: Home) -> list[Added]:
    """The datasets of a home, by name. Raises `VaultError`."""
    vault = Vault(home.vault)
    return [Added(dataset, manifests.load(vault, dataset.manifest)) for dataset in registered.every(home)]


def captured(home: Home, word: str) -> list[Named]:
    """What was captured under a word: NAME of the home, RUN (an experiment; `3:digits` for one of its datasets), or the PATH of either.

    Raises `NotFound`, `UsageError`.
    """
    run, _, one = word.partition(":")
    added = {dataset.name: dataset for dataset in registered.every(home)}
    if word in added:
        return [Named(word, added[word].source, Path.cwd())]
    place = places.locate(word, Path.cwd())
    if of_path := [dataset for dataset in added.values() if places.locate(dataset.path, Path.cwd()) == place]:
        return [Named(dataset.name, dataset.source, Path.cwd()) for dataset in of_path]
    if "/" in word or (not re.fullmatch(r"\d+(\.\d+)?", run) and Path(word).exists()):
        raise NotFound(f"nothing was captured of {word} by name: daybreak data add {word}")
    return _of_run(home, run, one)


def _of_run(home: Home, run: str, one: str) -> list[Named]:
    with Client(home.path) as client:
        try:
            row = client.experiment(run.partition(".")[0])
        except NotFound as error:
            raise NotFound(
                f"{run} is no dataset of this home, and no experiment: see daybreak data ls, daybreak ls"
            ) from error
    spec = Experiment.model_validate(row.spec)
    sources = {name: source for name, source in spec.data.items() if source.manifest and one in ("", name)}
    if not sources:
        named = f"no dataset {one}" if one else "no data that was captured"
        raise UsageError(f"experiment {row.experiment} has {named} (it has {', '.join(spec.data) or 'none'})")
    return [Named(name, source, Path(spec.folder)) for name, source in sources.items()]


def contents(home: Home, word: str, progress: Tell | None = None) -> dict[str, Manifest]:
    """Manifests by name: what was captured under a word, or what lies at a path now. Raises `NotFound`, `UsageError`, `VaultError`."""
    if (
        "://" in word
        or "/" in word
        or (Path(word).exists() and not registered.known(home, word) and not word.isdigit())
    ):
        with StatCache(places.stat_cache(home)) as cache:
            return {word: read(places.locate(word, Path.cwd()), Hasher(cache, progress))}
    vault = Vault(home.vault)
    return {named.name: manifests.load(vault, named.source.manifest) for named in captured(home, word)}


def paired(one: dict[str, Manifest], other: dict[str, Manifest]) -> dict[str, tuple[Manifest, Manifest]]:
    """Which is to be compared with which: the only two there are, else those of one name. Raises `UsageError` where there are none."""
    if len(one) == len(other) == 1:
        (name, first), (second,) = next(iter(one.items())), other.values()
        return {name: (first, second)}
    names = [name for name in one if name in other]
    if not names:
        raise UsageError(
            f"no dataset of one name on both sides ({', '.join(one)}; {', '.join(other)}): name one each, as RUN:NAME"
        )
    return {name: (one[name], other[name]) for name in names}
