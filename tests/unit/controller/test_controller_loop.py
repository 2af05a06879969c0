import pytest
from controller_fakes import SPEC, FailingLedger, FakeCore, FakeExecutor, FixedSampler, asked, attempt, report

from daybreak.base.errors import LedgerError
from daybreak.controller.controller import Controller
from daybreak.controller.simulated import SimulatedReactor
from daybreak.ledger.memory import MemoryLedger
from daybreak.lifecycle.commands import Freeze, Kill, Launch, Notify, Prepare, Propose, Release, SetTimer, Verdict
from daybreak.lifecycle.events import (
    Asked,
    AttemptEnded,
    AttemptStarted,
    Proposed,
    RungReported,
    SlotsOffered,
    Submitted,
    TimerDue,
)
from daybreak.ports.ledger import PointBatch


class House:
    """A controller over fakes, in simulated time."""

    def __init__(self, ledger=None, executors=None, core=None, sampler=None):
        self.ledger = ledger or FailingLedger()
        self.executors = executors or [FakeExecutor()]
        self.core = core or FakeCore()
        self.loop = SimulatedReactor()
        self.stories = []
        self.samplers = []

        def make(spec):
            self.samplers.append((sampler or FixedSampler)(spec))
            return self.samplers[-1]

        self.controller = Controller(
            self.ledger,
            self.executors,
            self.loop,
            self.core,
            make,
            lambda what, error: self.stories.append((what, error)),
            inline_sampling=True,
        )
        self.controller.start()

    @property
    def orders(self):
        return self.executors[0].orders

    def go(self):
        while self.controller.turn():
            pass

    def log(self):
        return [entry.event for entry in self.ledger.replay()]


def test_a_batch_is_one_commit_of_everything_that_arrived():
    house = House()
    for number in range(3):
        house.loop.post(report(trial=number))
    house.go()
    assert [len(batch) for batch in house.ledger.commits] == [1, 3]  # the executor's slots, then the reports


def test_the_answer_follows_the_commit_and_the_callback_comes_between():
    house = House()
    order = []
    house.executors[0].on_order = lambda verdict: order.append("verdict")
    append = house.ledger.append
    house.ledger.append = lambda *a: (append(*a), order.append("commit"))[0]
    house.loop.post(report(), lambda: order.append("callback"))
    house.go()
    assert order == ["commit", "callback", "verdict"]


def test_metric_points_are_committed_with_the_events_and_acknowledged():
    house = House()
    kept = []
    house.loop.log(PointBatch(attempt(), {"loss": ([1], [0.5])}), lambda: kept.append(True))
    house.go()
    assert kept == [True]
    assert house.ledger.points[0].series == {"loss": ([1], [0.5])}


def test_nothing_is_stepped_acknowledged_or_sent_while_the_log_cannot_be_written():
    house = House()
    house.ledger.failures = 3
    acknowledged = []
    seen = []
    house.executors[0].on_order = lambda _: seen.append(house.ledger.failures)
    house.loop.post(report(1), lambda: acknowledged.append(house.ledger.failures))
    house.controller.turn()
    assert house.ledger.failures == 2
    assert not any(isinstance(event, RungReported) for _, event in house.controller._brain.state.events)
    assert (acknowledged, seen) == ([], [])
    house.loop.post(asked())  # more comes in meanwhile
    house.go()
    assert (acknowledged, seen) == ([0], [0])
    assert [type(event) for event in house.log()] == [SlotsOffered, RungReported, Asked]


def test_a_log_that_cannot_be_written_is_told_once_and_tried_ever_more_rarely():
    house = House()
    house.ledger.failures = 4
    house.loop.post(report())
    house.go()
    assert [type(error) for _, error in house.stories] == [LedgerError]
    assert house.loop.now() == 0.25 + 0.5 + 1 + 2


def test_a_log_that_fails_again_later_is_told_again():
    house = House()
    for _ in range(2):
        house.ledger.failures = 1
        house.loop.post(report())
        house.go()
    assert len(house.stories) == 2


