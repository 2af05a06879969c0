"""A deterministic search on simulated workers: the same on any number of them, and what its turns cost."""

import pytest

from daybreak.bootstrap.plan import planned
from daybreak.bootstrap.simulate import Assumptions, simulate
from daybreak.spec.domains import Log
from daybreak.spec.models import Budget, Experiment, Objective, Search

METHODS = {
    "asha": Search(max_units=9, max_concurrent=4),
    "adaptive_asha": Search(method="adaptive_asha", max_units=9, max_concurrent=4),
    "hyperband": Search(method="hyperband", max_units=9, max_concurrent=4),
    "pbt": Search(method="pbt", max_units=8, population=6, max_concurrent=4, sampler="random"),
    "random": Search(method="random", max_units=9, max_concurrent=4, sampler="tpe"),
    "grid": Search(method="grid", max_units=9, max_concurrent=4),
}


def spec(search, **fields):
    return Experiment(
        name="toy", run="train:main", space={"lr": Log(low=1e-4, high=1, count=20)}, objectives=(Objective(metric="acc"),),
        search=search, budget=Budget(trials=20), deterministic=True, **fields,
    )  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_the_search_is_the_same_on_one_worker_and_on_many(method):
    found = [
        simulate(spec(METHODS[method]), workers, Assumptions(against_random=False))["search"] for workers in (1, 3, 8)
    ]

    for told in found[1:]:
        for name in ("best", "trials", "units", "states", "rungs"):
            assert told[name] == found[0][name], name


def test_what_its_turns_cost_stands_beside_the_same_search_without_them():
    found = simulate(spec(METHODS["asha"]), 4, Assumptions(against_random=False))

    assert 0 < found["ordinary"]["idle"] < found["search"]["idle"] < 1


def test_a_plan_says_that_decisions_wait_for_their_turn():
    assert any("4 trials train at once" in note for note in planned(spec(METHODS["asha"]))["notes"])
