"""A sample's augmentation depends on the seed, the epoch and the sample alone."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.train.order.augmentation import sample_seeds, sample_stream, seed_globals, undisturbed


@given(seed=st.integers(0, 2**64), epoch=st.integers(0, 1000), samples=st.lists(st.integers(0, 2**63 - 1), unique=True))
def test_each_sample_has_its_own_seed_whoever_is_asked_with_it(seed, epoch, samples):
    seeds = sample_seeds(samples, seed=seed, epoch=epoch)
    assert len(set(seeds.tolist())) == len(samples)
    assert seeds.tolist() == [int(sample_seeds([sample], seed=seed, epoch=epoch)[0]) for sample in samples]


def test_the_seeds_are_these_on_every_machine():
    assert sample_seeds([0, 1, 10**9], seed=7, epoch=3).tolist() == [
        14540080033515666153,
        9423364346137390169,
        11448824861127468137,
    ]
    assert sample_stream(5, seed=7, epoch=3).word() == 1590810792048212238


def test_epochs_and_names_have_seeds_of_their_own():
    samples = np.arange(1000)
    kinds = [
        sample_seeds(samples, seed=1, epoch=0),
        sample_seeds(samples, seed=1, epoch=1),
        sample_seeds(samples, seed=2, epoch=0),
        sample_seeds(samples, seed=1, epoch=0, name="crop"),
    ]
    assert len(set(np.concatenate(kinds).tolist())) == 4000
    assert sample_stream(0, seed=1, epoch=0).word() != sample_stream(0, seed=1, epoch=0, name="crop").word()


def test_every_bit_of_a_seed_is_as_often_set_and_follows_from_no_neighbour():
    seeds = sample_seeds(np.arange(20_000), seed=1, epoch=0)
    bits = (seeds[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    assert abs(bits.mean(0) - 0.5).max() < 0.02
    flips = (bits[:-1] != bits[1:]).mean(0)
    assert abs(flips - 0.5).max() < 0.02


def test_the_global_generators_are_set_and_put_back():
    torch = pytest.importorskip("torch")

    def draw():
        return random.random(), float(np.random.normal()), float(torch.randn(()))  # noqa: NPY002

    seed_globals(2**64 - 1)
    first = draw()
    with undisturbed():
        seed_globals(5)
        other = draw()
        seed_globals(5)
        assert draw() == other
    follows = draw()
    seed_globals(2**64 - 1)
    assert (draw(), draw()) == (first, follows)
    assert other != first
