"""The process's random states: seeded before user code runs, saved in and restored from each checkpoint.

Covers the global generators of Python, NumPy and torch (on the CPU and on every CUDA device in use), and the generators that a run was
asked for by name (`train.chance`). A framework that user code imports late is seeded as soon as it is seen (`Randomness.seed_late`).
Generators of the user's own are kept with `run.keep`. JAX has no global state: its keys come from `run.seed_for`.

TensorFlow's global seed is set; what its operators have drawn since is kept in its kernels, and no public call tells it. So a resumed
attempt goes on with another seed, a function of (seed, units), rather than with the first numbers again: other bits, no repetition. Keras
keeps its own seeds as variables (`train.adapters.keras`); a `tf.random.Generator` is kept by
`run.keep(noise=(lambda: g.state.numpy(), g.reset))`. This is written by TensorFlow's documentation and was never run with it.
"""

import random
import sys
from typing import Any

from daybreak.base.streams import derive_seed
from daybreak.train.chance import Generators

SEED_OF_PREPARE = 0  # what `prepare()` returns is shared by all trials, so it must not depend on any trial's seed
OTHERS = "ranks"  # in the state of rank 0: those of ranks 1, 2, ... where members of a gang draw unlike

State = dict[str, Any]


class Randomness:
    """The random states of this process, derived from one seed. `rank`: of this member of a gang."""

    def __init__(self, seed: int, rank: int = 0) -> None:
        self.seed = seed
        self.generators = Generators(seed)
        self._rank = rank
        self._seeded: set[str] = set()
        random.seed(derive_seed(seed, "python"))
        self.seed_late()

    def seed_late(self) -> None:
        """Seed the frameworks that were imported since the last call."""
        for name, seed_framework in _FRAMEWORKS.items():
            if name in sys.modules and name not in self._seeded:
                seed_framework(derive_seed(self.seed, name))
                self._seeded.add(name)

    def state(self) -> State:
        """All states, as plain values and arrays."""
        state: State = {"python": random.getstate()}
        if "numpy" in self._seeded:
            state["numpy"] = sys.modules["numpy"].random.get_state(legacy=False)
        if "torch" in self._seeded:
            torch = sys.modules["torch"]
            state["torch"] = torch.get_rng_state()
            if torch.cuda.is_available() and torch.cuda.is_initialized():
                state["cuda"] = torch.cuda.get_rng_state_all()
        if named := self.generators.state():
            state["generators"] = named
        return state

    def restore(self, state: State, units: int = 0) -> None:
        """Go on exactly where `state` was taken, after so many units.

        A state without `ranks` is every member's. With them each takes its own; a rank that had none (more workers than before) begins
        streams of its own, functions of (seed, rank, units).
        """
        self.seed_late()
        others = state.get(OTHERS, [])
        if others and self._rank > len(others):
            self._begin_as_new_rank(units, state)
            return
        self._restore_own(others[self._rank - 1] if others and self._rank else state)
        if "tensorflow" in self._seeded:
            _seed_tensorflow(derive_seed(self.seed, "tensorflow", units))

    def _begin_as_new_rank(self, units: int, of_first: State) -> None:
        own = derive_seed(self.seed, "rank", self._rank, units)
        random.seed(derive_seed(own, "python"))
        for name in self._seeded:
            _FRAMEWORKS[name](derive_seed(own, name))
        self.generators.restore(of_first.get("generators", {}))  # what has the same name draws alike on every rank

    def _restore_own(self, state: State) -> None:
        random.setstate(state["python"])
        if "numpy" in state:
            import numpy as np

            np.random.set_state(state["numpy"])  # noqa: NPY002 (the user's code draws from it)
        if "torch" in state:
            import torch

            torch.set_rng_state(state["torch"])
            if "cuda" in state and torch.cuda.is_available():
                torch.cuda.set_rng_state_all(state["cuda"])
        self.generators.restore(state.get("generators", {}))


def _seed_numpy(seed: int) -> None:
    sys.modules["numpy"].random.seed(seed)


def _seed_torch(seed: int) -> None:
    sys.modules["torch"].manual_seed(seed)


def _seed_tensorflow(seed: int) -> None:
    sys.modules["tensorflow"].random.set_seed(seed)


_FRAMEWORKS = {"numpy": _seed_numpy, "torch": _seed_torch, "tensorflow": _seed_tensorflow}
