"""How often the guard is wrong, measured as it is used: whole searches over trials whose true rank correlation is known."""

from math import sqrt

import pytest
from search_methods_driving import drive, searcher

from daybreak.base.streams import Stream

RUNGS = {1: 0, 3: 1, 9: 2, 27: 3, 81: 4}


class Correlated:
    """Losses of which each is correlated with the one at the rung before; standard normal at each."""

    def __init__(self, rho, seed):
        self.rho, self.seed, self.known = rho, seed, {}

    def __call__(self, trial, units):
        stream, path = self.known.setdefault(trial, (Stream(self.seed, "trial", trial), []))
        while len(path) <= RUNGS[units]:
            fresh = stream.normal()
            path.append(fresh if not path else self.rho * path[-1] + sqrt(1 - self.rho**2) * fresh)
        return path[RUNGS[units]]


def searched(rho, seed, trials, method="asha", **search):
    method = searcher(method=method, max_units=81, max_trials=trials, seed=seed, **search)
    drive(method, Correlated(rho, seed))
    return method.view()


def lifted(view, within=10**9):
    return any(lift["at_units"] <= within for lift in view.facts["guard"]["lifted"])


def test_a_cut_that_is_chance_is_lifted_soon():
    views = [searched(0.0, seed, trials=150) for seed in range(40)]
    assert sum(lifted(view, within=600) for view in views) >= 0.7 * len(views)  # 88 % of 200


@pytest.mark.parametrize(("rho", "most"), [(0.6, 0.05), (0.9, 0.0)])
def test_a_cut_that_is_worth_something_is_hardly_ever_lifted(rho, most):
    views = [searched(rho, seed, trials=200) for seed in range(25)]
    assert sum(lifted(view) for view in views) <= most * len(views)  # none of 200


@pytest.mark.parametrize("method", ["asha", "asha_stopping"])
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_the_guard_keeps_to_its_share(method, rho):
    for seed in range(5):
        facts = searched(rho, seed, trials=100, method=method).facts["guard"]
        assert 0 < facts["share"] <= 0.1


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    inside = 0
    for seed in range(40):
        view = searched(0.6, 1000 + seed, trials=120)
        cut = view.facts["guard"]["cuts"][0]
        inside += cut["low"] <= 0.582 <= cut["high"]  # Spearman's of a normal pair with 0.6
    assert 0.8 * 40 <= inside <= 40


def test_stopping_is_guarded_too():
    views = [searched(0.0, seed, trials=150, method="asha_stopping") for seed in range(10)]
    assert sum(lifted(view) for view in views) >= 7


def test_where_ranks_stay_the_guard_falls_quiet():
    few = searched(0.95, 1, trials=60).facts["guard"]["share"]
    many = searched(0.95, 1, trials=600).facts["guard"]["share"]
    assert many < 0.75 * few


def test_regret_is_nothing_where_ranks_stay_and_something_where_they_are_chance():
    kept = [searched(0.95, seed, trials=150).facts["guard"]["cuts"][0]["regret"] for seed in range(10)]
    lost = [searched(0.0, seed, trials=150).facts["guard"]["cuts"][0]["regret"] for seed in range(10)]
    assert sum(regret["share"] for regret in kept) == 0.0
    assert sum(regret["missed"] for regret in lost) > 0.5, "better trials were cut"
    assert all(regret["low"] <= regret["share"] <= regret["high"] for regret in kept + lost)
