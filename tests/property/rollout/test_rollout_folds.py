"""However outcomes are cut into batches and processes, the sums are the same, and so is what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.rollout.outcomes import difference, no_sums


def drawn(seed, many):
    """(many, 3): arm, bucket, yes or no."""
    return np.random.default_rng(seed).integers(0, [2, 200, 2], (many, 3))


rows = st.builds(drawn, st.integers(0, 2**32), st.integers(0, 600))


def folded(rows):
    sums = no_sums(2)
    arms, buckets, values = rows.T
    sums.add(arms, buckets, np.ones(len(arms)), values)
    return sums


@given(rows, st.integers(0, 600))
def test_parts_merge_into_the_whole(rows, cut):
    whole, merged = folded(rows), folded(rows[:cut])
    merged.merge(folded(rows[cut:]))
    assert (whole.counts == merged.counts).all()
    assert (whole.totals == merged.totals).all()


@given(rows)
def test_the_difference_is_that_of_the_means_and_turns_with_the_arms(rows):
    sums = folded(rows)
    there, back = (difference([sums], *arms, yes_or_no=True) for arms in ((0, 1), (1, 0)))
    if there.compared:
        arms, _, values = rows.T
        assert there.value == pytest.approx(values[arms == 1].mean() - values[arms == 0].mean())
        assert (there.value, there.variance) == pytest.approx((-back.value, back.variance))
        assert there.variance > 0
