"""What a search will cost, before anything runs."""

import pytest
from search_methods_driving import drive, experiment

from daybreak.search.plan import plan
from daybreak.search.registry import make_searcher
from daybreak.spec.models import Confirm


def test_trials_per_rung_against_random_search():
    planned = plan(experiment(max_units=27, max_trials=81))
    assert planned.brackets[0].reach == (81, 27, 9, 3)
    assert planned.ends == {1: 54, 3: 18, 9: 6, 27: 3}
    assert (planned.units, planned.random_units) == (54 + 54 + 54 + 81, 81 * 27)
    assert planned.guard_units == 24
    assert planned.slot_hours is None, "nobody timed a unit"


def test_time_and_money_once_a_unit_is_timed():
    spec = experiment(max_units=27, max_trials=81, guard=0.0, budget={"price_per_slot_hour": 2.0})
    planned = plan(spec, unit_seconds=60.0, slots=3)
    assert planned.slot_hours == pytest.approx(243 / 60)
    assert planned.wall == 81 * 60
    assert planned.money == pytest.approx(2 * 243 / 60)
    assert planned.random_slot_hours == 81 * 27 / 60


def test_wall_is_no_less_than_one_full_trial():
    assert plan(experiment(max_units=27, max_trials=3, method="random"), unit_seconds=1.0, slots=100).wall == 27


def test_gangs_take_several_slots():
    spec = experiment(max_units=10, max_trials=4, method="random").model_copy(
        update={"resources": experiment().resources.model_copy(update={"slots": 2})}
    )
    planned = plan(spec, unit_seconds=3600.0, slots=5)
    assert planned.slot_hours == 80
    assert planned.wall == 20 * 3600, "two gangs fit on five slots"


@pytest.mark.parametrize(
    "budget", [{"slot_hours": 1.0}, {"wall": 1800.0}, {"money": 2.0, "price_per_slot_hour": 2.0}, {"units": 3600}]
)
def test_how_many_trials_a_budget_affords(budget):
    spec = experiment(max_units=27, guard=0.0, budget=budget)
    planned = plan(spec, unit_seconds=1.0, slots=2)
    assert planned.trials == 1205
    assert planned.units <= 3600
    more = plan(experiment(max_units=27, guard=0.0, max_trials=planned.trials + 1))
    assert more.units > 3600


def test_trials_bound_a_rich_budget():
    assert plan(experiment(max_units=27, max_trials=10, budget={"slot_hours": 99.0}), unit_seconds=1.0).trials == 10


def test_what_cannot_be_planned_says_what_is_missing():
    assert "give search.max_units" in plan(experiment(max_trials=9)).notes[0]
    assert "one unit must be timed" in plan(experiment(max_units=27, budget={"slot_hours": 1.0})).notes[0]


@pytest.mark.parametrize(
    ("method", "trials", "units"),
    [("single", 1, 27), ("random", 10, 270), ("grid", 6, 6 * 27), ("pbt", 10, 270), ("hyperband", 40, None)],
)
def test_every_method_has_a_plan(method, trials, units):
    planned = plan(
        experiment(method=method, max_units=27, max_trials=None if method == "grid" else trials), grid_size=6
    )
    assert planned.trials == trials
    assert planned.units == (units or planned.units)
    assert sum(planned.ends.values()) == trials


@pytest.mark.parametrize("method", ["single", "random", "asha", "asha_stopping", "adaptive_asha", "hyperband"])
def test_what_happens_is_near_the_plan(method):
    """Values in an order that says nothing: within a quarter of the plan's units."""
    spec = experiment(method=method, max_units=27, max_trials=1 if method == "single" else 60, guard=0.0)
    lengths = drive(make_searcher(spec), lambda trial, units: trial * 37 % 61)
    spent = sum(reached[-1] for reached in lengths.values())
    assert 0.99 <= spent / plan(spec).units <= (1.9 if "asha" in method else 1.01)


def test_the_confirmation_costs_too():
    spec = experiment(max_units=27, max_trials=81, guard=0.0)
    again = spec.model_copy(update={"confirm": Confirm(top=2, seeds=3)})
    planned = plan(again, unit_seconds=1.0, slots=4)
    assert planned.confirm_units == 2 * 3 * 27
    assert planned.slot_hours == pytest.approx((243 + 162) / 3600)
    assert planned.wall == 61 + 2 * 27, "six trainings on four slots take two turns"


def test_a_budget_in_units_keeps_no_more_than_half_for_the_confirmation():
    spec = experiment(max_units=27, guard=0.0, budget={"units": 270})
    planned = plan(spec.model_copy(update={"confirm": Confirm(top=3, seeds=5)}))
    assert planned.confirm_units == 5 * 27
    assert planned.units <= 270 - 5 * 27
