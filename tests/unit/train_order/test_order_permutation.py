"""The order of samples: a permutation, the same everywhere, evaluated anywhere."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import UsageError
from daybreak.train.order.permutation import LARGEST, Permutation, batches, order

SEEDS = st.integers(0, 2**64)
EPOCHS = st.integers(0, 10_000)


@given(n=st.integers(0, 3000), seed=SEEDS, epoch=EPOCHS)
def test_every_sample_comes_once(n, seed, epoch):
    assert sorted(order(n, seed=seed, epoch=epoch)) == list(range(n))


@given(n=st.integers(1, 20_000), seed=SEEDS, epoch=EPOCHS, data=st.data())
def test_any_position_can_be_asked_alone(n, seed, epoch, data):
    positions = data.draw(st.lists(st.integers(0, n - 1), max_size=5))
    assert Permutation(n, seed=seed, epoch=epoch)(positions).tolist() == [
        order(n, seed=seed, epoch=epoch)[position] for position in positions
    ]


def test_the_numbers_are_these_on_every_machine():
    assert order(10, seed=7).tolist() == [0, 8, 7, 5, 3, 9, 1, 6, 4, 2]
    assert order(10, seed=7, epoch=1).tolist() == [0, 5, 6, 9, 7, 4, 2, 8, 3, 1]
    assert Permutation(10**12, seed=7, epoch=0)([0, 1, 10**12 - 1]).tolist() == [
        965639824250,
        750893162451,
        99133068337,
    ]


def test_the_definition_in_the_docstring_gives_the_same():
    from daybreak.base.streams import Stream

    n, a, b = 11, 4, 3
    stream = Stream(5, "order", 2)
    tables = []
    for number in range(16):
        modulus, size = (a, b) if number % 2 == 0 else (b, a)
        words = stream.words(size)
        tables.append([int.from_bytes(words[8 * i : 8 * i + 8], "little") % modulus for i in range(size)])

    def place(x):
        left, right = x % a, x // a
        for number in range(0, 16, 2):
            left = (left + tables[number][right]) % a
            right = (right + tables[number + 1][left]) % b
        x = left + a * right
        return x if x < n else place(x)

    assert order(n, seed=5, epoch=2).tolist() == [place(x) for x in range(n)]


@pytest.mark.parametrize("n", [3, 4, 5])
def test_every_order_of_few_samples_is_as_likely(n):
    """Chi-square over all n! orders: its mean is the degrees of freedom, its variance twice that."""
    draws = 4000
    seen = Counter(tuple(order(n, seed=seed).tolist()) for seed in range(draws))
    orders = list(permutations(range(n)))
    expected = draws / len(orders)
    chi_square = sum((seen[one] - expected) ** 2 / expected for one in orders)
    freedom = len(orders) - 1
    assert chi_square < freedom + 4 * (2 * freedom) ** 0.5


def test_many_samples_are_mixed():
    """Neighbours in the data are no neighbours in the order, and epochs have nothing to do with one another."""
    n = 100_000
    first, second = order(n, seed=1), order(n, seed=1, epoch=1)
    noise = 4 / n**0.5
    for x, y in ((np.arange(n), first), (first[:-1], first[1:]), (first, second), (np.arange(n) % 2, first)):
        assert abs(np.corrcoef(x, y)[0, 1]) < noise
    assert np.mean(np.abs(np.diff(first)) == 1) < 10 / n


@given(
    n=st.integers(0, 500),
    size=st.integers(1, 70),
    start=st.integers(0, 40),
    drop_last=st.booleans(),
    parts=st.integers(1, 9),
)
def test_batches_are_the_order_cut_up_and_begin_anywhere(n, size, start, drop_last, parts):
    whole = order(n, seed=3, epoch=4)
    cut = [whole[first : first + size].tolist() for first in range(0, n, size)]
    if drop_last:
        cut = [batch for batch in cut if len(batch) == size]
    named = {"seed": 3, "epoch": 4, "start": start * size, "drop_last": drop_last}
    assert [batch.tolist() for batch in batches(n, size, **named)] == cut[start:]
    shards = [list(batches(n, size, **named, shard=(k, parts))) for k in range(parts)]
    assert [np.concatenate(parts_of_one).tolist() for parts_of_one in zip(*shards, strict=True)] == cut[start:]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: order(-1, seed=0),
        lambda: order(LARGEST + 1, seed=0),
        lambda: Permutation(5, seed=0, epoch=0)([5]),
        lambda: Permutation(5, seed=0, epoch=0).span(3, 6),
        lambda: batches(5, 0, seed=0),
        lambda: batches(5, 1, seed=0, start=-1),
        lambda: batches(5, 1, seed=0, shard=(2, 2)),
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError, match=r"must h|needs"):
        wrong()
