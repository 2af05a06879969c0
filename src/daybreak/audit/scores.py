"""Scores on all, overlapping and clean test rows: what an overlap does to a number."""

from typing import Literal

import msgspec

Metric = Literal["accuracy", "balanced_accuracy", "auc", "r2", "mae", "rmse"]


class Interval(msgspec.Struct, frozen=True):
    """A score with its 95 % interval, and on how many rows it stands."""

    value: float
    low: float
    high: float
    rows: int


class Scored(msgspec.Struct, frozen=True):
    """One model on the test rows. `model`: "the model", "boosted trees", "1-NN", "linear", "majority class", "mean", "last value"."""

    model: str
    metric: Metric
    all: Interval
    overlapping: Interval | None = None
    clean: Interval | None = None
    fitted_here: bool = True  # a baseline of the audit, not the user's model


class Rescore(msgspec.Struct, frozen=True):
    """What the score is on the clean part. `says`: the effect in one sentence."""

    scored: tuple[Scored, ...]
    overlapping_rows: int
    rules: tuple[str, ...]  # whose hits were taken out
    says: str
    searched: bool = True  # whether any overlap was looked for
