"""Slots are given where an experiment is prepared: imports hold no slot and are charged to nobody."""

import pytest

from daybreak import lifecycle
from daybreak.lifecycle.commands import Notify, Prepare, Propose
from daybreak.lifecycle.events import CodeChanged, DataChanged, Prepared, SlotsLost
from daybreak.lifecycle.summary import summary


def of(kind, orders):
    return [order for order in orders if isinstance(order, kind)]


@pytest.fixture
def slow(script):
    """Nothing is prepared before a test says so."""
    script.prepares = False
    return script


def ready(script, machine="m", experiment=1, how="fork", why="", seconds=4.0):
    return script.tell(Prepared(experiment, machine, how, why, seconds))


def test_points_are_drawn_while_frameworks_are_imported_and_slots_are_given_after_that(slow, launches):
    slow.offer(2)
    orders = slow.submit()
    assert of(Prepare, orders)
    assert of(Propose, orders)
    assert launches(orders) == []
    status = lifecycle.status(slow.state, 1, slow.at)
    assert status.waiting_why == "importing train.py and its frameworks"
    slow.at += 4.0
    assert len(launches(ready(slow))) == 2
    status = lifecycle.status(slow.state, 1, slow.at)
    assert (status.slot_seconds, status.wall_seconds, status.waiting_why) == (0.0, 0.0, "")


def test_meanwhile_the_slots_are_for_others(slow, launches):
    slow.offer(1)
    slow.submit(1, priority=5)
    slow.submit(2)
    (running,) = launches(ready(slow, experiment=2))
    assert running.experiment == 2
    orders = ready(slow, experiment=1)
    assert launches(orders) == []  # the more important one makes room first
    assert slow.state.attempts[running].order == "freeze"


def test_what_is_not_prepared_makes_nobody_freeze(slow, launches):
    slow.offer(1)
    slow.submit(2)
    ready(slow, experiment=2)
    slow.submit(1, priority=5)
    assert not any(attempt.order for attempt in slow.state.attempts.values())


def test_only_machines_that_are_prepared_are_used(slow, launches):
    slow.offer(2, "here")
    slow.offer(2, "there")
    slow.submit()
    assert {slow.state.attempts[key].launch.machine for key in launches(ready(slow, "there"))} == {"there"}
    assert slow.state.pool.free("any") == 2
    assert len(launches(ready(slow, "here"))) == 2


def test_an_agent_that_has_just_begun_is_to_prepare_again(slow, launches):
    slow.offer(1)
    slow.submit()
    (running,) = launches(ready(slow))
    orders = slow.offer(1)
    assert of(Prepare, orders)
    assert launches(slow.end(running, "lost")) == []
    assert len(launches(ready(slow))) == 1


def test_a_machine_that_left_and_came_back_is_to_prepare_again(slow, launches):
    slow.offer(1)
    slow.submit()
    slow.end(*launches(ready(slow)), "lost")
    slow.tell(SlotsLost("m"))
    for key in list(slow.state.attempts):
        slow.end(key, "lost")
    assert launches(slow.offer(1)) == []


def test_an_experiment_that_is_extended_is_prepared_again(slow, launches):
    slow.offer(1)
    slow.submit()
    ready(slow)
    slow.ask("stop")
    slow.end(next(iter(slow.state.attempts)), "preempted")
    orders = slow.ask("extend", {"max_trials": 12})
    assert of(Prepare, orders)
    assert launches(orders) == []
    assert len(launches(ready(slow))) == 1


def test_the_summary_tells_how_and_how_long_and_a_slower_way_is_told_once(slow):
    slow.offer(1)
    slow.submit()
    assert "prepared" not in summary(slow.state.experiments[1])
    told = of(Notify, ready(slow, how="spawn", why="polars started 2 threads on import", seconds=7.5))
    assert [order.text for order in told] == [
        "attempts start more slowly than they could (spawn): polars started 2 threads on import"
    ]
    assert not of(Notify, ready(slow, how="spawn", why="polars started 2 threads on import"))
    found = summary(slow.state.experiments[1])["prepared"]
    assert found == {"how": "spawn", "why": "polars started 2 threads on import", "seconds": 4.0}


def test_prepared_comes_too_late_for_what_is_over(slow):
    slow.offer(1)
    slow.submit()
    slow.ask("stop")
    ready(slow)
    assert slow.state.last_refusal == "Prepared: late or repeated"


def test_changed_code_is_told_once_with_what_to_do(slow):
    slow.offer(1)
    slow.submit()
    slow.tell(CodeChanged(1, ("a.py", "b.py", "c.py", "d.py", "e.py")))
    slow.tell(CodeChanged(1, ("f.py",)))
    assert [text for _, text in slow.notices()] == [
        (
            "a.py, b.py, c.py and 2 more changed since the experiment began; its trials go on with the code they began with. "
            "For a search with the new code: daybreak resume 1 --new-code"
        )
    ]


def test_changed_data_is_told_once_for_each_dataset_and_after_the_end(slow):
    slow.offer(1)
    slow.submit()
    slow.tell(DataChanged(1, "digits", ("a.wav", "b.wav", "c.wav", "d.wav"), 30))
    slow.tell(DataChanged(1, "digits", ("e.wav",), 1))
    slow.ask("stop")
    slow.tell(DataChanged(1, "speakers", ("ada.csv",), 1))
    first, second = [text for _, text in slow.notices() if text.startswith("data ")]
    assert first == (
        "data `digits` changed since the experiment was handed in (a.wav, b.wav, c.wav and 27 more): its trials may have read "
        "different data. What differs: daybreak data verify 1; `snapshot: true` would have kept the bytes"
    )
    assert second.startswith("data `speakers` changed since the experiment was handed in (ada.csv): ")


def test_an_agent_that_begins_with_fewer_slots_has_no_others(slow, launches):
    slow.offer(3)
    slow.submit()
    running = launches(ready(slow))
    assert len(running) == 3
    slow.offer(1)
    assert slow.state.pool.numbers("m") == [0]
    for key in running:
        slow.end(key, "lost")
    assert len(launches(ready(slow))) == 1


def test_a_slot_that_became_another_kind_is_another_slot(slow):
    slow.offer(2)
    slow.offer(2, kind="gpu")
    assert (slow.state.pool.total("cpu"), slow.state.pool.total("gpu")) == (0, 2)
