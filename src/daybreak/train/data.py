"""Where user code finds its datasets: `run.data["digits"]`."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from daybreak.base.errors import UsageError

VARIABLE = "DAYBREAK_DATA_"


class NoSuchData(UsageError, KeyError):
    """A dataset that the experiment does not have; a mapping's `get` and `in` know it by being a `KeyError`."""

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError would quote it


class Data(Mapping[str, Path | str]):
    """Datasets by name: a path, or the URL of what lies in a store.

    A name that the experiment does not have is looked for in the environment (`DAYBREAK_DATA_DIGITS=./folder python train.py`), so that the
    same function runs without the platform; then it is a `UsageError`.
    """

    def __init__(self, given: Mapping[str, str], sealed: Collection[str] = ()) -> None:
        self._given = given
        self._sealed = sealed

    def __getitem__(self, name: str) -> Path | str:
        variable = variable_of(name)
        if name in self._sealed:  # also where a variable of whoever started the platform tells the place
            raise NoSuchData(f"dataset {name} is sealed: only run.score_test(evaluate) opens it, and counts that look")
        place = self._given.get(name) or os.environ.get(variable)
        if place is None:
            has = f"has {', '.join(self._given)}" if self._given else "has none"
            raise NoSuchData(
                f"a dataset must be named under `data:`, the experiment {has}: "
                f"write `data: {{{name}: ./folder}}`, or set {variable}=./folder"
            )
        return place if "://" in place else Path(place)

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def variable_of(name: str) -> str:
    """The environment variable that tells where a dataset is."""
    return VARIABLE + re.sub(r"[^A-Za-z0-9]", "_", name).upper()
