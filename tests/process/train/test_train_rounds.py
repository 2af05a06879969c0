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


INJECTED = """
import jax.numpy as jnp
import optax
from daybreak.train.adapters.jax import State

def main(run):
    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=run.params.lr, momentum=0.5)
    weight = {"w": jnp.ones(2)}
    state = State(run, weight=weight, optimizer=optimizer.init(weight))
    for _ in run.epochs():
        change, state.optimizer = optimizer.update(state.weight, state.optimizer)
        state.weight = optax.apply_updates(state.weight, change)
"""


def test_what_optax_injects_comes_from_a_clones_own_point(tmp_path, monkeypatch):
    pytest.importorskip("optax", reason="optax is not installed: pip install 'daybreak[jax]'")
    compile_once(monkeypatch, tmp_path)
    (tmp_path / "injected.py").write_text(INJECTED)
    with FakeAgent(tmp_path, "injected:main") as agent:
        source, clone = Trial(agent, {"lr": 0.5}, 3), Trial(agent, {"lr": 0.25}, 3)
        start = source.train(1, action="freeze")
        end = clone.train(start=start)
        assert "hyperparams['learning_rate'] 0.5 -> 0.25" in agent.output()
        assert clone.kept(end)["jax"]["trees"]["optimizer"][".hyperparams['learning_rate']"]["array"] == 0.25
        again = clone.train(start=clone.train(2, start, action="freeze"))
        assert digest(clone.kept(again)) == digest(clone.kept(end))
