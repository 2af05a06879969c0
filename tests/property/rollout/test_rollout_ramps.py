"""Whatever ramps follow each other: no unit that has met a challenger meets another arm, and every bucket has one owner."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import UsageError
from daybreak.rollout.assignment import BUCKETS, Arm, Router, checked, joined, opened, ramped, stopped

NAMES = "BCD"
shares = st.floats(0, 1)
steps = st.lists(st.tuples(st.sampled_from(NAMES), shares), max_size=6)


def owners(split):
    """The name of the arm of each bucket, (buckets,)."""
    router = Router(split)
    names = np.array([arm.name for arm in router.arms])
    return names[[router.number_of(bucket) for bucket in range(BUCKETS)]]


@given(steps)
def test_no_ramp_moves_an_assigned_unit(steps):
    split = opened("any", Arm("A", "m", "1", "champion"), {Arm(name, "m", name): 0.0 for name in NAMES})
    before = owners(split)
    for name, share in steps:
        try:
            split = ramped(split, {name: share})
        except UsageError:  # it would shrink, or there is not as much to give: nothing changed
            continue
        checked(split)
        after = owners(split)
        assert ((before == "A") | (before == after)).all()
        assert (after == name).sum() == round(share * BUCKETS)
        before = after


@given(steps, st.sampled_from(NAMES))
def test_stopping_gives_back_to_the_champion_alone(steps, name):
    split = opened("any", Arm("A", "m", "1", "champion"), {Arm(name, "m", name): 0.1 for name in NAMES})
    for one, share in steps:
        try:
            split = ramped(split, {one: share})
        except UsageError:
            continue
    before, after = owners(split), owners(stopped(split, name))
    assert (np.where(before == name, "A", before) == after).all()


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_unit_is_dealt_by_all_of_its_name(salt, unit):
    split = opened("s" + salt[:10], Arm("A", "m", "1", "champion"), {})
    router = Router(split)
    bucket, bits = router.hashed(unit)
    assert 0 <= bucket < BUCKETS
    assert 0 <= bits < 2**64
    assert router.hashed(unit + "x") != (bucket, bits)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)).map(lambda one: (one[0], one[0] + one[1]))))
def test_joined_ranges_hold_the_same_buckets(ranges):
    def held(pieces):
        return {bucket for start, stop in pieces for bucket in range(start, stop)}

    found = joined(ranges)
    assert held(found) == held(ranges)
    assert all(one[1] < other[0] for one, other in pairwise(found))
