"""A budget that ends before any trial stands at a target: what was reported on the way counts, and the end takes few events."""

import pytest

from daybreak.bootstrap.simulate import Assumptions, simulate
from daybreak.spec.loading import from_mapping

BUDGETS = [
    {"wall": 3600},
    {"wall": 600},
    {"slot_hours": 2},
    {"slot_hours": 0.3},
    {"trials": 21},
    {"units": 300},
    {"units": 40},
]


def spec(method, budget, score="best"):
    return from_mapping(
        {
            "name": "short",
            "run": "train:main",
            "space": {"lr": {"log": [1e-4, 1e-1]}, "width": {"choice": [16, 32]}},
            "objective": {"maximize": "acc"},
            "search": {"method": method, "max_units": 27},
            "budget": budget,
            "score": score,
            "seed": 7,
        },
        folder="/nowhere",
    )


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: " ".join(f"{v} {k}" for k, v in budget.items()))
@pytest.mark.parametrize("method", ["asha", "pbt", "hyperband"])
def test_a_search_and_its_random_twin_end_well_with_the_score_that_was_reported(method, budget):
    found = simulate(spec(method, budget), 8, Assumptions())
    for one in (found["search"], found["random"]):
        assert one["state"] == "done", one["why"]
        assert one["best"]["score"] == pytest.approx(one["incumbents"][-1][1])
        assert one["events"] < 100 * one["trials"], "no timer that comes due again and again"


def test_a_score_that_is_the_last_report_is_known_of_a_trial_that_was_frozen_on_its_way():
    random = simulate(spec("asha", {"slot_hours": 0.3}, score="last"), 8, Assumptions())["random"]
    assert (random["state"], random["rungs"]) == ("done", [])
    assert random["best"]["score"] is not None
