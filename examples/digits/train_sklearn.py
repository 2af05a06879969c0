"""Handwritten digits with scikit-learn's neural network: 8 x 8 images, one pass over the training set per epoch.

On the platform:  daybreak run examples/digits/digits.yaml
Alone:            python examples/digits/train_sklearn.py --lr 0.01 --epochs 10
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import daybreak


def prepare():
    """Runs once; every trial shares what it returns."""
    images, labels = load_digits(return_X_y=True)
    return train_test_split(images / 16.0, labels, test_size=0.25, random_state=0, stratify=labels)


def main(run):
    x_train, x_valid, y_train, y_valid = run.prepared
    model = MLPClassifier(
        hidden_layer_sizes=(run.params.width,),
        learning_rate_init=run.params.lr,
        alpha=run.params.alpha,
        batch_size=run.params.batch,
    )
    run.keep(model=model)

    for _ in run.epochs(27):
        model.partial_fit(x_train, y_train, classes=range(10))
        run.report(accuracy=model.score(x_valid, y_valid), loss=model.loss_)

    # what `daybreak model register` takes, and what the exported model must reach
    run.ship(model, x_valid, y_valid, names=["pixels"], reported="accuracy")


if __name__ == "__main__":
    daybreak.run(main, lr=0.01, width=64, alpha=1e-4, batch=64)
