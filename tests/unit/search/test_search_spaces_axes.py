"""What values a domain has, and where they lie on the unit interval."""

import math

import pytest

from daybreak.base.errors import UsageError
from daybreak.search.axes import axis_of
from daybreak.spec.domains import Choice, Constant, Int, Log, Uniform

MIDDLES = [0.05, 0.35, 0.65, 0.95]


def values(domain, at):
    return [axis_of("x", domain).value(u) for u in at]


def test_a_log_domain_is_even_over_its_logarithm():
    assert values(Log(low=1e-4, high=1.0), [0.0, 0.25, 0.5, 0.75, 1.0]) == [1e-4, 1e-3, 1e-2, 1e-1, 1.0]


def test_quantised_values_are_what_one_would_write_down():
    assert values(Uniform(low=0.1, high=0.5, step=0.1), [0.0, 0.3, 0.5, 0.7, 0.99]) == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_a_step_that_misses_the_bound_stops_below_it():
    assert axis_of("x", Uniform(low=0.0, high=1.0, step=0.3)).every() == [0.0, 0.3, 0.6, 0.9]
    assert axis_of("x", Int(low=1, high=10, step=4)).every() == [1, 5, 9]


def test_both_ends_of_an_int_are_as_likely_as_its_middle():
    drawn = values(Int(low=1, high=4), [i / 400 for i in range(400)])
    assert [drawn.count(value) for value in (1, 2, 3, 4)] == [100, 100, 100, 100]


def test_log_spaced_integers_favour_the_small_as_a_logarithm_does():
    drawn = values(Int(low=1, high=1000, log=True), [i / 3000 for i in range(3000)])
    decades = [sum(low <= value < 10 * low for value in drawn) / 3000 for low in (1, 10, 100)]
    assert values(Int(low=1, high=1000, log=True), [0.0, 1.0]) == [1, 1000]
    assert decades == pytest.approx([0.39, 0.30, 0.31], abs=0.02)


def test_log_spaced_integers_keep_their_step():
    domain = Int(low=16, high=512, step=16, log=True)
    assert all(value % 16 == 0 for value in values(domain, MIDDLES))
    assert axis_of("x", domain).holds(48)
    assert not axis_of("x", domain).holds(50)


def test_options_that_python_calls_equal_are_told_apart():
    axis = axis_of("x", Choice(options=(1, True, 1.0, "1")))
    assert [axis.coordinate(option) for option in (1, True, 1.0, "1")] == [0.125, 0.375, 0.625, 0.875]
    assert values(Choice(options=([1, 2], [3])), [0.1, 0.9]) == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (Uniform(low=0, high=1), [0, 0.5, 1], [-0.1, 1.1, "0.5", True, None, math.nan, math.inf]),
        (Uniform(low=0, high=1, step=0.25), [0.25, 0.5, 1], [0.3, 1.25]),
        (Log(low=1e-3, high=1), [1e-3, 1], [0, 2]),
        (Int(low=2, high=8, step=2), [2, 4.0, 8], [3, 10, 2.5]),
        (Choice(options=("a", None)), ["a", None], ["b", 0]),
        (Constant(value=3), [3], [4]),
    ],
)
def test_what_a_domain_holds(domain, inside, outside):
    axis = axis_of("x", domain)
    assert [axis.holds(value) for value in inside] == [True] * len(inside)
    assert [axis.holds(value) for value in outside] == [False] * len(outside)


def test_a_value_outside_is_placed_at_the_nearer_end_and_no_value_nowhere():
    axis = axis_of("x", Log(low=1e-3, high=1))
    assert [axis.coordinate(value) for value in (5.0, 1e-9, "fast")] == [1.0, 0.0, None]


def test_a_domain_of_one_value():
    assert values(Uniform(low=2, high=2), [0.0, 0.7]) == [2, 2]
    assert axis_of("x", Log(low=2, high=2)).coordinate(2) == 0.5


def test_grids_take_ends_and_even_steps():
    def grid(domain):
        return axis_of("x", domain).grid()

    assert grid(Log(low=1e-4, high=1, count=3)) == [1e-4, 1e-2, 1.0]
    assert grid(Uniform(low=0, high=1, count=1)) == [0.5]
    assert grid(Int(low=1, high=1000, log=True, count=4)) == [1, 10, 100, 1000]
    assert grid(Int(low=1, high=3, log=True, count=9)) == [1, 2, 3]
    assert grid(Uniform(low=0, high=1, step=0.25, count=3)) == [0.0, 0.5, 1.0]
    assert grid(Choice(options=("a", "b", "c"), count=2)) == ["a", "b"]


def test_a_grid_of_a_continuum_needs_a_count():
    with pytest.raises(UsageError, match=r"needs `count`.*'x'"):
        axis_of("x", Log(low=1e-4, high=1)).grid()
