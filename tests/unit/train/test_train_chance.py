"""Chance by name: streams, seeds and generators of a trial, and which of them a checkpoint carries."""

import os
import random
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from daybreak.base.errors import UsageError
from daybreak.base.streams import derive_seed
from daybreak.train import chance, determinism
from daybreak.train.chance import Generators
from daybreak.train.codec import decode, encode
from daybreak.train.randomness import OTHERS, Randomness


def through(state):
    """As a checkpoint brings it back."""
    return decode(bytearray(b"".join(map(bytes, encode(state).chunks()))))


def test_a_stream_is_a_function_of_seed_and_names():
    draws = {
        (seed, names): chance.stream(seed, names).uniform()
        for seed in (7, 8)
        for names in (("order",), ("order", 1), ("order", "1"), ("augment",))
    }
    assert len(set(draws.values())) == len(draws)
    assert chance.stream(7, ("order", 1)).uniform() == draws[7, ("order", 1)]
    assert chance.seed_for(7, ("numpy",)) != derive_seed(7, "numpy"), "the global generators' seeds are not the user's"
    assert chance.seed_for(7, ("numpy",)) < 2**32


@pytest.mark.parametrize("names", [(), (1.5,), (True,), ("x", None)])
def test_names_are_text_or_whole_numbers(names):
    with pytest.raises(UsageError, match="at least one"):
        chance.stream(7, names)


def test_other_generators_are_seeded_by_the_user():
    with pytest.raises(UsageError, match="seed_for"):
        Generators(7).get("jax", ("noise",))


def draws(generators, count=3):
    numpy, torch_ = generators.get("numpy", ("noise",)), generators.get("torch", ("noise", 1))
    return [(float(numpy.normal()), float(torch.rand((), generator=torch_))) for _ in range(count)]


def test_generators_go_on_whether_they_are_made_before_or_after_the_restart():
    whole = draws(Generators(7), 6)
    first = Generators(7)
    assert draws(first) == whole[:3]
    state = through(first.state())
    made_before, made_after = Generators(7), Generators(7)
    draws(made_before, 1)
    for generators in (made_before, made_after):
        generators.restore(state)
        assert draws(generators) == whole[3:]


def test_a_generator_that_nobody_asks_for_again_is_carried_on():
    first = Generators(7)
    draws(first)
    second = Generators(7)
    second.restore(through(first.state()))
    second.get("numpy", ("noise",))
    third = Generators(7)
    third.restore(through(second.state()))
    assert draws(third) == draws(first)


def test_the_state_does_not_depend_on_the_order_of_asking():
    one, other = Generators(7), Generators(7)
    for generators, names in ((one, "ab"), (other, "ba")):
        for name in names:
            generators.get("torch", (name,))
    assert list(one.state()) == list(other.state())


def of_gang(*ranks):
    """What rank 0 writes for members that have drawn unlike."""
    states = []
    for rank in ranks:
        randomness = Randomness(7, rank)
        for _ in range(rank + 1):
            drawn()
        states.append(randomness.state())
    return through(states[0] | {OTHERS: states[1:]})


def drawn():
    return random.random(), float(torch.rand(())), float(np.random.rand())  # noqa: NPY002


def test_each_rank_takes_its_own_state_and_new_ranks_begin_streams_of_their_own():
    state = of_gang(0, 1)
    seen = {}
    for rank in range(4):
        randomness = Randomness(7, rank)
        randomness.restore(state, units=3)
        seen[rank] = drawn()
        randomness.restore(state, units=3)
        assert drawn() == seen[rank]
    assert len({draw[0] for draw in seen.values()}) == 4
    assert len({draw[1] for draw in seen.values()}) == 4


def test_one_state_is_every_ranks():
    Randomness(7).restore(Randomness(7).state())
    state, expected = through(Randomness(7).state()), drawn()
    for rank in range(3):
        Randomness(7, rank).restore(state)
        assert drawn() == expected


def test_tensorflow_is_seeded_and_never_draws_the_first_numbers_again(monkeypatch):
    seeds = []
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(random=SimpleNamespace(set_seed=seeds.append)))
    randomness = Randomness(7)
    randomness.restore(randomness.state(), units=3)
    assert seeds == [derive_seed(7, "tensorflow"), derive_seed(7, "tensorflow", 3)]


@pytest.fixture
def undetermined(monkeypatch):
    monkeypatch.setattr(os, "environ", {})
    yield os.environ
    torch.set_deterministic_debug_mode("default")
    torch.backends.cudnn.deterministic = False


def test_deterministic_operators_are_used_where_they_are_asked_for(undetermined):
    determinism.switch_on()
    assert not torch.are_deterministic_algorithms_enabled()
    determinism.ask()
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled()
    assert torch.backends.cudnn.deterministic
    assert undetermined["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_a_workspace_of_the_users_own_stays(undetermined):
    undetermined["CUBLAS_WORKSPACE_CONFIG"] = ":16:8"
    determinism.ask()
    assert undetermined["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"
