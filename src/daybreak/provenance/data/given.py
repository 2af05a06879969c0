"""What attempts are given of an experiment's data: for each name a place, the kept bytes of a snapshot where there is one.

Sealed data is not among it: an attempt learns where that lies when it opens it, and is counted then.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from daybreak.base.home import Home
from daybreak.provenance.data.manifest import load
from daybreak.provenance.data.places import locate, view
from daybreak.provenance.data.snapshots import give
from daybreak.spec.models import DataSource, Experiment
from daybreak.vault.store import Vault

VARIABLE = "DAYBREAK_DATA_"


def paths(home: Home, spec: Experiment) -> dict[str, str]:
    """Name -> absolute path or URL, of a resolved spec, without what is sealed."""
    return {name: place for name, place in places(home, spec).items() if not spec.data[name].sealed}


def sealed(home: Home, spec: Experiment) -> dict[str, str]:
    """Where sealed data lies: for whoever counts the looks at it."""
    return {name: place for name, place in places(home, spec).items() if spec.data[name].sealed}


def places(home: Home, spec: Experiment) -> dict[str, str]:
    """The same of all its data, also of what is sealed: for whoever audits it."""
    folder = Path(spec.folder)
    return {name: _path(home, source, folder) for name, source in spec.data.items()}


def _path(home: Home, source: DataSource, folder: Path) -> str:
    if source.snapshot and source.manifest:
        return str(view(home, source.manifest) / _single(home.vault, source.manifest))
    return locate(source.path, folder)


@cache
def _single(vault: Path, manifest: str) -> str:
    """The name of the one file of a dataset that is no folder; "" for a folder."""
    found = load(Vault(vault), manifest)
    return found.files[0].path if found.single else ""


def kept(spec: Experiment) -> list[str]:
    """Manifests of datasets whose bytes are kept."""
    return [source.manifest for source in spec.data.values() if source.snapshot and source.manifest]


def make_views(home: Home, spec: Experiment) -> None:
    """See that what is kept lies where attempts look for it, whole. Raises `VaultError`."""
    for manifest in kept(spec):
        give(home, Vault(home.vault), manifest)


def variables(given: Mapping[str, str]) -> dict[str, str]:
    """The same as environment variables: `train.set` is DAYBREAK_DATA_TRAIN_SET."""
    return {variable(name): place for name, place in given.items()}


def sealed_variables(spec: Experiment) -> frozenset[str]:
    """Variables that would tell where sealed data lies, of whoever started the platform: they are handed on to no attempt."""
    return frozenset(variable(name) for name, source in spec.data.items() if source.sealed)


def variable(name: str) -> str:
    """The environment variable that tells where a dataset is."""
    return VARIABLE + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
