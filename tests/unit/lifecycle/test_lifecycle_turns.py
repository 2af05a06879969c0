"""Deterministic searches: reports are held until their turn, slots follow, and losses decide nothing."""

import pytest

from daybreak import lifecycle
from daybreak.lifecycle.commands import Freeze, Launch, Propose, Verdict
from daybreak.lifecycle.events import RungReported
from daybreak.lifecycle.turns import Outcome, Turns
from daybreak.spec.models import Budget, Retry, Search

THREE = Search(max_units=9, max_concurrent=3, guard=0)


@pytest.fixture
def turns(script):
    """Three logical workers, as many slots as a test offers."""

    def begin(slots, search=THREE, budget=Budget(trials=9), **fields):  # noqa: B008 (frozen)
        script.offer(slots)
        script.submit(search=search, budget=budget, deterministic=True, **fields)
        return script.state.experiments[1].turns

    return begin


def verdicts(orders):
    return [(order.attempt.trial, order.action) for order in orders if isinstance(order, Verdict)]


def test_segments_take_their_turns_by_virtual_finish_then_number():
    turns = Turns(workers=3, stands={1: 0, 2: 0, 3: 0})
    turns.grant(1, 5)
    turns.grant(2, 3)
    turns.grant(3, 3)
    turns.held |= {1: Outcome("report", 5), 3: Outcome("report", 3)}
    assert turns.due() is None  # trial 2 is first

    turns.held[2] = Outcome("report", 3)
    order = []
    while turns.due() is not None:
        segment, _ = turns.take()
        order.append((segment.trial, turns.now))

    assert order == [(2, 3), (3, 3), (1, 5)]


def test_a_report_is_answered_only_after_those_before_it(turns, script, key):
    turns(3)

    assert verdicts(script.report(key(1, 2, 1))) == []
    assert verdicts(script.report(key(1, 3, 1))) == []
    answered = verdicts(script.report(key(1, 1, 1)))

    assert [trial for trial, _ in answered] == [1, 2, 3]


def test_points_are_asked_for_in_a_turn_and_nothing_is_decided_until_they_have_come(turns, script, key):
    turns(3)
    script.report(key(1, 2, 1))
    schedule = script.state.experiments[1].turns
    report = RungReported(key(1, 1, 1), 1, script.state.attempts[key(1, 1, 1)].target, {"accuracy": 0.5})

    orders = lifecycle.step(script.state, script.at, report)

    assert [order.count for order in orders if isinstance(order, Propose)] == [1]
    assert 2 in schedule.held, "the second report's turn has not come while the point is drawn"


def test_on_fewer_slots_than_workers_a_held_trial_makes_way(turns, script, key):
    turns(2)
    assert {attempt.trial for attempt in script.state.attempts} == {1, 2}

    orders = script.report(key(1, 2, 1))  # the third trial waits for slots

    assert verdicts(orders) == [(2, "freeze")]
    script.save(key(1, 2, 1))
    assert [o.attempt.trial for o in script.end(key(1, 2, 1), "frozen") if isinstance(o, Launch)] == [3]
    assert script.trial(2).state == "waiting"


def test_with_slots_for_all_a_held_trial_stays_where_it_is(turns, script, key):
    turns(3)

    orders = script.report(key(1, 2, 1))

    assert not any(isinstance(order, Verdict | Freeze) for order in orders)


def test_one_slot_is_enough(turns, script):
    turns(1)

    script.carry_out()

    assert script.row().state == "done"
    assert len(script.state.experiments[1].trials) == 9


def test_losses_are_nothing_to_the_search_and_too_many_in_a_row_pause_it(turns, script):
    turns(1, search=Search(method="random", max_units=9, max_concurrent=1), budget=Budget(trials=1))
    losses = 0
    while (attempt := script.trial(1).live) is not None:
        losses += 1
        script.end(attempt.key, "lost", units=0)

    assert losses == 11
    assert script.row().state == "paused"
    assert any("lost 11 times in a row" in text for _, text in script.notices())
    script.ask("resume")
    script.carry_out()
    assert script.row().state == "done"
    assert script.trial(1).crashes == 0


def test_a_trial_that_failed_often_enough_fails_in_its_turn(turns, script, key):
    turns(3, retry=Retry(attempts=0))

    script.crash(key(1, 2, 1))
    assert script.trial(2).state == "waiting"
    script.report(key(1, 1, 1))

    assert script.trial(2).state == "failed"


def test_a_budget_of_units_counts_each_unit_once(turns, script, key):
    schedule = turns(1, search=Search(method="random", max_units=9, max_concurrent=1), budget=Budget(units=18))
    script.end(key(1, 1, 1), "lost", units=8, after=8.0)

    script.carry_out()

    assert schedule.units == 18
    assert script.row().units > 18  # what was trained, repeats included
    assert [t.state for t in script.state.experiments[1].trials.values() if t.epochs] == ["finished", "finished"]


def test_extended_by_too_little_for_a_trial_that_was_put_off_it_ends_again_and_asks_for_no_points(turns, script):
    """Such a trial has a worker for the searcher, and none here: points would be asked for in vain, again and again."""
    turns(1, search=Search(method="asha_stopping", max_units=9, max_concurrent=1, guard=0), budget=Budget(units=10))
    script.carry_out()
    assert (script.row().state, script.trial(2).units, script.trial(2).target) == ("done", 1, 3)

    orders = script.ask("extend", {"budget": {"units": 11}})

    assert not any(isinstance(order, Propose) for order in orders)
    assert script.row().state == "done"
    script.ask("extend", {"budget": {"units": 20}})
    script.carry_out()
    assert script.trial(2).state == "finished"


def test_it_cannot_be_extended_by_a_budget_of_time(turns, script):
    turns(1)

    script.ask("extend", {"budget": {"wall": 60.0}})

    assert "`wall` depends on the machine's speed" in script.state.last_refusal
