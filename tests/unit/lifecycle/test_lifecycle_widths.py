"""A trial goes on with another number of slots from its checkpoint; what it costs is counted by the slots that were held."""

import pytest

from daybreak.lifecycle import budget
from daybreak.lifecycle.commands import Freeze, Launch
from daybreak.spec.models import Search


@pytest.fixture
def gang(script):
    """Trial 1 on two of four slots, with a checkpoint at 3 units."""
    script.offer(4)
    script.submit(search=Search(method="random", max_units=9, max_trials=1), resources={"slots": 2}, max_slots=4)
    return script


def test_a_frozen_gang_of_two_is_resumed_as_four(gang, key):
    gang.ask("pause")
    gang.save(key(1, 1, 1), units=3)
    gang.end(key(1, 1, 1), "preempted", units=3, after=10.0)
    gang.ask("extend", {"resources": {"slots": 4}})

    (launch,) = [order for order in gang.ask("resume") if isinstance(order, Launch)]

    assert (len(launch.slots), launch.units, launch.checkpoint.units) == (4, 3, 3)
    assert any("4 slots each" in text for _, text in gang.notices())


def test_one_that_runs_is_frozen_and_goes_on_wider(gang, key):
    orders = gang.ask("extend", {"resources": {"slots": 4}})
    assert [order.attempt for order in orders if isinstance(order, Freeze)] == [key(1, 1, 1)]

    gang.save(key(1, 1, 1), units=2)
    (launch,) = [o for o in gang.end(key(1, 1, 1), "preempted", units=2, after=5.0) if isinstance(o, Launch)]

    assert len(launch.slots) == 4


def test_slot_seconds_are_those_of_the_slots_that_were_held(gang, key):
    gang.ask("extend", {"resources": {"slots": 4}})
    gang.end(key(1, 1, 1), "preempted", units=0, after=5.0)  # two slots for 5 s
    gang.at += 3.0  # and four for 3 s so far

    assert budget.slot_seconds(gang.state.experiments[1], gang.at) == pytest.approx(2 * 5 + 4 * 3)


def test_a_unit_costs_as_many_slot_seconds_until_it_is_measured(gang):
    experiment = gang.state.experiments[1]
    experiment.costs.unit = 8.0

    gang.ask("extend", {"resources": {"slots": 4}})

    assert experiment.costs.unit * experiment.spec.resources.slots == pytest.approx(2 * 8.0)


@pytest.mark.parametrize("changes", [{"slots": 8}, {"slots": 0}, {"slots": 2, "kind": "gpu"}])
def test_what_cannot_be_is_refused(gang, changes):
    gang.ask("extend", {"resources": changes})

    assert "cannot extend" in gang.state.last_refusal
    assert gang.state.experiments[1].spec.resources.slots == 2
