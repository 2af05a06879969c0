"""A shadow's answers beside those that were returned."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.rollout.shadow import Agreement, gap_between

rows = st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.floats(0, 1e6)), st.floats(0, 1)), max_size=30)


def folded(rows):
    agreement = Agreement()
    for alike, gap, seconds in rows:
        agreement = agreement.seen(alike=alike, gap=gap, seconds=seconds)
    return agreement


@given(rows, rows)
def test_what_two_processes_saw_is_what_one_would_have_seen(first, second):
    apart, together = folded(first).merged(folded(second)), folded(first + second)
    assert (apart.compared, apart.alike, apart.numbers, apart.largest) == (
        together.compared,
        together.alike,
        together.numbers,
        together.largest,
    )
    assert apart.gaps == pytest.approx(together.gaps)


def test_agreement_is_told_with_its_interval():
    agreement = folded([(number % 10 > 0, 0.5, 0.01) for number in range(2_000)]).missed()
    low, high = agreement.interval()
    assert agreement.share == 0.9
    assert low < 0.9 < high
    assert high - low < 0.06
    assert (agreement.mean_gap, agreement.failed) == (0.5, 1)


def test_nothing_seen_is_nothing_known():
    assert Agreement().interval() == (0.0, 1.0)
    assert Agreement().mean_gap is None


@pytest.mark.parametrize(
    ("one", "other", "gap"), [(1.0, 3.5, 2.5), (nan, nan, 0.0), (inf, inf, 0.0), (nan, 1.0, inf), (inf, 1.0, inf)]
)
def test_numbers_that_are_none_are_far_from_those_that_are(one, other, gap):
    assert gap_between(one, other) == gap
