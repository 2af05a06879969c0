"""The contract of `ports.ledger`, as tests: subclass, say how a ledger is opened, and pytest does the rest.

    class TestSqlite(ReaderContract, DurableContract):
        def open(self, where):
            return open_ledger(where / "ledger.db")

`LedgerContract` holds for every ledger, `DurableContract` for those that survive being closed, `ReaderContract` for those that
give out a `ports.ledger.Reader` by `reader()`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from daybreak.base.errors import DaybreakError, LedgerBusy, LedgerError, NotFound
from daybreak.base.ids import AttemptKey
from daybreak.lifecycle import events as ev
from daybreak.ports.ledger import Ledger, PointBatch, Reader
from daybreak.wire.rows import AttemptRow, CheckpointRow, ExperimentRow, LookRow, NoticeRow, TrialRow
from daybreak.wire.worker import Failure

FIRST = AttemptKey(1, 1, 1)
EVERY_EVENT: tuple[ev.AnyEvent, ...] = (
    ev.Submitted(
        1, {"name": "ünïcode", "space": {"lr": {"log": [1e-4, 0.1]}}, "none": None, "deep": [[1, 2.5], [True]]}, "ada"
    ),
    ev.Proposed(1, 1, ({"lr": 0.01, "layer.width": 3}, {"lr": 0.1}), "density", exhausted=True),
    ev.Asked(1, "extend", {"budget": {"trials": 9}}, by="ada"),
    ev.SlotsOffered("here", (ev.Slot(0, "gpu", "GPU-1", 2, 1 << 40), ev.Slot(1))),
    ev.SlotsLost("here", (0, 1)),
    ev.AttemptStarted(FIRST, 4711, "fork", 0.04),
    ev.RungReported(FIRST, 1, 3, {"loss": 0.25, "accuracy": 0.5}, best={"loss": 0.2}, unit_seconds=1.5),
    ev.CheckpointSaved(FIRST, 3, "ab" * 32, 1 << 33, 0.01),
    ev.CheckpointFailed(FIRST, 3, "no space left on device"),
    ev.CheckpointDamaged(1, 1, "ab" * 32, "its bytes do not match"),
    ev.CheckpointDeleted(1, 1, "ab" * 32),
    ev.SealedOpened(FIRST, 1, "test", "cd" * 32, 3),
    ev.SealedScored(FIRST, 1, {"accuracy": 0.5}),
    ev.AttemptEnded(FIRST, "crashed", 3, 12.5, failure=Failure("ValueError", "no", "Traceback ...")),
    ev.TimerDue(1, "wall"),
    ev.Prepared(1, "here", "spawn", "pyarrow started 2 threads on import", 4.2, 1 << 28),
    ev.CodeChanged(1, ("train.py", "data/load.py")),
    ev.DataChanged(1, "digits", ("a.wav", "b.wav"), 7),
    ev.PrepareFailed(1, Failure("ImportError", "no module", "Traceback ...")),
    ev.ClockSet(-3600.0),
)


class ReadableLedger(Ledger, Protocol):
    """A ledger that can be read beside its writer."""

    def reader(self) -> Reader:
        """Somebody who reads, independent of the writer."""
        ...


def tick(number: int) -> ev.TimerDue:
    """An event that differs from others by its number alone."""
    return ev.TimerDue(1, f"tick {number}")


def experiment_row(experiment: int = 1, **changed: Any) -> ExperimentRow:
    """A row with plausible values."""
    usual: dict[str, Any] = {
        "experiment": experiment, "name": f"digits {experiment}", "state": "running", "why": "", "owner": "ada", "priority": 0,
        "spec": {"name": "digits", "space": {"lr": {"log": [1e-4, 0.1]}}}, "spec_hash": "cd" * 32, "submitted": 1.5, "started": None,
        "ended": None, "trials": 2, "units": 9, "slot_seconds": 4.5, "best_trial": 1, "best": {"accuracy": 0.5}, "baseline": 0.1,
        "summary": {"rungs": [1, 3, 9], "regret": None},
    }  # fmt: skip
    return ExperimentRow(**usual | changed)


def trial_row(trial: int = 1, experiment: int = 1, **changed: Any) -> TrialRow:
    """A row with plausible values."""
    usual: dict[str, Any] = {
        "experiment": experiment, "trial": trial, "state": "frozen", "why": "", "point": {"lr": 0.01, "opt": "sgd"},
        "source": "sampler:density", "seed": 2**32 - 1, "units": 3, "target": None, "rung": 1, "attempts": 1, "slot_seconds": 2.5,
        "score": 0.5,
        "best": {"accuracy": 0.5}, "last": {"accuracy": 0.4, "loss": 1.0}, "rungs": [(1, [0.3]), (3, [0.5])],
        "history": [(0, {"lr": 0.01})],
        "checkpoint": "ab" * 32, "checkpoint_units": 3, "graced": False, "failure": "", "created": 2.0, "ended": None,
    }  # fmt: skip
    return TrialRow(**usual | changed)


def attempt_row(trial: int = 1, epoch: int = 1, experiment: int = 1) -> AttemptRow:
    """A row with plausible values."""
    return AttemptRow(
        experiment, trial, epoch, "ended", "frozen", "new", "here", [0, 1], "fork", 4711, 0, 3, 2.0, 2.1, 5.0, 6.0, 5.5
    )


def checkpoint_row(trial: int = 1, digest: str = "ab" * 32, units: int = 3, experiment: int = 1) -> CheckpointRow:
    """A row with plausible values."""
    return CheckpointRow(experiment, trial, digest, units, 1 << 33, "saved", 5.0)


def notice_row(number: int, experiment: int = 1) -> NoticeRow:
    """A row with plausible values."""
    return NoticeRow(experiment, number, 5.0, "warning", f"notice {number}", None if number % 2 else 1)


def look_row(number: int = 1, experiment: int = 1, family: str = "digits") -> LookRow:
    """A row with plausible values."""
    return LookRow(
        experiment, 1, 1, number, 5.0 + number, family, "test", "cd" * 32, 3, {"accuracy": 0.5}, 6.0 + number
    )


class LedgerContract(ABC):
    """Holds for every ledger. Subclass it and say how one is opened."""

    @abstractmethod
    def open(self, where: Path) -> Ledger:
        """A ledger that belongs to this folder: an empty one the first time, afterwards the same again."""

    @pytest.fixture
    def ledger(self, tmp_path: Path) -> Iterator[Ledger]:
        """An empty ledger."""
        ledger = self.open(tmp_path)
        yield ledger
        ledger.close()

    def test_events_are_numbered_from_one_without_gaps(self, ledger: Ledger) -> None:
        assert ledger.append(1.0, [tick(1)]) == 1
        assert ledger.append(2.0, [tick(2), tick(3), tick(4)]) == 4
        assert ledger.append(3.0, []) == 4
        assert ledger.append(3.0, [tick(5)]) == 5
        assert [entry.seq for entry in ledger.replay()] == [1, 2, 3, 4, 5]

    def test_replay_gives_back_what_was_appended_when_it_was(self, ledger: Ledger) -> None:
        for number, event in enumerate(EVERY_EVENT, 1):
            ledger.append(number / 3, [event])
        assert [tuple(entry) for entry in ledger.replay()] == [
            (n, n / 3, event) for n, event in enumerate(EVERY_EVENT, 1)
        ]

    def test_replay_of_an_empty_log_gives_nothing(self, ledger: Ledger) -> None:
        assert list(ledger.replay()) == []

    def test_replay_begins_after_the_number_given_also_inside_a_batch(self, ledger: Ledger) -> None:
        ledger.append(1.0, [tick(n) for n in range(1, 6)])
        ledger.append(2.0, [tick(6)])
        assert [entry.event for entry in ledger.replay(after=3)] == [tick(4), tick(5), tick(6)]
        assert list(ledger.replay(after=6)) == []

    def test_numbers_that_are_none_stay_what_they_are(self, ledger: Ledger) -> None:
        """A diverged trial reports NaN or infinity; the log must not turn them into something else."""
        ledger.append(1.0, [ev.RungReported(FIRST, 1, 1, {"a": math.nan, "b": math.inf, "c": -math.inf})])
        (entry,) = ledger.replay()
        assert isinstance(entry.event, ev.RungReported)
        assert math.isnan(entry.event.metrics["a"])
        assert (entry.event.metrics["b"], entry.event.metrics["c"]) == (math.inf, -math.inf)

    def test_a_batch_that_cannot_be_stored_leaves_nothing_behind(self, ledger: Ledger) -> None:
        ledger.append(1.0, [tick(1)])
        with pytest.raises((TypeError, DaybreakError)):
            ledger.append(2.0, [tick(2), ev.Submitted(1, {"what": object()})])
        assert ledger.append(3.0, [tick(3)]) == 2
        assert [entry.event for entry in ledger.replay()] == [tick(1), tick(3)]

    def test_many_batches_come_back_in_order(self, ledger: Ledger) -> None:
        for number in range(0, 900, 3):
            ledger.append(float(number), [tick(number), tick(number + 1), tick(number + 2)])
        assert [entry.event for entry in ledger.replay()] == [tick(n) for n in range(900)]

    def test_closing_twice_is_closing_once(self, ledger: Ledger) -> None:
        ledger.close()
        ledger.close()


class DurableContract(LedgerContract):
    """Holds for ledgers that survive being closed."""

    def test_the_log_is_there_again_and_numbering_goes_on(self, tmp_path: Path) -> None:
        ledger = self.open(tmp_path)
        ledger.append(1.5, [tick(1), tick(2)])
        ledger.close()
        ledger = self.open(tmp_path)
        assert ledger.append(2.5, [tick(3)]) == 3
        assert [(entry.at, entry.event) for entry in ledger.replay()] == [
            (1.5, tick(1)),
            (1.5, tick(2)),
            (2.5, tick(3)),
        ]
        ledger.close()

    def test_a_closed_ledger_says_so(self, tmp_path: Path) -> None:
        ledger = self.open(tmp_path)
        ledger.close()
        with pytest.raises(LedgerError, match="has been closed"):
            ledger.append(1.0, [tick(1)])

    def test_only_one_writes(self, tmp_path: Path) -> None:
        ledger = self.open(tmp_path)
        with pytest.raises(LedgerBusy, match="one process writes a ledger at a time"):
            self.open(tmp_path)
        ledger.append(1.0, [tick(1)])
        ledger.close()
        self.open(tmp_path).close()


class ReaderContract(LedgerContract):
    """Holds for ledgers with read tables and points that can be read."""

    @abstractmethod
    def open(self, where: Path) -> ReadableLedger:
        """As in `LedgerContract`."""

    def test_rows_come_back_as_they_were(self, ledger: ReadableLedger) -> None:
        rows = (
            experiment_row(),
            trial_row(),
            attempt_row(),
            checkpoint_row(),
            notice_row(1),
            notice_row(2),
            look_row(),
        )
        ledger.append(1.0, [tick(1)])
        ledger.project(rows, 1)
        reader = ledger.reader()
        read = [
            reader.experiment(1),
            *reader.trials(1),
            *reader.attempts(1),
            *reader.checkpoints(1),
            *reader.notices(1),
            *reader.looks("digits"),
        ]
        assert read == list(rows)

    def test_a_diverged_trial_is_read_as_it_was(self, ledger: ReadableLedger) -> None:
        ledger.project(
            [
                trial_row(
                    last={"loss": math.nan, "up": math.inf}, rungs=[(1, [math.inf]), (3, [-math.inf])], score=math.inf
                )
            ],
            0,
        )
        (row,) = ledger.reader().trials(1)
        assert math.isnan(row.last["loss"])
        assert (row.last["up"], row.rungs, row.score) == (math.inf, [(1, [math.inf]), (3, [-math.inf])], math.inf)

    def test_a_row_replaces_the_one_of_its_key(self, ledger: ReadableLedger) -> None:
        ledger.project([trial_row(1), trial_row(2)], 0)
        ledger.project([trial_row(1, state="running"), trial_row(3)], 0)
        assert [(row.trial, row.state) for row in ledger.reader().trials(1)] == [
            (1, "running"),
            (2, "frozen"),
            (3, "frozen"),
        ]

    def test_of_two_rows_of_one_key_the_later_holds(self, ledger: ReadableLedger) -> None:
        ledger.project([trial_row(1), trial_row(1, state="running")], 0)
        assert [row.state for row in ledger.reader().trials(1)] == ["running"]

    def test_lists_are_of_one_experiment_and_in_order(self, ledger: ReadableLedger) -> None:
        ledger.project([trial_row(10), trial_row(9), trial_row(2), trial_row(1, experiment=2)], 0)
        ledger.project([attempt_row(2, 1), attempt_row(1, 10), attempt_row(1, 9), attempt_row(1, 1, experiment=2)], 0)
        ledger.project(
            [checkpoint_row(1, "b", 9), checkpoint_row(1, "c", 3), checkpoint_row(1, "a", 3, experiment=2)], 0
        )
        reader = ledger.reader()
        assert [row.trial for row in reader.trials(1)] == [2, 9, 10]
        assert [(row.trial, row.epoch) for row in reader.attempts(1)] == [(1, 9), (1, 10), (2, 1)]
        assert [row.digest for row in reader.checkpoints(1)] == ["c", "b"]
        assert reader.trials(3) == []

    def test_experiments_are_listed_newest_first_without_their_specs(self, ledger: ReadableLedger) -> None:
        ledger.project([experiment_row(2), experiment_row(10), experiment_row(1)], 0)
        listed = ledger.reader().experiments()
        assert [(row.experiment, row.spec) for row in listed] == [(10, {}), (2, {}), (1, {})]

    def test_an_experiment_that_is_not_there_is_said_so(self, ledger: ReadableLedger) -> None:
        with pytest.raises(NotFound, match="no experiment 7"):
            ledger.reader().experiment(7)

    def test_notices_are_read_from_where_the_last_reading_ended(self, ledger: ReadableLedger) -> None:
        ledger.project([notice_row(n) for n in (1, 2, 3)], 0)
        assert [row.number for row in ledger.reader().notices(1, after=1)] == [2, 3]

    def test_looks_are_those_of_a_family_oldest_first(self, ledger: ReadableLedger) -> None:
        ledger.project([look_row(2, 4), look_row(1, 3), look_row(1, 5, family="speech")], 0)
        assert [(row.experiment, row.number) for row in ledger.reader().looks("digits")] == [(3, 1), (4, 2)]

    def test_a_reader_sees_each_commit(self, ledger: ReadableLedger) -> None:
        reader = ledger.reader()
        assert reader.trials(1) == []
        ledger.project([trial_row(1)], 0)
        assert len(reader.trials(1)) == 1
        ledger.append(1.0, [], [PointBatch(FIRST, {"loss": ([1], [0.5])})])
        assert list(reader.points(1)) == [(1, "loss", [1], [0.5])]

    def test_points_are_read_by_trial_and_metric(self, ledger: ReadableLedger) -> None:
        series = {"loss": ([1, 2], [0.5, 0.25]), "accuracy": ([2], [0.75])}
        ledger.append(1.0, [tick(1)], [PointBatch(AttemptKey(1, trial, 1), series) for trial in (2, 1)])
        ledger.append(2.0, [], [PointBatch(AttemptKey(2, 1, 1), {"other": ([1], [1.0])})])
        reader = ledger.reader()
        loss, accuracy = ([1, 2], [0.5, 0.25]), ([2], [0.75])
        assert sorted(reader.points(1)) == [
            (t, name, *c) for t in (1, 2) for name, c in (("accuracy", accuracy), ("loss", loss))
        ]
        assert list(reader.points(1, trials=[2], metrics=["loss"])) == [(2, "loss", *loss)]
        assert list(reader.points(1, trials=[3])) == []
        assert list(reader.points(1, metrics=["unheard of"])) == []

    def test_a_step_logged_twice_keeps_its_first_value(self, ledger: ReadableLedger) -> None:
        for steps, values in (
            ([1, 2], [0.1, 0.2]),
            ([1, 2], [9.1, 9.2]),
            ([2, 3], [8.2, 0.3]),
            ([3, 3, 4], [7.3, 7.4, 0.4]),
        ):
            ledger.append(1.0, [], [PointBatch(FIRST, {"loss": (steps, values)})])
        assert list(ledger.reader().points(1)) == [(1, "loss", [1, 2, 3, 4], [0.1, 0.2, 0.3, 0.4])]

    def test_a_higher_epoch_replaces_and_a_lower_one_does_not(self, ledger: ReadableLedger) -> None:
        def log(epoch: int, steps: list[int], values: list[float]) -> None:
            ledger.append(1.0, [], [PointBatch(AttemptKey(1, 1, epoch), {"loss": (steps, values)})])

        log(1, [1, 2, 3], [0.1, 0.2, 0.3])
        log(2, [3, 4], [2.3, 2.4])
        log(1, [4, 5], [1.4, 1.5])
        assert list(ledger.reader().points(1)) == [(1, "loss", [1, 2, 3, 4, 5], [0.1, 0.2, 2.3, 2.4, 1.5])]

    def test_points_need_not_come_in_order(self, ledger: ReadableLedger) -> None:
        ledger.append(1.0, [], [PointBatch(FIRST, {"loss": ([3, 1, 2], [0.3, 0.1, 0.2])})])
        assert list(ledger.reader().points(1)) == [(1, "loss", [1, 2, 3], [0.1, 0.2, 0.3])]

    def test_values_that_are_no_numbers_are_kept(self, ledger: ReadableLedger) -> None:
        ledger.append(1.0, [], [PointBatch(FIRST, {"loss": ([1, 2], [math.nan, math.inf])})])
        ((_, _, _, values),) = ledger.reader().points(1)
        assert math.isnan(values[0])
        assert values[1] == math.inf

    def test_points_of_a_failed_batch_are_not_there(self, ledger: ReadableLedger) -> None:
        with pytest.raises((TypeError, DaybreakError)):
            ledger.append(1.0, [ev.Submitted(1, {"what": object()})], [PointBatch(FIRST, {"loss": ([1], [0.5])})])
        ledger.append(2.0, [tick(1)], [PointBatch(FIRST, {"other": ([1], [0.5])})])
        assert [metric for _, metric, _, _ in ledger.reader().points(1)] == ["other"]
