"""A script that knows nothing of Daybreak: argparse, printed lines, a checkpoint file. Nothing in it is imported from Daybreak.

On the platform:
    daybreak run --space lr=log:1e-3..1.0 --space momentum=0.0,0.5,0.9 --maximize accuracy --max-units 27 --budget 1m \
        -- python train.py --lr {lr} --momentum {momentum}
Alone: python train.py --lr 0.1

Early stopping and promotion work as it is. Because it also saves to DAYBREAK_CHECKPOINT_DIR and loads from there, a trial that
was ended for want of memory goes on from its last epoch.
"""

import argparse
import os
import pickle
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--momentum", type=float, default=0.0)
parser.add_argument("--epochs", type=int, default=27)
options = parser.parse_args()

rng = np.random.default_rng(int(os.environ.get("DAYBREAK_SEED", "0")))
checkpoint = Path(os.environ.get("DAYBREAK_CHECKPOINT_DIR", ".")) / "softmax.pickle"

images, labels = load_digits(return_X_y=True)
x_train, x_valid, y_train, y_valid = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0)
weights, velocity, first = np.zeros((64, 10)), np.zeros((64, 10)), 1
if "DAYBREAK_CHECKPOINT_DIR" in os.environ and checkpoint.exists():
    weights, velocity, first, rng = pickle.loads(checkpoint.read_bytes())

for epoch in range(first, options.epochs + 1):
    for rows in np.array_split(rng.permutation(len(y_train)), 20):
        scores = x_train[rows] @ weights
        chances = np.exp(scores - scores.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        gradient = x_train[rows].T @ (chances - np.eye(10)[y_train[rows]]) / len(rows)
        velocity = options.momentum * velocity - options.lr * gradient
        weights = weights + velocity
    if "DAYBREAK_CHECKPOINT_DIR" in os.environ:
        checkpoint.with_suffix(".new").write_bytes(pickle.dumps((weights, velocity, epoch + 1, rng)))
        checkpoint.with_suffix(".new").replace(checkpoint)
    accuracy = (np.argmax(x_valid @ weights, axis=1) == y_valid).mean()
    print(f"epoch={epoch} accuracy={accuracy:.4f}", flush=True)
