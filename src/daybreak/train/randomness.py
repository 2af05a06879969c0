"""The process's global random states: seeded before user code runs, saved in and restored from each checkpoint.

Covers Python's `random`, NumPy's global generator, and torch's on the CPU and on every CUDA device in use. A framework that user code
imports late is seeded as soon as it is seen (`Randomness.seed_late`). Generators of the user's own are kept with `run.keep`.
"""

import random
import sys
from typing import Any

from daybreak.base.streams import derive_seed

SEED_OF_PREPARE = 0  # what `prepare()` returns is shared by all trials, so it must not depend on any trial's seed


class Randomness:
    """The global random states of this process, derived from one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._seeded: set[str] = set()
        random.seed(derive_seed(seed, "python"))
        self.seed_late()

    def seed_late(self) -> None:
        """Seed the frameworks that were imported since the last call."""
        for name, seed_framework in (("numpy", _seed_numpy), ("torch", _seed_torch)):
            if name in sys.modules and name not in self._seeded:
                seed_framework(derive_seed(self.seed, name))
                self._seeded.add(name)

    def state(self) -> dict[str, Any]:
        """All states, as plain values and arrays."""
        state: dict[str, Any] = {"python": random.getstate()}
        if "numpy" in self._seeded:
            state["numpy"] = sys.modules["numpy"].random.get_state(legacy=False)
        if "torch" in self._seeded:
            torch = sys.modules["torch"]
            state["torch"] = torch.get_rng_state()
            if torch.cuda.is_available() and torch.cuda.is_initialized():
                state["cuda"] = torch.cuda.get_rng_state_all()
        return state

    def restore(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state` was taken."""
        random.setstate(state["python"])
        self.seed_late()
        if "numpy" in state:
            import numpy as np

            np.random.set_state(state["numpy"])  # noqa: NPY002 (the user's code draws from it)
        if "torch" in state:
            import torch

            torch.set_rng_state(state["torch"])
            if "cuda" in state and torch.cuda.is_available():
                torch.cuda.set_rng_state_all(state["cuda"])


def _seed_numpy(seed: int) -> None:
    sys.modules["numpy"].random.seed(seed)


def _seed_torch(seed: int) -> None:
    sys.modules["torch"].manual_seed(seed)