def test_time_in_the_log_never_goes_back():
    house = House()
    house.loop.post(report(1))
    house.go()
    house.loop._now = -50.0
    house.loop.post(report(2))
    house.go()
    times = [entry.at for entry in house.ledger.replay()]
    assert times == sorted(times)


def test_a_crash_between_commit_and_dispatch_loses_no_order():
    house = House()

    def die(commands):
        raise SystemExit

    house.controller._outbox.dispatch = die
    house.controller.submit(SPEC)
    with pytest.raises(SystemExit):
        house.go()
    assert house.samplers == []
    again = House(ledger=house.ledger)
    again.go()
    assert next(event for event in again.log() if isinstance(event, Proposed)).points == ({"x": 1}, {"x": 2})


def test_a_replay_reads_proposals_and_draws_nothing():
    house = House()
    house.controller.submit(SPEC)
    house.go()
    assert len(house.samplers) == 1
    again = House(ledger=house.ledger)
    again.go()
    assert again.samplers == []
    recorded = [event for event in house.log() if isinstance(event, Proposed)]
    assert recorded == [event for event in again.log() if isinstance(event, Proposed)]


def test_after_a_restart_the_state_is_what_it_was():
    house = House()
    house.controller.submit(SPEC)
    house.loop.post(report())
    house.go()
    before = list(house.controller._brain.state.events)
    again = House(ledger=house.ledger)
    assert again.controller._brain.state.events[: len(before)] == before


def test_attempts_that_nobody_has_are_ended_after_slots_are_offered_again():
    ended = AttemptEnded(attempt(), "lost", 0, 0.0)

    class Losing(FakeCore):
        def lost_attempts(self, state, alive):
            return [ended] if attempt() not in alive else []

    house = House(core=Losing())
    assert [type(event) for event in house.log()] == [SlotsOffered, AttemptEnded]
    executor = FakeExecutor()
    executor.alive = [attempt()]
    assert [type(event) for event in House(core=Losing(), executors=[executor]).log()] == [SlotsOffered]


def test_experiments_are_numbered_on_from_the_log():
    house = House()
    assert [house.controller.submit(SPEC), house.controller.submit(SPEC)] == [1, 2]
    house.go()
    assert House(ledger=house.ledger).controller.submit(SPEC) == 3


def test_a_spec_that_is_none_is_refused_before_it_is_logged():
    house = House()
    with pytest.raises(ValueError, match="objectives"):
        house.controller.submit({"name": "x"})
    house.go()
    assert not any(isinstance(event, Submitted) for event in house.log())


def test_a_fault_in_one_step_fails_its_experiment_and_spares_the_rest():
    core = FakeCore()
    core.raises = lambda event: ZeroDivisionError("oh") if isinstance(event, RungReported) else None
    house = House(core=core)
    house.loop.post(report())
    house.loop.post(asked())
    house.go()
    state = house.controller._brain.state
    assert state.failed[1].kind == "internal"
    assert "ZeroDivisionError: oh" in state.failed[1].message
    assert any(isinstance(event, Asked) for _, event in state.events)
    assert len(house.stories) == 1


def test_a_replay_contains_the_same_fault_in_the_same_way():
    core = FakeCore()
    core.raises = lambda event: ZeroDivisionError("oh") if isinstance(event, RungReported) else None
    house = House(core=core)
    house.loop.post(report())
    house.loop.post(report(2))
    house.go()
    again = House(ledger=house.ledger, core=core)
    known = [event for _, event in house.controller._brain.state.events]
    assert [event for _, event in again.controller._brain.state.events][: len(known)] == known


def test_a_sampler_that_fails_fails_its_experiment():
    class Broken(FixedSampler):
        def ask(self, trial, pending):
            raise RuntimeError("no more ideas")

    house = House(sampler=Broken)
    house.controller.submit(SPEC)
    house.go()
    failure = house.controller._brain.state.failed[1]
    assert failure.kind == "sampler"
    assert "no more ideas" in failure.message
    assert "ask" in failure.tail


