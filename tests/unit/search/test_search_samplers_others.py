"""Sobol's spread, names of samplers, what Optuna's need."""

import importlib.util

import pytest

from daybreak.base.errors import UsageError
from daybreak.search.samplers.registry import make_sampler, sampler_names
from daybreak.search.samplers.sobol import DIMENSIONS, scrambled, sobol
from daybreak.spec.domains import Int, Uniform
from daybreak.spec.models import SAMPLERS, Experiment, Objective, Search

KNOWN = {  # unscrambled points 1 to 4 of the Joe-Kuo sequence, checked against SciPy's
    0: [0.5, 0.75, 0.25, 0.375],
    1: [0.5, 0.25, 0.75, 0.375],
    2: [0.5, 0.25, 0.75, 0.625],
    5: [0.5, 0.75, 0.25, 0.125],
    20: [0.5, 0.25, 0.75, 0.125],
    63: [0.5, 0.75, 0.25, 0.125],
}


def spec(sampler, space=None, objectives=1, method="asha"):
    metrics = tuple(Objective(metric=f"m{i}", direction="minimize") for i in range(objectives))
    space = {"x": Uniform(low=0, high=1)} if space is None else space
    return Experiment(
        name="x", run="a:b", space=space, objectives=metrics, search=Search(sampler=sampler, method=method)
    )


@pytest.mark.parametrize("dimension", KNOWN)
def test_sobol_points_are_those_of_joe_and_kuo(dimension):
    assert [sobol(dimension, index) / 2**32 for index in (1, 2, 3, 4)] == KNOWN[dimension]


@pytest.mark.parametrize("dimension", [0, 1, 20, DIMENSIONS - 1])
def test_256_scrambled_points_fall_into_256_intervals(dimension):
    cells = {scrambled(sobol(dimension, index), seed=12345) >> 24 for index in range(256)}
    assert len(cells) == 256


def test_seeds_scramble_differently():
    assert scrambled(1 << 31, 1) != scrambled(1 << 31, 2)


def test_sobol_takes_more_columns_than_it_has_directions_for():
    space = {f"x{i}": Uniform(low=0, high=1) for i in range(DIMENSIONS + 3)}
    points = [make_sampler(spec("sobol", space)).ask(trial, {}) for trial in range(1, 9)]
    assert len({point[f"x{DIMENSIONS + 1}"] for point in points}) == 8


def test_every_name_that_a_file_may_give_makes_a_sampler():
    here = set(SAMPLERS) - {"gp"}  # gp runs in a process of its own: bootstrap.aside
    assert here <= set(sampler_names())
    assert all(make_sampler(spec(name)).ask(1, {}) is not None for name in here)


def test_the_grid_method_walks_its_grid_whatever_the_sampler():
    assert make_sampler(spec("density", {"a": Int(low=3, high=5)}, method="grid")).ask(1, {}) == {"a": 3}


def test_a_name_that_is_nearly_right():
    with pytest.raises(UsageError, match="got 'densty'; did you mean 'density'"):
        make_sampler(spec("densty"))


def test_gp_says_why_it_is_missing():
    with pytest.raises(UsageError, match="imports torch"):
        make_sampler(spec("gp"))


def test_cmaes_says_what_to_install(monkeypatch):
    monkeypatch.setattr("daybreak.search.samplers.optuna_adapter.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'daybreak\[cmaes\]'"):
        make_sampler(spec("cmaes"))


def test_cmaes_takes_one_objective():
    with pytest.raises(UsageError, match="takes one objective, got 2"):
        make_sampler(spec("cmaes", objectives=2))


@pytest.mark.parametrize("name", ["tpe", "cmaes", "nsga2"])
def test_optunas_samplers_learn_from_what_they_are_told(name):
    if name == "cmaes" and importlib.util.find_spec("cmaes") is None:
        pytest.skip("cmaes is not installed")
    sampler = make_sampler(spec(name, {"x": Uniform(low=0, high=1), "y": Uniform(low=0, high=1)}))
    drawn = []
    for trial in range(1, 161 if name == "nsga2" else 61):  # a generation is 20
        point = sampler.ask(trial, {})
        drawn.append(abs(point["x"] - 0.2) + abs(point["y"] - 0.2))
        sampler.tell(trial, point, 1, (drawn[-1],))
    assert sum(drawn[-20:]) < 0.7 * sum(drawn[:20])
