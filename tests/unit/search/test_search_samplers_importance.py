"""Which hyperparameter mattered."""

import math

import pytest

from daybreak.search.importance import importance
from daybreak.search.spaces import Space
from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform

SPACE = Space(
    {
        "lr": Log(low=1e-5, high=1.0),
        "optimizer": Choice(options=("sgd", "adam")),
        "width": Int(low=1, high=64),
        "epochs": Constant(value=3),
    }
)
CONDITIONAL = Space(
    {"optimizer": Choice(options=("sgd", "adam")), "momentum": Uniform(low=0, high=1, when="optimizer == 'sgd'")}
)


def loss(point):
    return abs(math.log10(point["lr"]) + 3) + 0.8 * (point["optimizer"] == "sgd")


@pytest.mark.parametrize("trials", [20, 200], ids=["by rank", "by PED-ANOVA"])
def test_shares_follow_what_the_loss_is_made_of(trials):
    points = [SPACE.draw(3, trial) for trial in range(trials)]
    shares = importance(SPACE, points, [loss(point) for point in points])
    assert sum(shares.values()) == pytest.approx(1.0)
    assert next(iter(shares)) == "lr"
    assert shares["width"] < 0.15


def test_a_conditional_hyperparameter_may_matter_most():
    points = [CONDITIONAL.draw(1, trial) for trial in range(80)]
    shares = importance(CONDITIONAL, points, [abs(point.get("momentum", 0.5) - 0.5) for point in points])
    assert shares["momentum"] > 0.5


def test_diverged_trials_count_as_the_worst():
    points = [SPACE.draw(3, trial) for trial in range(60)]
    shares = importance(SPACE, points, [math.inf if point["lr"] > 1e-2 else 1.0 for point in points])
    assert next(iter(shares)) == "lr"


def test_nothing_is_said_where_nothing_can_be_told():
    points = [SPACE.draw(3, trial) for trial in range(10)]
    assert importance(SPACE, points[:3], [1.0, 2.0, 3.0]) == {}
    assert importance(SPACE, points, [1.0] * 10) == {}
    assert importance(Space({"epochs": Constant(value=3)}), [{"epochs": 3}] * 5, [1, 2, 3, 4, 5]) == {}
