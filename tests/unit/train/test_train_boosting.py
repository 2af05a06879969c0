"""Boosting by rounds: whatever the parameters draw, a frozen trial ends with the bits of one that never was."""

import math

import numpy as np
import pytest
from frozen import Trial

from daybreak.base.errors import UsageError
from daybreak.train.adapters.patience import Patience

UNITS, EACH = 4, 4

XGBOOST = [
    {},
    {"subsample": 0.5, "colsample_bytree": 0.5, "colsample_bylevel": 0.7, "colsample_bynode": 0.7},
    {"tree_method": "approx", "subsample": 0.5},
    {"tree_method": "exact", "subsample": 0.5},
    {"grow_policy": "lossguide", "max_leaves": 6, "num_parallel_tree": 3, "subsample": 0.5},
    {"booster": "dart", "rate_drop": 0.5},
    {"booster": "gblinear", "updater": "coord_descent", "feature_selector": "random"},
]
LIGHTGBM = [
    {},
    {"bagging_fraction": 0.8, "bagging_freq": 2, "feature_fraction": 0.5},
    {"subsample": 0.3, "subsample_freq": 1, "bagging_seed": 5, "feature_fraction_bynode": 0.5},
    {"pos_bagging_fraction": 0.5, "neg_bagging_fraction": 0.7, "bagging_freq": 1, "extra_trees": True},
]
LIGHTGBM_AGAIN = [
    {"boosting": "dart"},
    {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1},
    {"data_sample_strategy": "goss", "learning_rate": 0.5},
    {"linear_tree": True},
    {"use_quantized_grad": True},
    {"bagging_fraction": 0.5, "bagging_freq": 3},
]


def table():
    """240 rows of 6 features, and a label that needs a few of them."""
    x = np.random.default_rng(0).normal(size=(240, 6))
    return x, (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype(int)


def xgboost_trial(params, folder, **more):
    xgb = pytest.importorskip("xgboost", reason="XGBoost is not installed: pip install 'daybreak[xgboost]'")
    from daybreak.train.adapters.xgboost import rounds

    def main(run):
        x, y = table()
        train, valid = xgb.DMatrix(x[:200], y[:200]), xgb.DMatrix(x[200:], y[200:])
        own = {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], **params}
        for _ in rounds(run, own, train, evals={"valid": valid}, each=EACH, **more):
            pass

    return Trial(main, folder, UNITS)


def lightgbm_trial(params, folder, **more):
    lgb = pytest.importorskip("lightgbm", reason="LightGBM is not installed: pip install 'daybreak[lightgbm]'")
    from daybreak.train.adapters.lightgbm import rounds

    def main(run):
        x, y = table()
        train = lgb.Dataset(x[:200], y[:200])
        valid = lgb.Dataset(x[200:], y[200:], reference=train)
        own = {"objective": "binary", "min_data_in_leaf": 5, **params}
        for _ in rounds(run, own, train, evals={"valid": valid}, each=EACH, **more):
            pass

    return Trial(main, folder, UNITS)


@pytest.mark.parametrize("params", XGBOOST, ids=str)
def test_xgboost_frozen_at_every_unit_ends_with_the_same_bits(params, tmp_path):
    trial = xgboost_trial(params, tmp_path)
    assert trial.train(1, 2, 3).digest == trial.train().digest


@pytest.mark.parametrize("params", LIGHTGBM, ids=str)
def test_lightgbm_frozen_at_every_unit_ends_with_the_same_bits(params, tmp_path):
    trial = lightgbm_trial(params, tmp_path)
    assert trial.train(1, 2, 3).digest == trial.train().digest
    assert trial.kept(trial.train())["lightgbm"]["limits"] == []


@pytest.mark.parametrize("params", LIGHTGBM_AGAIN, ids=str)
def test_what_lightgbm_cannot_go_on_from_is_boosted_again_and_says_so(params, tmp_path):
    trial = lightgbm_trial(params, tmp_path)
    end = trial.train(1, 3)
    assert end.digest == trial.train().digest
    (limit,) = trial.kept(end)["lightgbm"]["limits"]
    assert "boosted again from its first round" in limit


@pytest.mark.parametrize("make", [xgboost_trial, lightgbm_trial])
def test_another_seed_draws_other_rows_and_each_unit_draws_its_own(make, tmp_path):
    trial = make({"subsample": 0.5, "bagging_freq": 1} if make is lightgbm_trial else {"subsample": 0.5}, tmp_path)
    assert trial.attempt(UNITS, seed=7).digest != trial.attempt(UNITS, seed=8).digest


@pytest.mark.parametrize("make", [xgboost_trial, lightgbm_trial])
def test_a_seed_among_the_parameters_is_refused(make, tmp_path):
    with pytest.raises(UsageError, match=r"params must not hold 'seed' here, got 3: each unit's comes from the run's"):
        make({"seed": 3}, tmp_path).train()


def test_patience_ends_a_trial_and_what_was_reached_is_saved(tmp_path):
    def trial():  # labels are noise for this learner: with such steps it only gets worse
        return xgboost_trial({"eta": 5.0}, tmp_path, patience=Patience("valid_logloss", 1))

    whole = trial()
    end = whole.attempt(UNITS)
    assert whole.ended.ending == "completed"
    assert end.units == whole.ended.units == 2
    resumed = trial()
    assert resumed.train(1).digest == end.digest
    assert resumed.attempt(UNITS, start=end) is None  # nothing is left to do


def test_patience_counts_units_since_the_best_one():
    patience = Patience("accuracy", 2, goal="maximize")
    for value in (0.5, 0.7, math.nan, 0.6):
        assert not patience.over
        patience.see({"accuracy": value})
    assert patience.over
    assert (patience.best, patience.best_unit) == (0.7, 2)


def test_patience_for_what_nobody_reports_says_what_is():
    with pytest.raises(UsageError, match="patience waits for 'auc', which no unit reports: it has loss"):
        Patience("auc", 2).see({"loss": 1.0})


def leaves(trial, ref, trees):
    """Values of the leaves of the first `trees` trees."""
    (library,) = trial.kept(ref)
    model = bytes(np.asarray(trial.kept(ref)[library]["booster"]))
    if library == "xgboost":
        import xgboost as xgb

        frame = xgb.Booster(model_file=bytearray(model)).trees_to_dataframe()
        return frame[(frame.Tree < trees) & (frame.Feature == "Leaf")].Gain.tolist()
    import lightgbm as lgb

    frame = lgb.Booster(model_str=model.decode()).trees_to_dataframe()
    return frame[(frame.tree_index < trees) & frame.split_feature.isna()].value.tolist()


@pytest.mark.parametrize("make", [xgboost_trial, lightgbm_trial])
def test_a_clone_keeps_the_trees_of_its_source_and_grows_its_own_at_its_own_rate(make, tmp_path):
    source, clone = (make({"learning_rate": rate}, tmp_path) for rate in (0.5, 0.05))
    start = source.attempt(2, "freeze")
    end, unchanged = clone.attempt(UNITS, start=start), source.attempt(UNITS, start=start)
    assert leaves(clone, end, 2 * EACH) == pytest.approx(leaves(clone, start, 2 * EACH))
    assert max(map(abs, leaves(clone, end, UNITS * EACH)[len(leaves(clone, end, 2 * EACH)) :])) < 0.5 * max(
        map(abs, leaves(clone, unchanged, UNITS * EACH)[len(leaves(clone, unchanged, 2 * EACH)) :])
    )
