"""Whatever happens to a device, in whatever order: its floor never falls, and it serves nothing below it."""

from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import OlderVersion
from daybreak.edge.device import state as states
from daybreak.edge.device.state import Installed, State

MOVES = st.one_of(
    st.tuples(st.just("install"), st.integers(1, 6)),
    st.tuples(st.just("start")),
    st.tuples(st.sampled_from(["confirm", "abandon", "put_back"]), st.integers(1, 6)),
)


def moved(state, move, at):
    name, *more = move
    if name == "install":
        return states.install(state, "m", Installed(f"d{more[0]}", more[0], more[0]), at)
    if name == "start":
        return states.start(state, at)
    if name == "put_back":
        return states.put_back(state, f"d{more[0]}")
    if name == "confirm":
        return states.confirm(state, f"d{more[0]}", at)
    return states.abandon(state, f"d{more[0]}", "why", at)


@given(st.lists(MOVES, max_size=30))
def test_floors_rise_and_nothing_below_them_is_served(history):
    state = State()
    for at, move in enumerate(history):
        before = state
        try:
            state = moved(state, move, float(at))
        except OlderVersion:
            assert move[1] < state.floor
        assert state.floor >= before.floor
        assert (state.current is None) == (state.floor == 0)
        if state.current is not None:
            assert state.current.counter == state.floor
        if state.trial is not None and move[0] == "install":
            assert state.trial.counter >= state.floor
        if before.current is not None:
            assert state.current is not None, "a device that served goes on serving"


@given(st.lists(MOVES, max_size=30))
def test_a_trial_beside_a_current_one_is_begun_once(history):
    state, begun = State(), 0
    for at, move in enumerate(history):
        try:
            after = moved(state, move, float(at))
        except OlderVersion:
            continue
        begun = begun + 1 if move[0] == "start" and after.trial is not None else 0 if move[0] != "start" else begun
        if state.current is not None:
            assert begun <= 1
        else:
            begun = 0
        state = after
