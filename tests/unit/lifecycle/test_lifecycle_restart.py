"""After a restart: what is sent again, what was lost, what the sampler is told."""

import pickle

import pytest

from daybreak import lifecycle
from daybreak.base.errors import NotFound
from daybreak.lifecycle.commands import Freeze, Launch, Prepare, Propose, SetTimer
from daybreak.lifecycle.events import Submitted
from daybreak.spec.models import Budget, Search


def kinds(orders):
    return [type(order) for order in orders]


def test_launches_are_outstanding_until_they_have_started(script, key):
    script.offer(1)
    script.submit()
    launch = script.state.attempts[key(1, 1, 1)].launch
    assert launch in lifecycle.outstanding(script.state)

    script.start(key(1, 1, 1))
    assert kinds(lifecycle.outstanding(script.state)) == [Prepare]


def test_freezes_timers_and_proposals_are_outstanding(script, key):
    script.offer(1)
    script.submit(budget=Budget(slot_hours=1.0))
    script.start(key(1, 1, 1))
    script.ask("pause")
    assert kinds(lifecycle.outstanding(script.state)) == [Prepare, SetTimer, Freeze]

    other = lifecycle.new_state()
    lifecycle.step(other, 0.0, Submitted(1, script.state.experiments[1].spec_data))
    assert kinds(lifecycle.outstanding(other)) == [Prepare, Propose]


def test_what_is_over_has_nothing_outstanding(script):
    script.offer(1)
    script.submit(search=Search(method="random", max_units=3, max_trials=1))
    script.carry_out()

    assert lifecycle.outstanding(script.state) == []


def test_attempts_without_a_process_are_ended_as_lost_at_the_last_known_time(script, key):
    script.offer(2)
    script.submit()
    script.start(key(1, 1, 1), seconds=1.0)
    script.report(key(1, 2, 1), after=7.0)

    ends = lifecycle.lost_attempts(script.state, {key(1, 2, 1)})

    assert [(end.attempt, end.reason, end.slot_seconds) for end in ends] == [(key(1, 1, 1), "lost", 7.0)]


def test_a_state_survives_pickling_and_goes_on_the_same(script, key):
    script.offer(2)
    script.submit(search=Search(max_units=9, max_trials=6))
    copy = pickle.loads(pickle.dumps(script.state))
    events = [lifecycle.lost_attempts(script.state, ())[0]]

    assert [lifecycle.step(copy, 2000.0, e) for e in events] == [
        lifecycle.step(script.state, 2000.0, e) for e in events
    ]


def test_a_sampler_is_told_every_value_in_the_order_it_came(script, key):
    script.offer(2)
    script.submit(search=Search(max_units=9, max_trials=2))
    script.report(key(1, 2, 1), {"accuracy": 0.5})
    script.report(key(1, 1, 1), {"accuracy": float("nan")})

    told = list(lifecycle.observations(script.state, 1))
    assert told == [(2, {"lr": 0.02}, 1, (-0.5,)), (1, {"lr": 0.01}, 1, (float("inf"),))]
    assert lifecycle.pending_points(script.state, 1) == {1: {"lr": 0.01}, 2: {"lr": 0.02}}


def test_an_experiment_that_is_not_there_is_not_found():
    with pytest.raises(NotFound, match="no experiment 7"):
        lifecycle.status(lifecycle.new_state(), 7, 0.0)


def test_a_launch_is_sent_once_for_an_attempt(script):
    script.offer(2)
    script.submit()
    script.carry_out()

    attempts = [order.attempt for order in script.orders if isinstance(order, Launch)]
    assert len(attempts) == len(set(attempts))
