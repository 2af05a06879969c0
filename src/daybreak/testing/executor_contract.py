"""What every executor must do, as a test class: subclass `ExecutorContract` and give it the fixture `bench`.

    class TestMyExecutor(ExecutorContract):
        @pytest.fixture
        def bench(self, tmp_path):
            loop = SelectorReactor()
            bench = Bench(MyExecutor(tmp_path), loop, spec, point={}, endless={"pause": 0.01})
            yield bench
            bench.close()

The spec's trials must report the metric `score` (maximised) after each unit and end by themselves after `LENGTH` units; with the point
`endless` they must go on for longer than a test takes.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from daybreak.base.ids import AttemptKey
from daybreak.controller.intake import Loop
from daybreak.lifecycle.commands import DeleteCheckpoint, Freeze, Kill, Launch, Prepare, Verdict
from daybreak.lifecycle.events import (
    AnyEvent,
    AttemptEnded,
    AttemptStarted,
    CheckpointDeleted,
    CheckpointSaved,
    Prepared,
    RungReported,
    SlotsOffered,
)
from daybreak.ports.executor import Executor
from daybreak.ports.ledger import PointBatch
from daybreak.wire.worker import CheckpointRef

LENGTH = 4
EXPERIMENT = 1
DEADLINE = 30.0  # seconds of the wall, for something to happen

E = TypeVar("E")


class Bench:
    """An executor on a loop, and what it has told so far. Every batch counts as committed at once."""

    def __init__(
        self, executor: Executor, loop: Loop, spec: dict[str, Any], point: Mapping[str, Any], endless: Mapping[str, Any]
    ) -> None:
        self.executor = executor
        self.loop = loop
        self.point = dict(point)
        self.endless = dict(endless)
        self.events: list[AnyEvent] = []
        self.points: list[PointBatch] = []
        self.spec = spec
        executor.start(loop)
        executor.execute(Prepare(EXPERIMENT, spec))

    def turn(self) -> None:
        """Let something happen, and take what was posted."""
        self.loop.turn(0.05)
        batch = self.loop.take()
        self.events += batch.events
        self.points += batch.points
        for committed in batch.callbacks:
            committed()

    def until(self, what: Callable[[], object], seconds: float = DEADLINE) -> None:
        """Turn until `what()` holds. Raises `AssertionError` with the story when it does not in time."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, "it did not happen; what did:\n" + "\n".join(map(repr, self.events))
            self.turn()

    def seen(self, kind: type[E], key: AttemptKey | None = None) -> list[E]:
        """Events of a kind, of one attempt or of any."""
        return [
            event for event in self.events if isinstance(event, kind) and key in (None, getattr(event, "attempt", None))
        ]

    def wait_for(self, kind: type[E], key: AttemptKey | None = None, count: int = 1) -> E:
        """The `count`-th event of a kind, as soon as it is there."""
        self.until(lambda: len(self.seen(kind, key)) >= count)
        return self.seen(kind, key)[count - 1]

    def launch(self, trial: int = 1, epoch: int = 1, **changes: Any) -> AttemptKey:
        """Launch an attempt on slot 0 that asks for a verdict after one unit, unless told otherwise."""
        key = AttemptKey(EXPERIMENT, trial, epoch)
        order: dict[str, Any] = {
            "slots": (0,),
            "point": self.point,
            "seed": 7,
            "units": 0,
            "target": 1,
            "horizon": None,
        } | changes
        machine = self.seen(SlotsOffered)[0].machine if self.seen(SlotsOffered) else "local"
        self.executor.execute(Launch(attempt=key, machine=machine, **order))
        return key

    def answer(self, report: RungReported, action: str, target: int | None = None) -> None:
        """Give the verdict on a report."""
        self.executor.execute(Verdict(report.attempt, report.number, action, target))  # type: ignore[arg-type]

    def close(self) -> None:
        """End everything."""
        self.executor.close(1.0)
        self.loop.close()


