"""Random streams of a shard: functions of (seed, step, shard), so that nothing has to be carried from step to step or in a checkpoint."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from daybreak.base.streams import derive_seed

WORD = 64  # bits


class Streams:
    """Sets the process's global generators (Python, NumPy, torch on the CPU and on `device`) to a shard's own."""

    def __init__(self, seed: int, device: Any) -> None:
        self._seed = seed
        self._device = device

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is drawn inside leaves the generators outside as they were: on every worker alike, however many shards it has."""
        numpy = sys.modules.get("numpy")
        python_state, torch_state = random.getstate(), torch.get_rng_state()
        numpy_state = numpy.random.get_state(legacy=False) if numpy is not None else None
        cuda_state = torch.cuda.get_rng_state(self._device) if self._device.type == "cuda" else None
        try:
            yield
        finally:
            random.setstate(python_state)
            torch.set_rng_state(torch_state)
            if numpy is not None:
                numpy.random.set_state(numpy_state)
            if cuda_state is not None:
                torch.cuda.set_rng_state(cuda_state, self._device)

    def enter(self, step: int, shard: int) -> None:
        """What is drawn from now on is this shard's, at this step."""
        word = derive_seed(self._seed, "shard", step, shard, bits=WORD)
        random.seed(word)
        torch.default_generator.manual_seed(word)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(word >> 32)
        if self._device.type == "cuda":
            with torch.cuda.device(self._device):
                torch.cuda.manual_seed(word)
