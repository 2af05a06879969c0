"""Read tables as records: what `ls`, `show`, `best`, `compare`, `export` and the report are made of.

The ledger stores them, the client receives them. They are derived from the log alone (`lifecycle.rows` makes them from the
state), so that `daybreak ledger rebuild` can prove them. Times are seconds since 1970, None where it has not happened.
"""

from typing import Any, Literal

import msgspec

ExperimentState = Literal["running", "paused", "finishing", "done", "stopped", "failed"]
TrialState = Literal["waiting", "running", "frozen", "finished", "failed", "stopped"]
AttemptState = Literal["granted", "running", "ending", "ended"]


class Row(msgspec.Struct, omit_defaults=False):
    """Base of every row."""


class ExperimentRow(Row):
    """One experiment, with its totals."""

    experiment: int
    name: str
    state: ExperimentState
    why: str  # why it is in that state, in words ("budget of 27 trials used", "stopped by ada")
    owner: str
    priority: int
    spec: dict[str, Any]  # resolved
    spec_hash: str
    submitted: float
    started: float | None
    ended: float | None
    trials: int
    units: int  # trained, repeats after a loss included
    slot_seconds: float
    best_trial: int | None
    best: dict[str, float]  # objective values of the best trial
    baseline: float | None
    summary: dict[str, Any]  # rungs, guard, regret of pruning, confirmation; keys in docs/events.md


class TrialRow(Row):
    """One trial."""

    experiment: int
    trial: int
    state: TrialState
    why: str
    point: dict[str, Any]
    source: str  # who proposed it: "points", "sampler:density", "clone of 4", "confirm of 7, seed 2", "baseline"
    seed: int
    units: int
    target: int | None
    rung: int | None  # index of the highest rung reported
    attempts: int
    slot_seconds: float
    score: float | None  # of the first objective, by the spec's `score`
    best: dict[str, float]
    last: dict[str, float]  # the metrics of the last report at a rung or end
    rungs: list[tuple[int, list[float]]]  # (units, objective values as reported)
    history: list[tuple[int, dict[str, Any]]]  # PBT: (units, point from there on)
    checkpoint: str | None
    checkpoint_units: int
    graced: bool  # went on beyond a cut by the guard
    failure: str
    created: float
    ended: float | None


def is_searched(trial: TrialRow) -> bool:
    """Whether it is a trial of the search: neither the baseline nor a confirmation."""
    return trial.source != "baseline" and not trial.source.startswith("confirm of")


class AttemptRow(Row):
    """One stay of a trial on slots."""

    experiment: int
    trial: int
    epoch: int
    state: AttemptState
    reason: str
    why: str  # why it was granted
    machine: str
    slots: list[int]
    how: str
    pid: int
    from_units: int
    to_units: int
    granted: float
    started: float | None
    ended: float | None
    slot_seconds: float
    user_seconds: float


class CheckpointRow(Row):
    """One checkpoint."""

    experiment: int
    trial: int
    digest: str
    units: int
    size: int
    state: Literal["saved", "deleted", "damaged"]
    at: float


class NoticeRow(Row):
    """Something a person should know."""

    experiment: int
    number: int  # counts from 1 within its experiment
    at: float
    level: Literal["info", "warning", "error"]
    text: str
    trial: int | None


class LookRow(Row):
    """One look at sealed test data: counted when the attempt was told where it lies, whatever came of it.

    `family`: the name of the experiment at the root of its lineage. Looks of one family at the same bytes count together.
    """

    experiment: int
    trial: int
    epoch: int
    number: int  # counts from 1 within its attempt
    at: float
    family: str
    data: str  # the dataset's name
    sealed: str  # blake3 over its files
    units: int  # where the trial stood
    metrics: dict[str, float]  # what the look gave; empty where the attempt ended before it said so
    scored: float | None  # when it did


AnyRow = ExperimentRow | TrialRow | AttemptRow | CheckpointRow | NoticeRow | LookRow
