"""Global random states: named seeds, saved and restored."""

import random

import numpy as np
import torch

from daybreak.train.codec import decode, encode
from daybreak.train.randomness import Randomness


def draw():
    return [random.random(), np.random.rand(), float(torch.rand(())), float(np.random.normal())]  # noqa: NPY002


def test_one_seed_gives_one_sequence():
    Randomness(7)
    first = draw()
    Randomness(8)
    assert draw() != first
    Randomness(7)
    assert draw() == first


def test_a_saved_state_goes_on_with_the_same_numbers():
    randomness = Randomness(7)
    draw()  # the normal draw leaves half of a pair in NumPy's state
    saved = bytearray(b"".join(map(bytes, encode(randomness.state()).chunks())))
    expected = [draw() for _ in range(3)]
    Randomness(99).restore(decode(saved))
    assert [draw() for _ in range(3)] == expected


def test_the_state_needs_no_pickle():
    assert encode(Randomness(7).state()).pickled == []


def test_taking_the_state_draws_nothing():
    randomness = Randomness(7)
    first = draw()
    randomness = Randomness(7)
    randomness.state()
    assert draw() == first
