"""Boosting and warm starts by rounds: frozen, then killed, the trained examples end with the same bits as when nothing happens."""

from importlib.util import find_spec

import pytest
from fake_agent import FakeAgent
from interrupted import EXAMPLES, Trial, compile_once, digest

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
NEEDS = {"xgboost": "xgboost", "lightgbm": "lightgbm", "warm_start": "sklearn", "jax": "optax"}


def learnt(kept):
    """Everything; of a forest its trees, field by field: their records have gaps, which hold whatever was in memory."""
    if "model" not in kept:
        return kept
    trees = [estimator.tree_ for estimator in kept["model"].estimators_]
    nodes = [tree.__getstate__()["nodes"] for tree in trees]
    return [{name: records[name] for name in records.dtype.names} for records in nodes], [tree.value for tree in trees]


@pytest.mark.parametrize("example", sorted(POINTS))
def test_frozen_and_killed_it_ends_with_the_same_bits(example, tmp_path, monkeypatch):
    if find_spec(NEEDS[example]) is None:
        pytest.skip(f"{NEEDS[example]} is not installed: pip install 'daybreak[{example}]'")
    compile_once(monkeypatch, tmp_path)
    with FakeAgent(EXAMPLES / example, "train:main", home=tmp_path) as agent:
        assert agent.ready.how == "fork", agent.ready.why  # imported, each of them survives that
        whole, trial = (Trial(agent, POINTS[example], UNITS) for _ in range(2))
        end = whole.train()
        last = trial.train(start=trial.train_and_be_killed(3, trial.train(1, action="freeze")))
        assert digest(learnt(trial.kept(last))) == digest(learnt(whole.kept(end)))
        assert trial.reported == whole.reported
        metric, bound = BETTER_THAN[example]
        assert (whole.reported[metric][UNITS] if bound > 0 else -whole.reported[metric][UNITS]) > bound
