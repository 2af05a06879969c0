"""Whatever happens, in whatever order: the invariants hold after each event, a replay gives the same, every experiment ends."""

import pickle

import msgspec
from hypothesis import HealthCheck, given, settings

from daybreak import lifecycle
from daybreak.testing.histories import Plan, World
from daybreak.testing.plans import plans

MOST_EVENTS = 6000
relaxed = settings(suppress_health_check=list(HealthCheck))


class History:
    """A plan played to its end, with what was logged and what was ordered."""

    def __init__(self, plan: Plan, *, check: bool = True, restart_at: int | None = None) -> None:
        self.state = lifecycle.new_state()
        self.log, self.orders = [], []
        self.world = World(plan)
        while (next_event := self.world.tick()) is not None:
            self._take(*next_event, check)
            if len(self.log) == restart_at:
                self._restart(check)
            assert len(self.log) < MOST_EVENTS, "it must come to an end"

    def _take(self, at, event, check):
        self.log.append((at, event))
        commands = lifecycle.step(self.state, at, event)
        self.orders.append(commands)
        self.world.obey(commands)
        if check:
            lifecycle.check(self.state)
            needed = [c.digest for exp in self.state.experiments.values() for c in exp.checkpoints.values()]
            assert self.world.files.keys() >= set(needed), "a checkpoint that is kept has its file"

    def _restart(self, check):
        self.world.crash()
        self.state = pickle.loads(pickle.dumps(self.state))
        for event in lifecycle.lost_attempts(self.state, ()):
            self._take(self.world.at, event, check)
        self.world.obey(lifecycle.outstanding(self.state))


def all_rows(state):
    return msgspec.json.encode(lifecycle.rows(state, lifecycle.take_touched(state)))


@relaxed
@given(plans())
def test_invariants_hold_after_each_event_and_every_experiment_ends(plan):
    history = History(plan)

    assert not history.state.active
    assert not history.state.attempts
    for experiment in history.state.experiments.values():
        assert experiment.outcome in ("done", "failed", "stopped")
        assert experiment.why


@relaxed
@given(plans())
def test_a_replay_of_the_log_gives_the_same_commands_and_the_same_rows(plan):
    history = History(plan, check=False)
    replayed = lifecycle.new_state()

    orders = [lifecycle.step(replayed, at, event) for at, event in history.log]

    assert msgspec.json.encode(orders) == msgspec.json.encode(history.orders)
    assert all_rows(replayed) == all_rows(history.state)


@relaxed
@given(plans())
def test_rows_do_not_depend_on_when_they_are_drained(plan):
    history = History(plan, check=False)
    table, state = {}, lifecycle.new_state()
    for count, (at, event) in enumerate(history.log):
        lifecycle.step(state, at, event)
        if count % 3 == 0:
            table |= keyed(lifecycle.rows(state, lifecycle.take_touched(state)))
    table |= keyed(lifecycle.rows(state, lifecycle.take_touched(state)))

    assert table == keyed(lifecycle.rows(history.state, lifecycle.take_touched(history.state)))


def keyed(rows):
    keys = ("experiment", "trial", "epoch", "digest", "number")
    named = [(type(row).__name__, *(getattr(row, key, None) for key in keys)) for row in rows]
    return dict(zip(named, map(msgspec.json.encode, rows), strict=True))


@relaxed
@given(plans(), plans().map(lambda plan: plan.seed % 200 + 1))
def test_after_a_restart_at_any_event_nothing_is_lost_or_doubled_and_it_ends(plan, restart_at):
    history = History(plan, restart_at=restart_at)

    assert not history.state.active
    launched = [order.attempt for orders in history.orders for order in orders if type(order).__name__ == "Launch"]
    assert len(launched) == len(set(launched))
