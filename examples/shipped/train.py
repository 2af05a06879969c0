"""Handwritten digits from files to a served model: data that can be audited, a test set that is sealed, a model that says what it is.

Data:  python make_data.py
Search:  daybreak run shipped.yaml
"""

import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import daybreak


def read(file):
    """Pixels (rows, 64) and digits (rows,)."""
    cells = np.loadtxt(file, delimiter=",", skiprows=1)
    return cells[:, :64], cells[:, 64].astype(int)


def built(run):
    p = run.params
    network = MLPClassifier((p.width,), learning_rate_init=p.lr, alpha=p.alpha, batch_size=32)
    whole = make_pipeline(StandardScaler(), network)  # from pixels as they are to the digit
    run.keep(model=whole)
    return whole


def main(run):
    images, labels = read(run.data["train"])
    x_train, x_valid, y_train, y_valid = images[:1000], images[1000:], labels[:1000], labels[1000:]
    whole = built(run)
    scaler, network = (part for _, part in whole.steps)
    x_scaled = scaler.fit_transform(x_train)
    for _ in run.epochs(27):
        network.partial_fit(x_scaled, y_train, classes=range(10))
        run.report(accuracy=whole.score(x_valid, y_valid))

    run.ship(whole, x_valid, y_valid, names=["pixels"], output="digit", reported="accuracy")


def final(run):
    """Score the winner on the sealed test set, once: daybreak model score 1 train:final"""
    whole = built(run)
    run.score_test(lambda file: {"accuracy": whole.score(*read(file))})


if __name__ == "__main__":
    daybreak.run(main, lr=0.01, width=64, alpha=1e-4)
