"""scikit-learn by rounds: however often an estimator was frozen, it ends as one that never was."""

import numpy as np
import pytest
from frozen import Trial
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

from daybreak.base.errors import UsageError
from daybreak.train.adapters.sklearn import rounds, way_of
from daybreak.train.codec import encode

UNITS = 4
WARM = {
    "forest": lambda seed: RandomForestRegressor(warm_start=True, max_features=0.5, random_state=seed),
    "extra trees": lambda seed: ExtraTreesClassifier(warm_start=True, bootstrap=True, random_state=seed),
    "boosting": lambda seed: GradientBoostingClassifier(
        warm_start=True, subsample=0.5, max_features=0.5, random_state=seed
    ),
    "histograms": lambda seed: HistGradientBoostingClassifier(warm_start=True, max_features=0.5, random_state=seed),
    "logistic": lambda seed: LogisticRegression(warm_start=True, solver="saga", random_state=seed),
    "perceptron": lambda seed: MLPClassifier((4,), learning_rate="adaptive", random_state=seed),
    "gradient": lambda seed: SGDClassifier(loss="log_loss", average=True, random_state=seed),
    "bayes": lambda _: GaussianNB(),
}


def table():
    x = np.random.default_rng(0).normal(size=(120, 4))
    return x, (x[:, 0] * x[:, 1] + x[:, 2] > 0).astype(int)


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("kind", sorted(WARM))
def test_frozen_at_every_unit_it_predicts_the_same_bits(kind, seed, tmp_path):
    predicted = []

    def main(run):
        x, y = table()
        model = WARM[kind](seed)
        pickled = kind in {"boosting", "histograms"}
        for _ in rounds(run, model, x, y, each=3, by_pickle=pickled):
            run.report(score=model.score(x, y))
        predicted.append(getattr(model, "predict_proba", model.predict)(x))

    trial = Trial(main, tmp_path, UNITS)
    trial.train()
    trial.train(1, 2, 3)
    assert b"".join(map(bytes, encode(predicted[0]).chunks())) == b"".join(map(bytes, encode(predicted[1]).chunks()))


@pytest.mark.parametrize(
    ("estimator", "way"),
    [
        (MLPClassifier(warm_start=True), "partial_fit"),
        (RandomForestRegressor(warm_start=True), "n_estimators"),
        (LogisticRegression(warm_start=True), "max_iter"),
    ],
    ids=str,
)
def test_how_an_estimator_goes_on_is_seen_from_it(estimator, way):
    assert way_of(estimator) == way


def test_an_estimator_that_cannot_go_on_is_refused_with_what_to_do():
    with pytest.raises(
        UsageError, match="RandomForestRegressor has neither partial_fit nor warm_start on: make it with"
    ):
        way_of(RandomForestRegressor())
    with pytest.raises(UsageError, match="SVC has neither partial_fit nor warm_start on: take one that does"):
        way_of(SVC())
