"""Points held against the record, bit by bit."""

import math

from hypothesis import given
from hypothesis import strategies as st

from daybreak.proof.comparing import PointApart, compare_points, same_bits

RECORDED = {"loss": {1: 0.5, 2: 0.25, 3: 0.125}, "score": {1: 0.1, 2: 0.2, 3: 0.3}}
curves = st.dictionaries(st.sampled_from(["loss", "score"]), st.dictionaries(st.integers(1, 9), st.floats()))


def with_point(metric, step, value):
    return RECORDED | {metric: RECORDED[metric] | {step: value}}


@given(curves)
def test_nothing_parts_from_itself_not_even_nan(points):
    found = compare_points(points, points, 0, 9)
    assert (found.apart, found.largest, found.first_step) == ([], 0.0, None)
    assert found.points == sum(map(len, points.values()))


def test_the_last_bit_of_a_number_counts():
    found = compare_points(RECORDED, with_point("loss", 2, math.nextafter(0.25, 1)), 0, 3)
    assert found.points == 6
    assert found.apart == [PointApart("loss", 2, 0.25, math.nextafter(0.25, 1))]
    assert found.largest == found.apart[0].size == math.nextafter(0.25, 1) - 0.25


def test_of_each_metric_the_first_point_is_told_the_earliest_before_all():
    observed = {"loss": {1: 0.5, 2: 0.26, 3: 9.0}, "score": {1: 0.2, 2: 0.2, 3: 0.3}}
    found = compare_points(RECORDED, observed, 0, 3)
    assert [(one.metric, one.step) for one in found.apart] == [("score", 1), ("loss", 2)]
    assert found.first_step == 1
    assert found.largest == 9.0 - 0.125  # over all points, not only the first ones


def test_a_step_that_one_side_lacks_parts_them_by_no_number():
    missing = {"loss": RECORDED["loss"], "score": {1: 0.1, 2: 0.2}}
    assert compare_points(RECORDED, missing, 0, 3).apart == [PointApart("score", 3, 0.3, None)]
    assert compare_points(missing, RECORDED, 0, 3).apart == [PointApart("score", 3, None, 0.3)]
    assert compare_points(RECORDED, missing, 0, 3).apart[0].size is None
    assert compare_points(RECORDED, {}, 0, 3).first_step == 1


def test_nan_in_place_of_a_number_parts_and_has_no_size():
    found = compare_points(RECORDED, with_point("loss", 3, math.nan), 0, 3)
    assert (found.first_step, found.apart[0].size, found.largest) == (3, None, 0.0)
    assert same_bits(math.nan, -math.nan)
    assert not same_bits(0.0, -0.0)


def test_only_the_piece_that_was_trained_again_is_compared():
    other = {"loss": {2: 0.25}, "score": {2: 0.2}}
    assert compare_points(RECORDED, other, 1, 2).points == 2
    assert compare_points(RECORDED, other, 1, 2).apart == []
    assert compare_points(RECORDED, with_point("loss", 3, 7.0), 0, 3, valid=2).apart == []  # 3 was written by another


def test_a_metric_with_steps_of_its_own_is_compared_where_it_was_observed():
    recorded = {"loss": {10: 1.0, 20: 2.0, 30: 3.0}}
    assert compare_points(recorded, {"loss": {20: 2.0, 30: 3.0}}, 1, 3).points == 2
    assert compare_points(recorded, {"loss": {20: 2.5}}, 1, 3).first_step == 20