def test_a_sampler_that_has_no_further_point_says_that_the_space_is_exhausted():
    class Small(FixedSampler):
        def ask(self, trial, pending):
            return {"x": trial} if trial < 2 else None

    house = House(sampler=Small)
    house.controller.submit(SPEC)
    house.go()
    answer = house.log()[-1]
    assert (answer.points, answer.exhausted) == (({"x": 1},), True)


def test_points_drawn_together_know_of_each_other():
    house = House()
    house.controller.submit(SPEC)
    house.go()
    assert house.samplers[0].asked == [(1, {}), (2, {1: {"x": 1}})]


def test_a_timer_becomes_an_event_and_a_second_of_its_name_replaces_it():
    core = FakeCore()
    core.scripts[Asked].append(lambda state, at, event: [SetTimer(1, "wall", 5.0), SetTimer(1, "wall", 9.0)])
    house = House(core=core)
    house.loop.post(asked())
    house.go()
    assert house.log()[-1] == TimerDue(1, "wall")
    assert sum(isinstance(event, TimerDue) for event in house.log()) == 1
    assert house.loop.now() == 9.0


def test_notices_are_rows_and_no_executor_hears_of_them():
    core = FakeCore()
    core.scripts[Asked].append(lambda state, at, event: [Notify(1, "info", "hello")])
    house = House(core=core)
    house.loop.post(asked())
    house.go()
    assert house.orders == []


def launch(machine, trial):
    return Launch(attempt(trial), machine, (0,), {}, 0, 0, 1, 1)


def test_orders_go_to_the_machine_and_then_to_who_holds_the_attempt():
    core = FakeCore()
    core.scripts[Asked].append(
        lambda state, at, event: [
            Prepare(1, {}),
            launch("here", 1),
            launch("there", 2),
            Freeze(attempt(2), 1.0),
            Kill(attempt(1)),
            Release(1),
        ]
    )
    house = House(core=core, executors=[FakeExecutor("here"), FakeExecutor("there")])
    house.loop.post(asked())
    house.go()
    here, there = (executor.orders for executor in house.executors)
    assert here == [Prepare(1, {}), launch("here", 1), Kill(attempt(1)), Release(1)]
    assert there == [Prepare(1, {}), launch("there", 2), Freeze(attempt(2), 1.0), Release(1)]


def test_after_a_restart_the_inventory_tells_who_holds_an_attempt():
    executors = [FakeExecutor("here"), FakeExecutor("there")]
    executors[1].alive = [attempt(7)]
    house = House(executors=executors)
    house.loop.post(report(trial=7))
    house.go()
    assert [len(executor.orders) for executor in executors] == [0, 1]


def test_whoever_follows_hears_of_every_batch_that_was_stepped():
    house = House()
    heard = []
    house.controller.changed.append(lambda: heard.append(house.loop.now()))
    house.loop.post(report())
    house.loop.post(report(2))
    house.go()
    assert len(heard) == 1


def test_a_point_that_cannot_be_logged_is_the_samplers_fault():
    class Odd(FixedSampler):
        def ask(self, trial, pending):
            return {"x": object()}

    house = House(sampler=Odd)
    house.controller.submit(SPEC)
    house.go()
    assert house.controller._brain.state.failed[1].kind == "sampler"


def test_callbacks_and_followers_that_raise_are_told_of_and_spare_the_others():
    house = House()
    heard = []
    house.controller.changed += [lambda: 1 / 0, lambda: heard.append("changed")]
    house.loop.post(report(), lambda: 1 / 0)
    house.loop.post(report(2), lambda: heard.append("committed"))
    house.go()
    assert heard == ["committed", "changed"]
    assert [type(error) for _, error in house.stories] == [ZeroDivisionError] * 2
    assert len(house.orders) == 2


