"""What attempts are given of an experiment's data: for each name a place, the kept bytes of a snapshot where there is one."""

import re
from collections.abc import Mapping
from pathlib import Path

from daybreak.base.home import Home
from daybreak.provenance.data import places
from daybreak.spec.models import Experiment

VARIABLE = "DAYBREAK_DATA_"


def paths(home: Home, spec: Experiment) -> dict[str, str]:
    """Name -> absolute path or URL, of a resolved spec."""
    folder = Path(spec.folder)
    return {
        name: str(places.view(home, source.manifest))
        if source.snapshot and source.manifest
        else places.locate(source.path, folder)
        for name, source in spec.data.items()
    }


def variables(given: Mapping[str, str]) -> dict[str, str]:
    """The same as environment variables: `train.set` is DAYBREAK_DATA_TRAIN_SET."""
    return {variable(name): place for name, place in given.items()}


def variable(name: str) -> str:
    """The environment variable that tells where a dataset is."""
    return VARIABLE + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
