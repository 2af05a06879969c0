"""The progression of diabetes with LightGBM: one unit is ten rounds of boosting, with bagging, stopped early.

On the platform:  daybreak run examples/lightgbm/lightgbm.yaml
Alone:            python examples/lightgbm/train.py --learning_rate 0.05 --epochs 20
"""

import lightgbm as lgb
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

import daybreak
from daybreak.train.adapters.lightgbm import rounds
from daybreak.train.adapters.patience import Patience


def prepare():
    """Runs once; every trial shares what it returns."""
    features, progression = load_diabetes(return_X_y=True)
    return train_test_split(features, progression, test_size=0.25, random_state=0)


def main(run):
    x_train, x_valid, y_train, y_valid = run.prepared
    train = lgb.Dataset(x_train, y_train)
    valid = lgb.Dataset(x_valid, y_valid, reference=train)
    p = run.params
    sampled = {"bagging_freq": 1, "bagging_fraction": p.bagging_fraction, "feature_fraction": p.feature_fraction}
    grown = {"learning_rate": p.learning_rate, "num_leaves": p.num_leaves}
    params = {"objective": "regression", "metric": "rmse", **sampled, **grown}

    patience = Patience("valid_rmse", units=5)
    for _ in rounds(run, params, train, evals={"valid": valid}, each=10, patience=patience):
        run.report(best_rmse=patience.best)  # beside valid_rmse, which is reported by itself


if __name__ == "__main__":
    daybreak.run(main, learning_rate=0.03, num_leaves=15, bagging_fraction=0.8, feature_fraction=0.8)
