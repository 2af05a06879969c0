"""What a sample's augmentation draws from: f(seed, epoch, sample), whoever loads the sample and when.

Frameworks' own generators are seeded with `sample_seeds`; Python code without one draws from `sample_stream`.
"""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from daybreak.base.streams import Stream

NAME = "augmentation"
LARGEST_NUMPY_SEED = 2**32 - 1


def sample_stream(sample: int, *, seed: int, epoch: int, name: str = NAME) -> Stream:
    """The named stream of one sample in one epoch: about 2 microseconds to begin, 0.3 a draw."""
    return Stream(seed, name, epoch, sample)


def sample_seeds(samples: Any, *, seed: int, epoch: int, name: str = NAME) -> npt.NDArray[np.uint64]:
    """A 64-bit seed for each sample in one epoch, uint64, of the shape of `samples` (integers in [0, 2**63)); no two are equal.

    The sample's number plus a word of the stream (seed, name, epoch), through the finalising mix of SplitMix64 (Steele, Lea & Flood,
    2014), exclusive-or with the stream's second word, and through the mix again. Some nanoseconds each.
    """
    stream = Stream(seed, name, epoch)
    first, second = np.uint64(stream.word()), np.uint64(stream.word())
    numbers = np.asarray(samples, dtype=np.int64).astype(np.uint64)
    with np.errstate(over="ignore"):  # arithmetic modulo 2**64 is meant
        seeds: npt.NDArray[np.uint64] = _mix(_mix(numbers + first) ^ second)
    return seeds


def _mix(words: Any) -> Any:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def seed_globals(seed: int) -> None:
    """Set Python's, NumPy's and torch's (CPU) global generators, for one sample: some 7 microseconds."""
    random.seed(seed)
    np.random.seed(seed & LARGEST_NUMPY_SEED)  # noqa: NPY002 (the user's code draws from it)
    torch = sys.modules.get("torch")
    if torch is not None:  # torch.manual_seed would ask every accelerator too: 90 microseconds
        torch.default_generator.manual_seed(seed)


@contextmanager
def undisturbed() -> Iterator[None]:
    """What the body draws from the global generators changes nothing for those outside."""
    torch = sys.modules.get("torch")
    python, numpy = random.getstate(), np.random.get_state(legacy=False)  # noqa: NPY002
    of_torch = torch.get_rng_state() if torch is not None else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        if torch is not None:
            torch.set_rng_state(of_torch)
