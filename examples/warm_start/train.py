"""Wines with a random forest that grows: one unit is ten more trees.

On the platform:  daybreak run examples/warm_start/warm_start.yaml
Alone:            python examples/warm_start/train.py --max_features 0.5 --epochs 9
"""

from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

import daybreak
from daybreak.train.adapters.sklearn import rounds


def prepare():
    """Runs once; every trial shares what it returns."""
    measurements, cultivars = load_wine(return_X_y=True)
    return train_test_split(measurements, cultivars, test_size=0.4, random_state=0, stratify=cultivars)


def main(run):
    x_train, x_valid, y_train, y_valid = run.prepared
    p = run.params
    size = {"max_features": p.max_features, "min_samples_leaf": p.min_samples_leaf}
    forest = RandomForestClassifier(warm_start=True, max_samples=0.5, **size)
    for _ in rounds(run, forest, x_train, y_train, each=10):
        run.report(accuracy=forest.score(x_valid, y_valid), trees=len(forest.estimators_))


if __name__ == "__main__":
    daybreak.run(main, max_features=0.5, min_samples_leaf=1)