class ExecutorContract:
    """The tests."""

    def test_it_offers_its_slots(self, bench: Bench) -> None:
        offered = bench.wait_for(SlotsOffered)
        assert len({slot.number for slot in offered.slots}) == len(offered.slots) > 1

    def test_it_says_when_an_experiment_is_prepared_and_again_when_asked_again(self, bench: Bench) -> None:
        ready = bench.wait_for(Prepared)
        assert (ready.experiment, ready.machine) == (EXPERIMENT, bench.seen(SlotsOffered)[0].machine)
        assert ready.how
        assert ready.seconds >= 0.0
        bench.executor.execute(Prepare(EXPERIMENT, bench.spec))
        assert bench.wait_for(Prepared, count=2).how == ready.how

    def test_an_attempt_starts_reports_goes_on_and_freezes_in_this_order(self, bench: Bench) -> None:
        key = bench.launch()
        first = bench.wait_for(RungReported, key)
        bench.answer(first, "go", 3)
        second = bench.wait_for(RungReported, key, 2)
        bench.answer(second, "freeze")
        bench.wait_for(AttemptEnded, key)

        order = [type(event) for event in bench.events if getattr(event, "attempt", None) == key]
        assert order == [AttemptStarted, RungReported, RungReported, CheckpointSaved, AttemptEnded]
        assert (first.units, second.units) == (1, 3)
        assert second.number > first.number
        assert "score" in first.metrics

    def test_a_frozen_trial_goes_on_from_its_checkpoint(self, bench: Bench) -> None:
        saved, ended = self._freeze_after_one(bench)
        assert (ended.reason, ended.units, saved.units) == ("frozen", 1, 1)

        key = bench.launch(epoch=2, units=1, target=2, checkpoint=_reference(saved))
        report = bench.wait_for(RungReported, key)
        assert report.units == 2
        assert bench.seen(AttemptStarted, key)

    def test_a_trial_that_ends_by_itself_is_completed(self, bench: Bench) -> None:
        key = bench.launch(target=None)
        ended = bench.wait_for(AttemptEnded, key)
        assert (ended.reason, ended.units) == ("completed", LENGTH)
        assert "score" in ended.metrics
        assert ended.best["score"] >= ended.metrics["score"]
        assert not bench.seen(RungReported, key)

    def test_a_trial_that_is_told_to_finish_ends_where_it_stands(self, bench: Bench) -> None:
        key = bench.launch(target=2)
        bench.answer(bench.wait_for(RungReported, key), "finish")
        ended = bench.wait_for(AttemptEnded, key)
        assert (ended.reason, ended.units) == ("reached", 2)

    def test_a_trial_that_is_told_to_stop_stops(self, bench: Bench) -> None:
        key = bench.launch()
        bench.answer(bench.wait_for(RungReported, key), "stop")
        assert bench.wait_for(AttemptEnded, key).reason == "stopped"

    def test_a_repeated_launch_is_harmless(self, bench: Bench) -> None:
        key = bench.launch()
        bench.launch()
        report = bench.wait_for(RungReported, key)
        bench.launch()
        bench.answer(report, "finish")
        bench.wait_for(AttemptEnded, key)
        bench.launch()
        other = bench.launch(trial=2)
        bench.wait_for(RungReported, other)
        assert len(bench.seen(AttemptStarted, key)) == len(bench.seen(AttemptEnded, key)) == 1

    def test_an_older_epoch_is_refused(self, bench: Bench) -> None:
        newer = bench.launch(epoch=3)
        bench.wait_for(RungReported, newer)
        older = bench.launch(epoch=2)
        other = bench.launch(trial=2, slots=(1,))
        bench.wait_for(RungReported, other)
        assert not bench.seen(AttemptStarted, older)

    def test_a_verdict_on_another_report_is_dropped(self, bench: Bench) -> None:
        key = bench.launch()
        report = bench.wait_for(RungReported, key)
        bench.executor.execute(Verdict(key, report.number + 7, "stop"))
        bench.answer(report, "go", 2)
        assert bench.wait_for(RungReported, key, 2).units == 2

    def test_a_kill_is_answered_once(self, bench: Bench) -> None:
        key = bench.launch(point=bench.endless, target=None)
        bench.wait_for(AttemptStarted, key)
        assert bench.executor.inventory() == [key]
        bench.executor.execute(Kill(key))
        bench.executor.execute(Kill(key))
        assert bench.wait_for(AttemptEnded, key).reason == "stopped"
        assert bench.executor.inventory() == []
        bench.executor.execute(Kill(key))
        bench.wait_for(RungReported, bench.launch(trial=2))
        assert len(bench.seen(AttemptEnded, key)) == 1

    def test_a_preempted_trial_saves_first(self, bench: Bench) -> None:
        key = bench.launch(point=bench.endless, target=None)
        bench.wait_for(AttemptStarted, key)
        bench.until(lambda: bench.points)
        bench.executor.execute(Freeze(key, grace=20.0))
        ended = bench.wait_for(AttemptEnded, key)
        saved = bench.seen(CheckpointSaved, key)[-1]
        assert ended.reason == "preempted"
        assert ended.units == saved.units >= 1

    def test_attempts_run_side_by_side_and_their_slots_are_accounted(self, bench: Bench) -> None:
        keys = [bench.launch(trial=1), bench.launch(trial=2, slots=(1,))]
        reports = [bench.wait_for(RungReported, key) for key in keys]
        assert sorted(bench.executor.inventory()) == keys
        for report in reports:
            bench.answer(report, "finish")
        ended = [bench.wait_for(AttemptEnded, key) for key in keys]
        started = [bench.seen(AttemptStarted, key)[0] for key in keys]
        assert all(end.slot_seconds >= start.seconds >= 0 for end, start in zip(ended, started, strict=True))

    def test_metric_points_are_logged(self, bench: Bench) -> None:
        key = bench.launch(target=None)
        bench.wait_for(AttemptEnded, key)
        batches = [batch.series["score"] for batch in bench.points if batch.attempt == key and "score" in batch.series]
        steps = [step for steps, values in batches for step in steps]
        assert steps == sorted(steps)
        assert len(steps) == LENGTH

    def test_deleting_a_checkpoint_is_answered_and_may_be_repeated(self, bench: Bench) -> None:
        saved, _ = self._freeze_after_one(bench)
        order = DeleteCheckpoint(EXPERIMENT, 1, saved.digest)
        bench.executor.execute(order)
        bench.executor.execute(order)
        assert bench.wait_for(CheckpointDeleted, count=2) == CheckpointDeleted(EXPERIMENT, 1, saved.digest)

    def _freeze_after_one(self, bench: Bench) -> tuple[CheckpointSaved, AttemptEnded]:
        key = bench.launch()
        bench.answer(bench.wait_for(RungReported, key), "freeze")
        ended = bench.wait_for(AttemptEnded, key)
        return bench.seen(CheckpointSaved, key)[-1], ended


def _reference(saved: CheckpointSaved) -> CheckpointRef:
    return CheckpointRef(saved.digest, saved.units, saved.size)
