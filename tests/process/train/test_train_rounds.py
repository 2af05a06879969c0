"""Boosting and warm starts by rounds: frozen, then killed, the trained examples end with the same bits as when nothing happens."""

import pytest
from fake_agent import FakeAgent
from interrupted import EXAMPLES, Trial, digest

UNITS = 5
POINTS = {
    "xgboost": {"eta": 0.3, "max_depth": 3, "subsample": 0.7, "colsample_bynode": 0.5},
    "lightgbm": {"learning_rate": 0.1, "num_leaves": 8, "bagging_fraction": 0.6, "feature_fraction": 0.5},
    "warm_start": {"max_features": 0.5, "min_samples_leaf": 2},
    "jax": {"lr": 0.01, "width": 16, "dropout": 0.2, "batch": 64},
}
BETTER_THAN = {
    "xgboost": ("accuracy", 0.9),
    "warm_start": ("accuracy", 0.9),
    "jax": ("accuracy", 0.85),
    "lightgbm": ("valid_rmse", -65.0),
}
INSTALL = {"jax": "optax"}


@pytest.mark.parametrize("example", sorted(POINTS))
def test_frozen_and_killed_it_ends_with_the_same_bits(example, tmp_path):
    needed = INSTALL.get(example, example)
    if example != "warm_start":
        pytest.importorskip(needed, reason=f"{needed} is not installed: pip install 'daybreak[{example}]'")
    with FakeAgent(EXAMPLES / example, "train:main", home=tmp_path) as agent:
        assert agent.ready.how == "fork", agent.ready.why  # imported, each of them survives that
        whole, trial = (Trial(agent, POINTS[example], UNITS) for _ in range(2))
        end = whole.train()
        last = trial.train(start=trial.train_and_be_killed(3, trial.train(1, action="freeze")))
        assert digest(trial.kept(last)) == digest(whole.kept(end))
        assert trial.reported == whole.reported
        metric, bound = BETTER_THAN[example]
        assert (whole.reported[metric][UNITS] if bound > 0 else -whole.reported[metric][UNITS]) > bound
