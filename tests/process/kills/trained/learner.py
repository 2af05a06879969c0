"""Weights that depend on the global random state, as dropout and shuffling make them."""

import hashlib
import os
import time

import numpy as np
from strike import strike

UNIT = float(os.environ.get("CHAOS_UNIT", "0"))


class Weights:
    """Something to keep; being asked for its state is the middle of a checkpoint."""

    def __init__(self):
        self.values = np.zeros(64)

    def state_dict(self):
        strike("saving")
        return {"values": self.values}

    def load_state_dict(self, state):
        self.values[:] = state["values"]


def main(run):
    weights = Weights()
    run.keep(weights=weights)
    for unit in run.epochs(27):
        time.sleep(UNIT)
        strike("unit")
        weights.values += run.params.x * np.random.standard_normal(64) + 0.01 * unit  # noqa: NPY002 (the global state is what must be kept)
        bits = int.from_bytes(hashlib.sha256(weights.values).digest()[:6], "big")  # of the weights themselves
        run.report(value=float(weights.values.sum()), bits=bits)
