"""Synchronous Hyperband waits for whole rungs, and for nothing else."""

import pytest
from search_methods_driving import drive, ends, searcher

from daybreak.base.errors import UsageError
from daybreak.search.brackets import hyperband_brackets
from daybreak.search.methods.hyperband import ranked
from daybreak.search.searcher import GoOn, Rest
from daybreak.spec.models import Search


def test_the_brackets_of_the_paper():
    brackets = hyperband_brackets(Search(method="hyperband", max_units=81))
    assert [(bracket.trials, bracket.lengths) for bracket in brackets] == [
        (81, (1, 3, 9, 27, 81)),
        (34, (3, 9, 27, 81)),
        (15, (9, 27, 81)),
        (8, (27, 81)),
        (5, (81,)),
    ]


def filled(losses, **search):
    """One bracket of three with rungs 1 and 3, and the decisions at the first."""
    method = searcher(method="hyperband", max_units=3, max_trials=5, **search)
    decisions = []
    for trial in (1, 2, 3):
        method.added(trial, {})
        method.taken(method.peek())
    for trial, loss in zip((1, 2, 3), losses, strict=True):
        decisions.append(method.reported(trial, 1, (loss,)))
    return method, decisions


def test_nothing_is_promoted_before_the_rung_is_whole():
    method, decisions = filled([2.0, 1.0, 3.0])
    assert all(isinstance(decision, Rest) for decision in decisions)
    wish = method.peek()
    assert (wish.trial, wish.to) == (2, 3)


def test_the_last_one_in_goes_on_in_place_when_it_is_the_best():
    _, decisions = filled([2.0, 3.0, 1.0])
    assert isinstance(decisions[-1], GoOn)


def test_a_failed_trial_counts_as_worst_and_holds_nobody_up():
    method = searcher(method="hyperband", max_units=3, max_trials=3)
    for trial in (1, 2, 3):
        method.added(trial, {})
        method.taken(method.peek())
    method.reported(1, 1, (5.0,))
    method.reported(2, 1, (4.0,))
    assert method.peek() is None
    method.ended(3, 0, None, failed=True)
    assert method.peek().trial == 2


def test_a_bracket_that_gets_no_more_points_goes_on_with_those_it_has():
    method = searcher(method="hyperband", max_units=9)
    for trial in (1, 2, 3, 4):
        method.added(trial, {})
        method.taken(method.peek())
        assert isinstance(method.reported(trial, 1, (float(trial),)), Rest)
    assert method.peek() is None
    method.exhausted()
    assert (method.peek().trial, method.peek().to) == (1, 3)


def test_a_whole_round_ends_where_its_brackets_say():
    lengths = drive(searcher(method="hyperband", max_units=9, max_trials=17), lambda trial, units: trial)
    assert ends(lengths) == {1: 6, 3: 6, 9: 5}  # 9 > 3 > 1, 5 > 1, 3


def test_rounds_follow_each_other():
    method = searcher(method="hyperband", max_units=9, max_trials=30)
    drive(method, lambda trial, units: trial)
    assert method.view().facts["rounds"] == 5


def test_ranks_put_diverged_ones_last():
    assert ranked({1: (float("inf"),), 2: (3.0,), 3: (1.0,)}) == [3, 2, 1]
    assert ranked({1: (float("inf"), 0.0), 2: (3.0, 3.0), 3: (1.0, 1.0)}) == [3, 2, 1]


def test_it_needs_a_horizon():
    with pytest.raises(UsageError, match=r"hyperband needs search\.max_units, got none"):
        searcher(method="hyperband")
