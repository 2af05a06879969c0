"""Handwritten digits with XGBoost: one unit is five rounds of boosting, with sampled rows and columns.

On the platform:  daybreak run examples/xgboost/xgboost.yaml
Alone:            python examples/xgboost/train.py --eta 0.3 --epochs 10
"""

import numpy as np
import xgboost as xgb
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import daybreak
from daybreak.train.adapters.xgboost import rounds


def prepare():
    """Runs once; every trial shares what it returns."""
    images, labels = load_digits(return_X_y=True)
    return train_test_split(images, labels, test_size=0.25, random_state=0, stratify=labels)


def main(run):
    x_train, x_valid, y_train, y_valid = run.prepared
    train, valid = xgb.DMatrix(x_train, y_train), xgb.DMatrix(x_valid, y_valid)
    p = run.params
    sampled = {"subsample": p.subsample, "colsample_bynode": p.colsample_bynode}
    params = {"objective": "multi:softmax", "num_class": 10, "eta": p.eta, "max_depth": p.max_depth, **sampled}

    for booster in rounds(run, params, train, evals={"valid": valid}, each=5):  # reports valid_mlogloss
        run.report(accuracy=np.mean(booster.predict(valid) == y_valid))


if __name__ == "__main__":
    daybreak.run(main, eta=0.3, max_depth=4, subsample=0.8, colsample_bynode=0.5)
