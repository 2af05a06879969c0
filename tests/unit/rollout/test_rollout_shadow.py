"""A shadow's answers beside those that were returned."""

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.rollout.shadow import Agreement, gap_between

rows = st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.floats(0, 1e6)), st.floats(0, 1)), max_size=30)


def folded(rows):
    agreement = Agreement()
    for number, (alike, gap, seconds) in enumerate(rows):
        agreement.see(number, alike=alike, gap=gap, seconds=seconds)
    return agreement


@given(rows, rows)
def test_what_two_processes_saw_is_what_one_would_have_seen(first, second):
    apart, together = folded(first), folded(first + second)
    apart.merge(folded(second))
    assert (apart.compared, apart.alike, apart.numbers, apart.largest) == (
        together.compared,
        together.alike,
        together.numbers,
        together.largest,
    )
    assert apart.gaps == pytest.approx(together.gaps)


def test_agreement_is_told_with_its_interval():
    agreement = folded([(number % 10 > 0, 0.5, 0.01) for number in range(2_000)])
    agreement.miss()
    low, high = agreement.interval()
    assert agreement.share == 0.9
    assert low < 0.9 < high
    assert high - low < 0.06
    assert (agreement.mean_gap, agreement.failed) == (0.5, 1)


def of_units(rng, units, rows, agreeing):
    """Every unit agrees in all its rows or in none."""
    agreement = Agreement()
    for unit, alike in enumerate(rng.random(units) < agreeing):
        for _ in range(rows):
            agreement.see(unit, alike=bool(alike), gap=None, seconds=0.0)
    return agreement


def test_the_interval_counts_units_whose_rows_are_alike():
    rng = np.random.default_rng(5)
    outside = 0
    for _ in range(300):
        low, high = of_units(rng, units=60, rows=50, agreeing=0.8).interval(0.05)
        outside += not low <= 0.8 <= high
    assert outside <= 15


def test_rows_of_units_that_differ_are_worth_as_much_as_units():
    rng = np.random.default_rng(6)
    of_many, of_few = (of_units(rng, units, 3_000 // units, 0.8).interval() for units in (3_000, 100))
    assert of_many[1] - of_many[0] < (of_few[1] - of_few[0]) / 3


def test_a_handful_of_units_says_nothing_and_all_alike_is_not_certain():
    rng = np.random.default_rng(7)
    assert of_units(rng, 29, 100, 1.0).interval() == (0.0, 1.0)
    low, high = of_units(rng, 60, 100, 1.0).interval()
    assert low < 0.97
    assert high == 1.0


def test_nothing_seen_is_nothing_known():
    assert Agreement().interval() == (0.0, 1.0)
    assert Agreement().mean_gap is None


@pytest.mark.parametrize(
    ("one", "other", "gap"), [(1.0, 3.5, 2.5), (nan, nan, 0.0), (inf, inf, 0.0), (nan, 1.0, inf), (inf, 1.0, inf)]
)
def test_numbers_that_are_none_are_far_from_those_that_are(one, other, gap):
    assert gap_between(one, other) == gap
