"""What happens on a simulated machine, to the second."""

from dataclasses import dataclass

import pytest

from daybreak.base.ids import AttemptKey
from daybreak.controller.simulated import SimulatedReactor
from daybreak.executors.simulated.executor import SimulatedExecutor
from daybreak.executors.simulated.machine import Machine
from daybreak.lifecycle.commands import Freeze, Kill, Launch, Prepare, Verdict
from daybreak.lifecycle.events import AttemptEnded, AttemptStarted, CheckpointSaved, RungReported
from daybreak.spec.models import Experiment, Objective
from daybreak.wire.worker import CheckpointRef

SPEC = Experiment(name="m", run="m:f", objectives=(Objective(metric="loss", direction="minimize"),))
MACHINE = Machine(slots=4, start_seconds=1.0, resume_seconds=2.0, freeze_seconds=0.5)


@dataclass
class Steady:
    """Ten seconds a unit; the loss is lowest after three."""

    length: int | None = None

    def metrics(self, units):
        return {"loss": abs(units - 3.0)}

    def elapsed(self, units):
        return 10.0 * units


class Workshop:
    """A machine on a simulated clock; `told` holds (when, event)."""

    def __init__(self, machine=MACHINE, length=None, checkpoint_every=0.0):
        self.loop = SimulatedReactor()
        self.executor = SimulatedExecutor(machine, lambda spec: self)
        self.told = []
        self.length = length
        self.executor.start(self.loop)
        spec = SPEC.model_copy(update={"checkpoint_every": checkpoint_every}).model_dump(mode="json")
        self.executor.execute(Prepare(1, spec))
        self.loop.take()

    def curve(self, point, seed):
        return Steady(self.length)

    def launch(self, target=None, units=0, epoch=1, slots=(0,), checkpoint=None):
        key = AttemptKey(1, 1, epoch)
        self.executor.execute(Launch(key, "simulated", slots, {}, 7, units, target, None, checkpoint))
        return key

    def go(self, until=float("inf")):
        while self.loop.turn():
            self.told += [(self.loop.now(), event) for event in self.loop.take().events]
            if self.loop.now() >= until:
                return

    def events(self, kind):
        return [(at, event) for at, event in self.told if isinstance(event, kind)]


def test_an_attempt_starts_trains_to_its_target_and_asks():
    shop = Workshop()
    shop.launch(target=2)
    shop.go()
    assert [(at, type(event)) for at, event in shop.told] == [(1.0, AttemptStarted), (21.0, RungReported)]
    report = shop.told[-1][1]
    assert (report.units, report.metrics, report.best, report.unit_seconds) == (2, {"loss": 1.0}, {"loss": 1.0}, 10.0)


def test_best_is_over_all_units_and_a_units_time_is_a_mean_of_training_alone():
    shop = Workshop()
    shop.launch(target=5)
    shop.go()
    report = shop.told[-1][1]
    assert (report.metrics, report.best) == ({"loss": 2.0}, {"loss": 0.0})
    assert report.unit_seconds == 10.0


def test_freezing_costs_its_seconds_and_the_slots_are_held_until_then():
    shop = Workshop()
    key = shop.launch(target=1, slots=(0, 1))
    shop.go()
    shop.executor.execute(Verdict(key, 1, "freeze"))
    shop.go()
    (at, saved), (then, ended) = shop.told[-2:]
    assert (at, then) == (11.5, 11.5)
    assert isinstance(saved, CheckpointSaved)
    assert (ended.reason, ended.units, ended.slot_seconds, ended.user_seconds) == ("frozen", 1, 23.0, 10.0)


def test_resuming_costs_its_seconds_and_goes_on_where_the_checkpoint_stands():
    shop = Workshop()
    shop.launch(target=3, units=1, checkpoint=CheckpointRef("ab", 1))
    shop.go()
    assert shop.told[-1][0] == 1.0 + 2.0 + 20.0
    assert shop.told[-1][1].units == 3


def test_a_preempted_attempt_finishes_its_unit_saves_and_ends():
    shop = Workshop()
    key = shop.launch(target=5)
    shop.go(until=1.0)
    shop.loop.later(13.0, lambda: shop.executor.execute(Freeze(key, grace=60.0)))  # at 14: in its second unit
    shop.go()
    assert [(at, type(event)) for at, event in shop.told[-2:]] == [(21.5, CheckpointSaved), (21.5, AttemptEnded)]
    assert (shop.told[-1][1].reason, shop.told[-1][1].units) == ("preempted", 2)


def test_one_that_cannot_finish_its_unit_in_time_is_killed_and_saves_nothing():
    shop = Workshop()
    key = shop.launch(target=5)
    shop.go(until=1.0)
    shop.loop.later(13.0, lambda: shop.executor.execute(Freeze(key, grace=3.0)))
    shop.go()
    assert shop.events(CheckpointSaved) == []
    at, ended = shop.told[-1]
    assert (at, ended.reason, ended.units) == (17.0, "preempted", 1)


def test_one_that_has_not_started_yet_ends_at_once():
    shop = Workshop()
    shop.executor.execute(Freeze(shop.launch(target=5), grace=3.0))
    assert shop.loop.take().events[0].reason == "preempted"
    shop.go()
    assert shop.told == []


def test_checkpoints_for_fault_tolerance_come_at_the_first_unit_after_their_time():
    shop = Workshop(checkpoint_every=25.0)
    shop.launch(target=8)
    shop.go()
    assert [(at, event.units) for at, event in shop.events(CheckpointSaved)] == [(31.5, 3), (62.0, 6)]
    assert shop.told[-1][0] == 1.0 + 80.0 + 2 * 0.5


def test_a_trial_that_ends_before_its_target_is_completed():
    shop = Workshop(length=4)
    shop.launch(target=9)
    shop.go()
    at, ended = shop.told[-1]
    assert (at, ended.reason, ended.units, ended.metrics) == (41.0, "completed", 4, {"loss": 1.0})


def test_a_killed_attempt_says_nothing_more():
    shop = Workshop()
    key = shop.launch(target=5)
    shop.go(until=1.0)
    shop.executor.execute(Kill(key))
    shop.go()
    assert shop.executor.inventory() == []
    assert shop.told == shop.told[:1]


def test_crashes_are_drawn_per_attempt_and_repeat_with_the_seed():
    def story(seed):
        shop = Workshop(Machine(slots=1, crash=0.5, seed=seed), checkpoint_every=20.0)
        for epoch in range(1, 20):
            shop.launch(target=9, epoch=epoch)
        shop.go()
        return shop.told

    assert story(1) == story(1) != story(2)
    ends = [event for _, event in story(1) if isinstance(event, AttemptEnded)]
    assert 3 <= len(ends) <= 16
    assert all(event.reason == "crashed" and event.failure.kind == "simulated" for event in ends)


@pytest.mark.parametrize("number", [0, 2])
def test_a_verdict_on_another_report_changes_nothing(number):
    shop = Workshop()
    key = shop.launch(target=1)
    shop.go()
    shop.executor.execute(Verdict(key, number, "stop"))
    shop.go()
    assert shop.events(AttemptEnded) == []
