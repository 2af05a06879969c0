"""Handwritten digits with JAX and Optax: one hidden layer, dropout, 8 x 8 images.

On the platform:  daybreak run examples/jax/jax.yaml
Alone:            python examples/jax/train.py --lr 0.01 --epochs 10
Shapes: B images of a batch, P pixels, W units of the hidden layer, D digits.
"""

from functools import partial

import jax
import jax.numpy as jnp
import optax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import daybreak
from daybreak.train.adapters.jax import State, key


def prepare():
    """Runs once; every trial shares what it returns. NumPy arrays: one of JAX's would start its threads, and forking ends there."""
    images, labels = load_digits(return_X_y=True)
    return train_test_split((images / 16.0).astype("float32"), labels, test_size=0.25, random_state=0, stratify=labels)


@partial(jax.jit, static_argnums=(1, 2))
def dense(weight_key, inputs, outputs):
    return {"w": jax.random.normal(weight_key, (inputs, outputs)) * (2 / inputs) ** 0.5, "b": jnp.zeros(outputs)}


def logits(params, x_BP, dropout=0.0, drop_key=None):
    hidden_BW = jax.nn.relu(x_BP @ params["hidden"]["w"] + params["hidden"]["b"])
    if drop_key is not None:
        hidden_BW *= jax.random.bernoulli(drop_key, 1 - dropout, hidden_BW.shape) / (1 - dropout)
    return hidden_BW @ params["out"]["w"] + params["out"]["b"]


@jax.jit
def accuracy(params, x_BP, y_B):
    return (logits(params, x_BP).argmax(1) == y_B).mean()


def main(run):
    p, (x_train, x_valid, y_train, y_valid) = run.params, run.prepared
    params = {"hidden": dense(key(run, "hidden"), 64, p.width), "out": dense(key(run, "out"), p.width, 10)}
    optimizer = optax.adamw(optax.cosine_decay_schedule(p.lr, 27 * (len(y_train) // p.batch)))
    state = State(run, params=params, opt_state=optimizer.init(params), dropout=key(run, "dropout"))

    @jax.jit
    def update(params, opt_state, drop_key, x_BP, y_B):
        def loss_of(params):
            return optax.softmax_cross_entropy_with_integer_labels(
                logits(params, x_BP, p.dropout, drop_key), y_B
            ).mean()

        loss, gradients = jax.value_and_grad(loss_of)(params)
        updates, opt_state = optimizer.update(gradients, opt_state, params)
        return optax.apply_updates(params, updates), opt_state, loss

    for epoch in run.epochs(27):
        for rows in daybreak.batches(len(y_train), p.batch, seed=run.seed, epoch=epoch, drop_last=True):
            state.dropout, drop_key = jax.random.split(state.dropout)
            state.params, state.opt_state, loss = update(
                state.params, state.opt_state, drop_key, x_train[rows], y_train[rows]
            )
        run.report(accuracy=accuracy(state.params, x_valid, y_valid), loss=loss)


if __name__ == "__main__":
    daybreak.run(main, lr=0.01, width=64, dropout=0.1, batch=64)
