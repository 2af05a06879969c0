"""The log and its read tables, as the controller sees them. Implemented by `ledger`; in memory for simulations.

Ownership: one thread of one process writes. Any process may read. A call either has all its effect or none.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from daybreak.base.ids import AttemptKey
from daybreak.lifecycle.events import AnyEvent
from daybreak.wire.rows import AnyRow, AttemptRow, CheckpointRow, ExperimentRow, LookRow, NoticeRow, TrialRow


class Logged(NamedTuple):
    """One entry of the log."""

    seq: int  # ascending from 1, without gaps
    at: float  # seconds since 1970
    event: AnyEvent


class PointBatch(NamedTuple):
    """Metric points of one attempt: metric name -> (steps, values)."""

    attempt: AttemptKey
    series: dict[str, tuple[list[int], list[float]]]


class Ledger(Protocol):
    """The log."""

    def append(self, at: float, events: Sequence[AnyEvent], points: Sequence[PointBatch] = ()) -> int:
        """Commit a batch, power-safe, in one transaction; the number of its last event.

        Points are keyed by (trial, metric, step): a higher epoch replaces, the same or a lower one does not.
        Raises `LedgerError`; nothing of the batch is in the log then.
        """
        ...

    def replay(self, after: int = 0) -> Iterator[Logged]:
        """Every entry above `after`, upcast to today's events, in order. Raises `LedgerDamaged`."""
        ...

    def project(self, rows: Sequence[AnyRow], upto: int) -> None:
        """Insert or replace rows of the read tables, which stand at entry `upto` after that."""
        ...

    def close(self) -> None:
        """Let go of the file or connection. Idempotent."""
        ...


class Reader(Protocol):
    """The read tables and metric points. As fresh as the last `project`."""

    def experiments(self) -> list[ExperimentRow]:
        """All, newest first, with `spec` left empty."""
        ...

    def experiment(self, experiment: int) -> ExperimentRow:
        """One, with its spec. Raises `NotFound`."""
        ...

    def trials(self, experiment: int) -> list[TrialRow]:
        """All of an experiment, by number."""
        ...

    def attempts(self, experiment: int) -> list[AttemptRow]:
        """All of an experiment, by trial and epoch."""
        ...

    def checkpoints(self, experiment: int) -> list[CheckpointRow]:
        """All of an experiment, by trial and units."""
        ...

    def notices(self, experiment: int, after: int = 0) -> list[NoticeRow]:
        """Those numbered above `after`."""
        ...

    def looks(self, family: str) -> list[LookRow]:
        """At sealed test data, by all experiments of a family, oldest first."""
        ...

    def points(
        self, experiment: int, trials: Sequence[int] = (), metrics: Sequence[str] = ()
    ) -> Iterator[tuple[int, str, list[int], list[float]]]:
        """(trial, metric, steps, values), steps ascending; empty filters mean all."""
        ...
