"""The digits search that everybody runs: the same 27 configurations, the same data, the same network, one epoch a unit."""

import json
import math
import sys
import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

ETA, HORIZON, TRIALS, SEED = 3, 27, 27, 7


def configurations():
    """27 points of (lr, width, alpha, batch), fixed by a seed."""
    draw = np.random.default_rng(SEED)
    return [
        {
            "lr": float(math.exp(draw.uniform(math.log(1e-4), math.log(1e-1)))),
            "width": int(draw.choice([16, 32, 64, 128])),
            "alpha": float(math.exp(draw.uniform(math.log(1e-6), math.log(1e-2)))),
            "batch": int(draw.choice([16, 32, 64, 128])),
        }
        for _ in range(TRIALS)
    ]


def data():
    """Training and validation images and labels."""
    x, y = load_digits(return_X_y=True)
    return train_test_split(x / 16.0, y, test_size=0.3, random_state=0, stratify=y)


class Training:
    """One trial: `epoch()` trains one unit and gives the validation accuracy."""

    def __init__(self, config, prepared=None):
        self.x_train, self.x_test, self.y_train, self.y_test = prepared or data()
        self.model = MLPClassifier(
            (config["width"],),
            learning_rate_init=config["lr"],
            alpha=config["alpha"],
            batch_size=config["batch"],
            random_state=0,
        )

    def epoch(self):
        """Train one epoch; the accuracy on the validation images."""
        self.model.partial_fit(self.x_train, self.y_train, classes=np.arange(10))
        return float(self.model.score(self.x_test, self.y_test))


def finish(name, best, units, started=None):
    """Print the result as the last line."""
    seconds = None if started is None else time.perf_counter() - started
    print(json.dumps({"name": name, "best": best, "units": units, "seconds": seconds}))
    sys.stdout.flush()
