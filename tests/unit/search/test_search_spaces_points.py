"""Points of a space: drawn, checked, encoded, walked."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from daybreak.base.errors import UsageError
from daybreak.search.spaces import Space
from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform

CONFORMANCE = Path(__file__).parents[4] / "shared" / "conformance" / "search.yaml"
DOMAINS = {
    "lr": Log(low=1e-4, high=1e-1),
    "optimizer": Choice(options=("sgd", "adamw")),
    "momentum": Uniform(low=0.0, high=0.99, when="optimizer == 'sgd'"),
    "nesterov": Choice(options=(True, False), when="momentum > 0.5"),
    "augment.noise": Uniform(low=0.0, high=0.1),
    "epochs": Constant(value=30),
}


def test_one_seed_one_sequence_for_good():
    """These numbers may never change: recorded searches are repeated from their seed."""
    space = Space(DOMAINS)
    assert [space.draw(7, trial) for trial in (1, 2)] == [
        {
            "lr": 0.05759519469029088,
            "optimizer": "sgd",
            "momentum": 0.4549200469513688,
            "augment.noise": 0.05143711585966748,
            "epochs": 30,
        },
        {
            "lr": 0.0024475249916812835,
            "optimizer": "sgd",
            "momentum": 0.8666568038178045,
            "nesterov": False,
            "augment.noise": 0.02391250657710139,
            "epochs": 30,
        },
    ]


def test_a_further_hyperparameter_changes_no_draw_of_the_others():
    more = Space({"first": Int(low=0, high=9), **DOMAINS})
    drawn = more.draw(7, 3)
    del drawn["first"]
    assert drawn == Space(DOMAINS).draw(7, 3)


def test_a_name_is_there_when_its_condition_holds():
    points = [Space(DOMAINS).draw(1, trial) for trial in range(1, 200)]
    assert all(("momentum" in point) == (point["optimizer"] == "sgd") for point in points)
    assert all(("nesterov" in point) == (point.get("momentum", 0) > 0.5) for point in points)
    assert {"nesterov" in point for point in points} == {True, False}


def test_a_constraint_over_an_absent_name_holds():
    space = Space(DOMAINS, ["momentum < 0.1"])
    points = [space.draw(1, trial) for trial in range(1, 60)]
    assert {point["optimizer"] for point in points} == {"sgd", "adamw"}
    assert all(point.get("momentum", 0) < 0.1 for point in points)


def test_a_space_without_a_valid_point_names_the_constraint_that_rejected_most():
    space = Space(DOMAINS, ["lr > 0.00011", "augment.noise > 1"])
    with pytest.raises(UsageError, match=r"none in 10000 draws: constraint 'augment\.noise > 1' rejected"):
        space.draw(0, 1)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"lr": 1.0}, "'lr' cannot be 1.0"),
        ({"momentum": None}, "'momentum' is missing"),
        ({"nesterov": True}, "'nesterov' must be absent"),
        ({"lrr": 0.1}, "'lrr' is no hyperparameter"),
        ({"augment.noise": 0.09}, "constraint 'augment.noise < 0.05' does not hold"),
    ],
)
def test_why_a_point_is_none_of_the_space(changed, why):
    space = Space(DOMAINS, ["augment.noise < 0.05"])
    good = {"lr": 0.01, "optimizer": "sgd", "momentum": 0.3, "augment.noise": 0.01, "epochs": 30}
    assert space.problem(good) is None
    bad = {name: value for name, value in (good | changed).items() if value is not None}
    assert why in space.problem(bad)


def test_coordinates_are_one_per_column_that_varies():
    space = Space(DOMAINS)
    coordinates = space.encode({"lr": 1e-4, "optimizer": "adamw", "augment.noise": 0.05, "epochs": 30})
    assert space.columns == ("lr", "optimizer", "momentum", "nesterov", "augment.noise")
    assert [c for c in coordinates if c == c] == [0.0, 0.75, 0.5]  # noqa: PLR0124 (absent ones are NaN)


@pytest.mark.skipif(not CONFORMANCE.exists(), reason="the shared conformance facts are not on this machine")
def test_grids_as_their_users_know_them():
    for case in yaml.safe_load(CONFORMANCE.read_text())["grid"]:
        space = Space({n: Int(low=d["int"][0], high=d["int"][1], count=d["count"]) for n, d in case["space"].items()})
        assert [list(point.values()) for point in space.grid()] == case["expect"]


def test_a_grid_has_one_point_where_a_name_is_absent_and_none_that_breaks_a_constraint():
    space = Space(
        {"opt": Choice(options=("a", "b")), "m": Int(low=1, high=3, when="opt == 'a'"), "n": Int(low=0, high=1)},
        ["m + n < 4"],
    )
    assert [tuple(point.values()) for point in space.grid()] == [
        ("a", 1, 0), ("a", 1, 1), ("a", 2, 0), ("a", 2, 1), ("a", 3, 0), ("b", 0), ("b", 1),
    ]  # fmt: skip


def test_all_points_of_a_small_space_only():
    domains = {"a": Int(low=1, high=10), "b": Uniform(low=0, high=1, step=0.5)}
    assert len(Space(domains).all_points(30)) == 30
    assert Space(domains).all_points(29) is None
    assert Space({"x": Uniform(low=0, high=1)}).all_points(1000) is None


def test_draws_are_as_likely_as_declared():
    space = Space({"width": Choice(options=(16, 32, 64)), "layers": Int(low=1, high=2)})
    counts = Counter(tuple(space.draw(5, trial).values()) for trial in range(3000))
    assert len(counts) == 6
    assert min(counts.values()) > 420  # 500 expected, standard deviation 20
