"""What boosting libraries share: a unit is a few rounds, reported, kept, and ended early where patience is at its end."""

import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from daybreak.base.errors import UsageError
from daybreak.train.adapters.patience import Patience
from daybreak.train.run import Run

Model = TypeVar("Model", covariant=True)  # noqa: PLC0105 (it is only a model)
Bytes = npt.NDArray[np.uint8]


class Grower(Protocol[Model]):
    """A model that grows by rounds."""

    def grow(self, unit: int, rounds: int) -> Model:
        """Add so many rounds, those of this unit."""

    def scores(self) -> dict[str, float]:
        """Its evaluations now, by names that can be reported."""

    def save(self) -> dict[str, Any]:
        """Its state, as a checkpoint holds it."""

    def load(self, state: dict[str, Any]) -> None:
        """Go on from there."""

    def revived(self) -> Model:
        """The model that was loaded, grown no further."""


def grow(
    run: Run, name: str, grower: Grower[Model], *, each: int, units: int | None, patience: Patience | None
) -> Iterator[Model]:
    """One model a unit, `each` rounds larger than the one before; kept in the checkpoint as `name`."""
    if each < 1:
        raise UsageError(f"each >= 1 must hold: a unit is so many rounds of boosting, got {each}")
    run.keep(**{name: (grower.save, grower.load)}, **({"patience": patience} if patience else {}))
    if patience is not None and patience.over:
        return
    if run.reviving:
        yield grower.revived()
        return
    for unit in run.epochs(units):
        model = grower.grow(unit, each)
        scores = grower.scores()
        run.report(scores)
        if patience is not None:
            patience.see(scores)
        yield model
        if patience is not None and patience.over:
            run.stop()


def metric_name(data: str, metric: str) -> str:
    """`valid_logloss`: a name that an objective in an experiment file can have."""
    return f"{data}_{metric}".replace("-", "_").replace("@", "_at_")


def as_bytes(data: bytes | bytearray) -> Bytes:
    """For a checkpoint: a buffer of its own there."""
    return np.frombuffer(data, np.uint8)


def threads() -> int:
    """As many as the attempt was granted."""
    return int(os.environ.get("OMP_NUM_THREADS", "1"))


def checked(params: dict[str, Any], taken: dict[str, str]) -> dict[str, Any]:
    """A copy. `taken`: names that are ours, with what to write instead. Raises `UsageError`."""
    for name, instead in taken.items():
        if name in params:
            raise UsageError(f"params must not hold {name!r} here, got {params[name]!r}: {instead}")
    return dict(params)


Objective = Callable[..., Any]