def test_a_launch_that_an_executor_could_not_take_is_an_attempt_that_was_lost():
    core = FakeCore()
    core.scripts[Asked].append(lambda state, at, event: [launch("here", 1), Kill(attempt(2))])
    house = House(core=core)

    def refuse(order):
        if isinstance(order, Launch):
            raise TypeError("a fault of ours")

    house.executors[0].on_order = refuse
    house.loop.post(asked())
    house.go()
    ended = house.log()[-1]
    assert (ended.attempt, ended.reason, ended.failure.kind) == (attempt(1), "lost", "internal")
    assert house.orders[-1] == Kill(attempt(2))


def test_an_experiment_that_an_executor_could_not_prepare_fails_instead_of_waiting():
    core = FakeCore()
    core.scripts[Asked].append(lambda state, at, event: [Prepare(1, {})])
    house = House(core=core)

    def refuse(order):
        raise TypeError("a fault of ours")

    house.executors[0].on_order = refuse
    house.loop.post(asked())
    house.go()
    failed = house.log()[-1]
    assert (failed.experiment, failed.failure.kind) == (1, "internal")
    assert "could not be prepared: TypeError: a fault of ours" in failed.failure.message


def test_closing_commits_what_the_executors_still_had_to_say():
    house = House()
    house.executors[0].close = lambda grace: house.loop.post(AttemptEnded(attempt(), "frozen", 1, 1.0))
    house.controller.close(1.0)
    assert isinstance(house.log()[-1], AttemptEnded)


def test_closing_freezes_what_runs_and_begins_nothing_new():
    core = FakeCore()
    core.scripts[AttemptEnded].append(lambda state, at, event: [launch("here", 5)])
    house = House(core=core)
    executor = house.executors[0]
    executor.alive = [attempt()]

    def freeze(order):
        executor.alive = []
        house.loop.later(1.0, lambda: house.loop.post(AttemptEnded(order.attempt, "preempted", 3, 1.0)))

    executor.on_order = freeze
    executor.close = lambda grace: house.go()
    house.controller.close(5.0)
    assert [type(order) for order in executor.orders] == [Freeze]
    assert house.log()[-1] == AttemptEnded(attempt(), "preempted", 3, 1.0)


def test_closing_waits_no_longer_than_the_grace_for_those_who_do_not_freeze():
    house = House()
    house.executors[0].alive = [attempt()]
    for second in range(20):
        house.loop.later(second, lambda: None)
    house.controller.close(5.0)
    assert house.executors[0].closed == 0.0
    assert 5.0 <= house.loop.now() <= 6.0


def test_a_verdict_answers_each_report_of_a_batch():
    house = House()
    for trial in (1, 2):
        house.loop.post(report(trial=trial))
    house.go()
    assert [order for order in house.orders if isinstance(order, Verdict)] == [
        Verdict(attempt(1), 1, "go", 2),
        Verdict(attempt(2), 1, "go", 2),
    ]


def test_an_executor_may_post_while_it_carries_out_an_order():
    house = House()
    house.executors[0].on_order = lambda order: (
        house.loop.post(AttemptStarted(attempt(), 1, "fork")) if isinstance(order, Verdict) else None
    )
    house.loop.post(report())
    house.go()
    assert [type(event) for event in house.log()] == [SlotsOffered, RungReported, AttemptStarted]


def test_a_memory_ledger_that_keeps_nothing_still_tells_histories_apart():
    digests = []
    for reports in ([report(1)], [report(1)], [report(2)]):
        ledger = MemoryLedger(keep=False)
        ledger.append(1.0, reports)
        assert list(ledger.replay()) == []
        digests.append(ledger.digest())
    assert digests[0] == digests[1] != digests[2]


def test_a_proposal_is_for_the_trials_it_was_asked_for():
    house = House()
    house.controller.submit(SPEC)
    house.go()
    house.controller._outbox.dispatch([Propose(1, 4, 10, 2)])
    house.go()
    assert house.log()[-1] == Proposed(1, 4, ({"x": 10}, {"x": 11}), "density")
