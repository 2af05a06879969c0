"""Looks at sealed test data: each counts once, for the family, and decides nothing."""

import msgspec
import pytest

from daybreak import lifecycle
from daybreak.base.errors import NotFound
from daybreak.lifecycle.events import AnyEvent, SealedOpened, SealedScored
from daybreak.lifecycle.imports import renumbered
from daybreak.spec.models import Start
from daybreak.wire.rows import AttemptRow, CheckpointRow, ExperimentRow, LookRow, NoticeRow, TrialRow

TEST, OTHER = "cd" * 32, "ef" * 32


def looks(script):
    """Every look's row as it was last written."""
    rows = [row for row in script.rows() if isinstance(row, LookRow)]
    return {(row.experiment, row.trial, row.epoch, row.number): row for row in rows}


@pytest.fixture
def attempt(script):
    script.offer(1)
    script.submit(name="digits")
    (key,) = script.state.attempts
    script.start(key)
    script.rows()
    return key


def test_a_look_counts_when_it_is_opened_and_tells_later_what_it_gave(script, attempt):
    script.tell(SealedOpened(attempt, 1, "test", TEST, 3))
    (row,) = looks(script).values()
    assert (row.family, row.data, row.sealed, row.units, row.metrics, row.scored) == (
        "digits",
        "test",
        TEST,
        3,
        {},
        None,
    )
    script.tell(SealedScored(attempt, 1, {"accuracy": 0.9}), after=2.0)
    (row,) = looks(script).values()
    assert (row.metrics, row.scored, row.at) == ({"accuracy": 0.9}, script.at, script.at - 2.0)


def test_the_same_look_told_twice_is_one(script, attempt):
    script.tell(SealedOpened(attempt, 1, "test", TEST))
    script.tell(SealedScored(attempt, 1, {"accuracy": 0.9}))
    first = looks(script)
    script.tell(SealedOpened(attempt, 1, "test", TEST))
    script.tell(SealedScored(attempt, 1, {"accuracy": 0.1}))
    assert looks(script) == {}
    assert script.state.refused == 2
    assert first[1, 1, 1, 1].metrics == {"accuracy": 0.9}


def test_an_attempt_that_was_lost_after_its_look_has_looked_and_the_next_one_looks_again(script, attempt):
    script.tell(SealedOpened(attempt, 1, "test", TEST))
    script.end(attempt, "lost")
    (again,) = script.state.attempts
    script.tell(SealedOpened(again, 1, "test", TEST))
    found = looks(script)
    assert [(key, row.scored) for key, row in found.items()] == [((1, 1, 1, 1), None), ((1, 1, 2, 1), None)]


def test_scores_of_a_look_that_was_never_counted_are_refused(script, attempt):
    script.tell(SealedScored(attempt, 1, {"accuracy": 0.9}))
    assert looks(script) == {}
    assert "SealedScored" in script.state.last_refusal


def test_no_searcher_hears_of_it(script, attempt, verdicts):
    """The same search with and without looks orders the same."""
    other = type(script)()
    other.offer(1)
    other.submit(name="digits")
    other.start(attempt)
    script.tell(SealedOpened(attempt, 1, "test", TEST))
    script.tell(SealedScored(attempt, 1, {"accuracy": 1.0}))
    for one in (script, other):
        one.orders.clear()
        one.carry_out()
    assert script.orders == other.orders
    assert "accuracy" in script.trial(1).last
    assert script.trial(1).best == other.trial(1).best


def fork(script, parent, number, name):
    script.submit(number, name=name, parent=parent, start=Start(trial="1.1", checkpoint="ab" * 32, units=1))
    return number


def test_a_family_is_known_by_the_experiment_at_its_root(script, attempt):
    fork(script, "1.1@3", 2, "deeper")
    fork(script, "2", 3, "deepest")
    script.submit(4, name="digits")
    script.submit(5, name="speech")
    assert [lifecycle.family(script.state, number) for number in (1, 2, 3, 4, 5)] == [*["digits"] * 4, "speech"]


def test_of_a_parent_that_this_home_does_not_know_nothing_is_inherited(script, attempt):
    fork(script, "77.1", 2, "orphan")
    fork(script, "0123abcd:3.1", 3, "bundled")
    assert lifecycle.family(script.state, 2) == "orphan"
    assert lifecycle.family(script.state, 3) == "bundled"
    with pytest.raises(NotFound):
        lifecycle.family(script.state, 99)


def test_looks_travel_with_an_imported_run_and_its_forks_are_of_its_family(script, attempt):
    script.tell(SealedOpened(attempt, 1, "test", TEST))
    script.tell(SealedScored(attempt, 1, {"accuracy": 0.9}))
    script.carry_out()
    rows = script.rows()
    kinds = {"experiments": ExperimentRow, "trials": TrialRow, "attempts": AttemptRow, "checkpoints": CheckpointRow,
             "notices": NoticeRow, "looks": LookRow}  # fmt: skip
    told = {name: [row for row in rows if isinstance(row, kind)] for name, kind in kinds.items()}
    told["experiments"] = [msgspec.structs.replace(told["experiments"][0], name="renamed")]
    event = renumbered(7, "origin", told)
    other = type(script)()
    other.tell(msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=AnyEvent))
    assert list(looks(other)) == [(7, 1, 1, 1)]
    other.submit(8, parent="7.1", start=Start(trial="7.1", checkpoint="ab" * 32, units=1))
    assert lifecycle.family(other.state, 8) == "digits"
