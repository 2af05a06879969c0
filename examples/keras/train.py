"""Handwritten digits with Keras: convolutions, batch normalisation and dropout, stopped early, on any back end.

On the platform:  daybreak run examples/keras/keras.yaml
Alone:            KERAS_BACKEND=torch python examples/keras/train.py --lr 0.01 --epochs 10
"""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import daybreak
from daybreak.train.adapters.keras import Batches, DaybreakCallback


def prepare():
    """Runs once; every trial shares what it returns. Shapes: images are (rows, 8, 8, 1), labels (rows,)."""
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8, 1).astype("float32") / 16
    return train_test_split(images, labels, test_size=0.25, random_state=0, stratify=labels)


def main(run):
    p, (x_train, x_valid, y_train, y_valid) = run.params, run.prepared
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(p.width, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(p.dropout),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.AdamW(p.lr), loss, metrics=["accuracy"])

    patience = keras.callbacks.EarlyStopping("val_loss", patience=5)
    callback = DaybreakCallback(run, also=[patience])
    model.fit(  # reports accuracy=, loss=, val_accuracy= and val_loss= after each epoch
        Batches(run, x_train, y_train, p.batch),
        shuffle=False,
        validation_data=(x_valid, y_valid),
        epochs=27,
        initial_epoch=callback.initial_epoch,
        callbacks=[patience, callback],
        verbose=0,
    )


if __name__ == "__main__":
    daybreak.run(main, lr=0.01, width=8, dropout=0.2, batch=64)
