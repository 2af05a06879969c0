"""Events whose times go back: time stands still for the state until they have caught up, and everything stays sound."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daybreak import lifecycle
from daybreak.base.streams import Stream
from daybreak.lifecycle import budget
from daybreak.testing.histories import World
from daybreak.testing.plans import plans

MOST_EVENTS = 6000
FARTHEST = 7200.0  # seconds


@settings(suppress_health_check=list(HealthCheck))
@given(plans(), st.integers(0, 10_000), st.sampled_from([0.02, 0.2]))
def test_time_never_goes_back_and_what_is_spent_stays_sane(plan, seed, chance):
    state, world, jumps, events = lifecycle.new_state(), World(plan), Stream(seed, "jumps"), 0
    spent = {}
    while (due := world.tick()) is not None:
        at, event = due
        before = state.at
        back = FARTHEST * jumps.uniform() if jumps.uniform() < chance else 0.0
        world.obey(lifecycle.step(state, at - back, event))
        lifecycle.check(state)
        assert state.at >= before
        for number, exp in state.experiments.items():
            now = budget.slot_seconds(exp, state.at), budget.wall(exp, state.at)
            assert min(now) >= 0.0
            assert exp.wall_since is None or exp.wall_since <= state.at
            assert all(t.ended is None or t.ended >= t.created for t in exp.trials.values())
            spent[number] = now
        events += 1
        assert events < MOST_EVENTS, "it must come to an end"
    assert not state.active
