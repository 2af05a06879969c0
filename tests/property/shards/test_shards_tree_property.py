"""Whatever S and W: what the workers add up, and in which order, is the one tree of the shards; each sends as much as in a ring."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import UsageError
from daybreak.train.shards import tree

powers = st.integers(0, 6).map(lambda exponent: 2**exponent)
pairs = powers.flatmap(lambda shards: st.tuples(st.just(shards), powers.filter(lambda workers: workers <= shards)))


def expected(shards):
    """The tree, written down recursively."""
    if len(shards) == 1:
        return shards[0]
    half = len(shards) // 2
    return expected(shards[:half]), expected(shards[half:])


def plus(left, right):
    return left, right


def local_sum(shards):
    """What one worker computes, held sum by held sum."""
    sums = [None] * tree.levels(len(shards))
    for index, shard in enumerate(shards):
        at = tree.level(index)
        sums[at] = shard if index % 2 == 0 else plus(sums[at], shard)
        for above in range(at, at - tree.carries(index), -1):
            sums[above - 1] = plus(sums[above - 1], sums[above])
    return sums[0]


def exchanged(sums, length):
    """All workers' vectors after the meetings, and how many elements each has sent."""
    workers = len(sums)
    vectors = [[one] * length for one in sums]
    plans = [tree.rounds(workers, rank, length) for rank in range(workers)]
    sent = [0] * workers
    for number in range(len(plans[0])):  # halving
        before = [list(vector) for vector in vectors]
        for rank, plan in enumerate(plans):
            meeting = plan[number]
            assert plans[meeting.partner][number].give == meeting.keep
            for at in range(*meeting.keep):
                pair = before[rank][at], before[meeting.partner][at]
                vectors[rank][at] = plus(*(pair if meeting.left else reversed(pair)))
            sent[rank] += meeting.give[1] - meeting.give[0]
    for number in reversed(range(len(plans[0]))):  # doubling
        before = [list(vector) for vector in vectors]
        for rank, plan in enumerate(plans):
            meeting = plan[number]
            vectors[rank][slice(*meeting.give)] = before[meeting.partner][slice(*meeting.give)]
            sent[rank] += meeting.keep[1] - meeting.keep[0]
    return vectors, sent


@given(pairs, st.integers(1, 3))
def test_every_worker_ends_with_the_tree_of_all_shards(pair, multiple):
    shards, workers = pair
    sums = [local_sum(list(tree.own(shards, workers, rank))) for rank in range(workers)]
    length = workers * multiple
    vectors, sent = exchanged(sums, length)
    assert vectors == [[expected(list(range(shards)))] * length] * workers
    assert sent == [2 * (workers - 1) * multiple] * workers  # 2 (W - 1) / W of the length, as in a ring


@given(powers)
def test_a_worker_holds_no_more_than_log2_sums(leaves):
    assert (
        max(tree.level(index) for index in range(leaves)) + 1 == tree.levels(leaves) <= max(1, leaves.bit_length() - 1)
    )


@given(powers)
def test_folding_follows_the_same_tree(shards):
    assert tree.fold(list(range(shards)), plus) == expected(list(range(shards)))


@given(st.integers(-2, 70), st.integers(-2, 70))
def test_all_but_powers_of_two_are_refused_with_choices_that_are_taken(shards, workers):
    power = lambda number: number in {1, 2, 4, 8, 16, 32, 64}
    if power(shards) and power(workers) and workers <= shards:
        tree.check(shards, workers)
        return
    with pytest.raises(UsageError) as refused:
        tree.check(shards, workers)
    choices = [int(word) for word in str(refused.value).rpartition("take ")[2].split("(")[0].replace("or", "").split()]
    assert choices
    for choice in choices:
        tree.check(*((shards, choice) if power(shards) else (choice, 1)))
