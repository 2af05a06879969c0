"""The density-ratio sampler: what it learns from, and that it learns."""

import math

from daybreak.search.samplers.evidence import ENOUGH
from daybreak.search.samplers.registry import make_sampler
from daybreak.search.spaces import Space
from daybreak.spec.domains import Choice, Log, Uniform
from daybreak.spec.models import Experiment, Objective, Search

SPACE = {
    "lr": Log(low=1e-5, high=1.0),
    "optimizer": Choice(options=("sgd", "adam", "lion", "lamb")),
    "momentum": Uniform(low=0.0, high=1.0, when="optimizer == 'sgd'"),
}


def spec(space=SPACE, seed=0, objectives=1, sampler="density"):
    metrics = tuple(Objective(metric=f"m{i}", direction="minimize") for i in range(objectives))
    search = Search(sampler=sampler)
    return Experiment(name="x", run="a:b", space=space, objectives=metrics, search=search, seed=seed)


def loss(point):
    return abs(math.log10(point["lr"]) + 3) + (point["optimizer"] != "sgd") + abs(point.get("momentum", 0) - 0.8)


def searched(sampler, trials=60, units=1, value=lambda point: (loss(point),)):
    points = []
    for trial in range(1, trials + 1):
        points.append(sampler.ask(trial, {}))
        sampler.tell(trial, points[-1], units, value(points[-1]))
    return points


def test_it_finds_better_points_than_random_over_many_seeds():
    won = 0
    for seed in range(10):
        best = {
            name: min(loss(p) for p in searched(make_sampler(spec(seed=seed, sampler=name))))
            for name in ("density", "random")
        }
        won += best["density"] < best["random"]
    assert won >= 9


def test_until_a_rung_has_enough_values_points_are_those_of_random_search():
    points = {name: searched(make_sampler(spec(sampler=name)), ENOUGH) for name in ("density", "random")}
    assert points["density"] == points["random"]


def test_the_highest_rung_with_enough_values_is_believed():
    """At rung 1 large rates look good, at rung 9 small ones are."""
    sampler = make_sampler(spec({"lr": Log(low=1e-5, high=1.0)}))
    for trial in range(1, 41):
        point = {"lr": 10 ** (-trial / 8)}
        sampler.tell(trial, point, 1, (-point["lr"],))
        sampler.tell(trial, point, 9, (point["lr"],))
    rates = [sampler.ask(trial, {})["lr"] for trial in range(41, 61)]
    assert sorted(rates)[15] < 1e-4


def test_pending_points_keep_others_away():
    """Where many are trained already, fewer further ones go."""
    space = {"x": Uniform(low=0, high=1), "y": Uniform(low=0, high=1)}

    def near_the_middle(pending):
        sampler = make_sampler(spec(space))
        for trial in range(1, 41):
            point = Space(space).draw(9, trial)
            sampler.tell(trial, point, 1, ((point["x"] - 0.5) ** 2 + (point["y"] - 0.5) ** 2,))
        points = [sampler.ask(trial, pending) for trial in range(100, 150)]
        return sum(math.dist(p.values(), (0.5, 0.5)) < 0.1 for p in points)

    crowd = {trial: {"x": 0.5, "y": 0.5} for trial in range(50, 70)}
    assert near_the_middle(crowd) < 0.5 * near_the_middle({})


def test_diverged_trials_are_never_good():
    sampler = make_sampler(spec({"x": Uniform(low=0, high=1)}))
    for trial in range(1, 41):
        x = trial / 41
        sampler.tell(trial, {"x": x}, 1, (math.inf if x > 0.2 else x,))
    drawn = [sampler.ask(trial, {})["x"] for trial in range(41, 71)]
    assert sorted(drawn)[20] < 0.3


def test_several_objectives_are_searched_along_their_front():
    """x wants to be small for one and large for the other; y hurts both."""
    sampler = make_sampler(spec({"x": Uniform(low=0, high=1), "y": Uniform(low=0, high=1)}, objectives=2))
    points = searched(sampler, 80, value=lambda p: (p["x"] + p["y"], 1 - p["x"] + p["y"]))
    late = points[40:]
    assert sum(p["y"] for p in late) / 40 < 0.25
    assert max(p["x"] for p in late) - min(p["x"] for p in late) > 0.5


def test_a_trial_whose_point_changed_counts_with_its_new_point():
    """PBT clones a checkpoint into a trial and gives it another point."""
    sampler = make_sampler(spec({"x": Uniform(low=0, high=1)}))
    for trial in range(1, 31):
        sampler.tell(trial, {"x": trial / 31}, 1, (1.0,))
    for trial in range(1, 31):
        sampler.tell(trial, {"x": 0.9 if trial < 6 else trial / 31}, 2, (0.0 if trial < 6 else 1.0,))
    drawn = [sampler.ask(trial, {})["x"] for trial in range(41, 61)]
    assert sorted(drawn)[10] > 0.7
