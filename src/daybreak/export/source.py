"""What export asks of a framework: the original's own answers, and the ways in which it can become a package."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from daybreak.export.options import Options
from daybreak.registry.package import Runtime, Step
from daybreak.signature.fields import Columns, Output


@dataclass(frozen=True)
class Made:
    """What a way wrote: files lie in the folder already."""

    runtime: Runtime
    before: tuple[Step, ...]
    after: tuple[Step, ...]
    limits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Way:
    """One way to a package. `name`: as a person calls it; `write(folder)` raises `UsageError` where it cannot be gone."""

    name: str
    write: Callable[[Path], Made]


@dataclass(frozen=True)
class Declared:
    """Steps that a model brings itself, and what they tell."""

    before: tuple[Step, ...]
    after: tuple[Step, ...]
    outputs: tuple[Output, ...]


class Source(Protocol):
    """A live model of one framework, with the columns that it is asked about."""

    @property
    def framework(self) -> str:
        """Its name."""

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What it tells."""

    def ask(self, columns: Columns) -> Columns:
        """What the original says, as columns of `outputs`; exactly as its users ask it."""

    def ways(self, columns: Columns, options: Options) -> Iterator[Way]:
        """From the fastest to the one that cannot fail; the first that answers alike is taken. `columns`: some rows to trace with."""


def rows_of(columns: Columns) -> int:
    """How many."""
    return len(next(iter(columns.values())))


def chosen(columns: Columns, rows: Any) -> Columns:
    """Some rows: a slice or an array of places."""
    return {name: column[rows] for name, column in columns.items()}


def one_hot(answers: NDArray[Any], classes: Sequence[Any]) -> NDArray[np.float32]:
    """(rows, classes) of 0 and 1: scores of a model that tells the class alone."""
    same: NDArray[np.bool_] = np.asarray(answers)[:, None] == np.asarray(classes)[None, :]
    return same.astype(np.float32)
