"""Chance for audits: numpy generators that are named like streams, so that an audit says the same each time."""

import numpy as np

from daybreak.base.streams import derive_seed


def generator(seed: int, *names: str | int) -> np.random.Generator:  # noqa: TID251 (the one place: seeded, no global state)
    """A numpy generator for (seed, names)."""
    return np.random.Generator(np.random.Philox(key=derive_seed(seed, "audit", *names, bits=64)))  # noqa: TID251


def state(seed: int, *names: str | int) -> int:
    """A `random_state` for scikit-learn, in [0, 2**32)."""
    return derive_seed(seed, "audit", *names)
