"""A deterministic search is the same whatever the slots, the timing, the losses, the restarts and the company."""

import pickle
from dataclasses import replace

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak import lifecycle
from daybreak.base.hashing import hash_json
from daybreak.lifecycle.ranking import best
from daybreak.testing.histories import Plan, World
from daybreak.testing.plans import repeatable_specs

MOST_EVENTS = 8000
relaxed = settings(suppress_health_check=list(HealthCheck))
machines = st.lists(st.integers(2, 4), min_size=1, max_size=3).map(tuple)


class History:
    """A plan played to its end; each point is drawn from all that a sampler would be told, and is noted with it."""

    def __init__(self, plan, restarts=(), check=True):
        self.state, self.log, self.orders, self.drawn = lifecycle.new_state(), [], [], {}
        self.check = check
        self.world = World(plan, self.draw)
        while (event := self.world.tick()) is not None:
            self.take(*event)
            if len(self.log) in restarts:
                self.restart()
            assert len(self.log) < MOST_EVENTS, "it must come to an end"

    def draw(self, experiment, trial):
        told = lifecycle.observations(self.state, experiment)
        pending = lifecycle.pending_points(self.state, experiment)
        evidence = hash_json([list(told), [list(item) for item in pending.items()], trial])
        self.drawn[experiment, trial] = evidence
        return {"lr": int(evidence[:8], 16) / 2**32}

    def take(self, at, event):
        self.log.append((at, event))
        self.orders.append(lifecycle.step(self.state, at, event))
        self.world.obey(self.orders[-1])
        if self.check:
            lifecycle.check(self.state)

    def restart(self):
        self.world.crash()
        self.state = pickle.loads(pickle.dumps(self.state))
        for event in lifecycle.lost_attempts(self.state, ()):
            self.take(self.world.at, event)
        self.world.obey(lifecycle.outstanding(self.state))


def what_came_of(history, number):
    """All that a search decided: points, rungs, clones, standings, the best, what its samplers were told."""
    exp = history.state.experiments[number]
    trials = {
        t.number: (t.state, t.point, t.history, t.rungs, t.best, t.last, t.units, t.seed, t.role)
        for t in exp.trials.values()
    }
    winner = best(exp)
    told = list(exp.searcher.view().notices)
    drawn = {trial: evidence for (owner, trial), evidence in history.drawn.items() if owner == number}
    return {
        "trials": trials, "best": winner and winner.number, "observed": exp.observed, "drawn": drawn, "outcome": exp.outcome,
        "units": exp.turns.units, "facts": exp.searcher.view().facts, "notices": told, "confirmed": exp.confirm_plan,
    }  # fmt: skip


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert value == other[name], name


@relaxed
@given(
    spec=repeatable_specs(),
    others=st.lists(repeatable_specs(), max_size=2),
    slots=machines,
    seed=st.integers(0, 10_000),
    faults=st.sampled_from([0.05, 0.2, 0.4]),
    troubled=st.integers(0, 200),
    natural_end=st.sampled_from([5, 40]),
    restarts=st.sets(st.integers(1, 200), max_size=3),
)
def test_the_search_is_that_of_an_undisturbed_run_alone(
    spec, others, slots, seed, faults, troubled, natural_end, restarts
):
    alone = History(Plan((spec,), (spec.resources.slots,), natural_end=natural_end), check=False)
    plan = Plan((spec, *others), slots, seed, faults, troubled, natural_end, harmless=True, looks=0.1)

    disturbed = History(plan, restarts)

    assert_same(what_came_of(alone, 1), what_came_of(disturbed, 1))


@relaxed
@given(
    repeatable_specs(),
    machines,
    st.integers(0, 10_000),
    st.integers(2, 5),
    st.sampled_from([0, 1]),
    st.integers(0, 150),
)
def test_trials_that_fail_by_themselves_fail_in_their_turn(spec, slots, seed, fails, attempts, troubled):
    spec = spec.model_copy(update={"retry": spec.retry.model_copy(update={"attempts": attempts})})
    alone = History(Plan((spec,), (spec.resources.slots,), fails=fails), check=False)

    disturbed = History(Plan((spec,), slots, seed, 0.3, troubled, fails=fails, harmless=True))

    assert_same(what_came_of(alone, 1), what_came_of(disturbed, 1))


@relaxed
@given(repeatable_specs(), machines, st.integers(0, 10_000))
def test_a_replay_of_its_log_gives_the_same_commands(spec, slots, seed):
    history = History(Plan((spec,), slots, seed, 0.2, 100, harmless=True), check=False)
    replayed = lifecycle.new_state()

    orders = [lifecycle.step(replayed, at, event) for at, event in history.log]

    assert msgspec.json.encode(orders) == msgspec.json.encode(history.orders)


@relaxed
@given(repeatable_specs(), machines, st.integers(0, 10_000), st.integers(0, 150))
def test_whatever_fails_its_invariants_hold_and_it_ends(spec, slots, seed, troubled):
    spec = spec.model_copy(update={"retry": spec.retry.model_copy(update={"attempts": 1})})

    history = History(replace(Plan((spec,), slots, seed, 0.3, troubled), contents=2))

    assert not history.state.active
    assert not history.state.attempts
