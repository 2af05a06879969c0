"""What ASHA does beside the textbook: several slots, failures, early ends, costs, the end of the budget, extension, many objectives."""

from math import inf

import pytest
from search_methods_driving import drive, ends, experiment, run_to, searcher

from daybreak.search.registry import make_searcher
from daybreak.search.searcher import Costs, Finish, GoOn, Rest


def asha(**search):
    return searcher(**({"max_units": 9, "guard": 0.0} | search))


def first_reports(method, losses):
    """Trials 1, 2, ... report at one unit; what is promotable is left waiting. Returns the decisions."""
    decisions = []
    for trial, loss in enumerate(losses, start=1):
        method.added(trial, {})
        wish = next(wish for wish in wishes(method) if wish.trial == trial)
        assert wish.to == 1
        decisions.append(method.reported(trial, 1, loss if isinstance(loss, tuple) else (float(loss),)))
    return decisions


def wishes(method):
    """Everything that is wished for now, taken."""
    while (wish := method.peek()) is not None:
        method.taken(wish)
        yield wish


def test_promotions_come_before_new_points_and_high_rungs_before_low():
    method = asha(max_units=27)
    first_reports(method, [1, 2, 3, 4, 5, 6, 7])
    for trial in (1, 2):
        method.reported(trial, 3, (float(trial),))
    method.added(8, {})
    assert [(wish.trial, wish.to) for wish in wishes(method)] == [(8, 1)]
    method.reported(8, 1, (2.5,))  # n = 8: not among the best two
    method.added(9, {})
    run = list(wishes(method))
    assert [(wish.trial, wish.to) for wish in run] == [(9, 1)]
    method.reported(9, 1, (9.0,))  # n = 9: a third may go on
    method.added(10, {})
    assert [(wish.trial, wish.to, wish.value) for wish in wishes(method)] == [(8, 3, 1.0), (10, 1, 0.0)]
    method.reported(8, 3, (8.0,))  # n = 3 at the second rung: its best may go on
    method.added(11, {})
    assert [(wish.trial, wish.to, wish.value) for wish in wishes(method)] == [(1, 9, 2.0), (11, 1, 0.0)]


def test_completing_the_best_trial_is_worth_most():
    method = asha(max_units=9)
    first_reports(method, [1, 2, 3] + [4] * 6)
    for trial in (1, 2, 3):
        list(wishes(method))
        method.reported(trial, 3, (float(trial),))
    wish = method.peek()
    assert (wish.trial, wish.to) == (1, 9)
    assert wish.value > 100


def test_a_diverged_trial_is_never_promoted_while_a_finite_one_is_there():
    method = asha()
    decisions = first_reports(method, [inf, inf, inf, inf, 5.0, inf])
    assert all(isinstance(decision, Rest) for decision in decisions[:2])
    assert isinstance(decisions[4], GoOn), "the only finite one"
    assert method.peek() is None


def test_where_everything_diverges_the_search_still_ends():
    assert ends(drive(asha(max_trials=9), lambda trial, units: inf))


def test_a_failed_trial_leaves_the_rungs_and_makes_room():
    method = asha()
    first_reports(method, [1, 2, 3, 4, 5, 6])  # 1 and 2 went on
    list(wishes(method))
    method.ended(1, 1, None, failed=True)  # n = 5: one may go on, and trial 2 does
    assert method.peek() is None
    method.ended(2, 1, None, failed=True)
    assert method.peek().trial == 3
    assert isinstance(method.reported(1, 3, (0.0,)), Rest), "late reports change nothing"
    assert [view.reported for view in method.view().rungs] == [4]


def test_one_that_ended_by_itself_counts_at_every_rung_that_would_have_promoted_it():
    method = asha(max_units=27)
    first_reports(method, [5, 6, 7])
    assert [wish.trial for wish in wishes(method)] == [1]
    method.ended(1, 2, (0.5,), failed=False)  # between the rungs at 1 and 3
    assert [(view.units, view.reported) for view in method.view().rungs] == [(1, 3), (3, 1)]
    assert method.view().rungs[1].best == 0.5


def test_without_a_horizon_the_first_own_end_teaches_it():
    method = searcher(guard=0.0)
    assert run_to(method, 1, 1, 1.0).__class__ is Rest
    method.learnt(20, Costs())
    for trial in range(2, 60):
        method.added(trial, {})
        for wish in wishes(method):
            to = wish.to
            while to is not None:
                decision = method.reported(wish.trial, to, (float(wish.trial),))
                to = decision.to if isinstance(decision, GoOn) else None
    assert [view.units for view in method.view().rungs] == [1, 3, 9, 20]


def test_costly_freezing_makes_a_rung_decide_in_place_and_says_so():
    method = asha(max_units=27)
    method.learnt(27, Costs(unit=1.0, freeze=0.5, resume=0.5))  # 1 s: more than a fifth of the 2 s from 1 to 3 units
    (notice,) = method.view().notices
    assert notice == (
        "units are short here: freezing and resuming a trial takes 1 s, training it from 1 to 3 units 2 s; "
        "so where that is not worth it trials go on or end at once"
    )
    decisions = first_reports(method, [1, 2, 1])
    assert [type(decision) for decision in decisions] == [GoOn, Rest, GoOn], "the best so far, worse, a tie"
    assert [wish.trial for wish in wishes(method)] == []


def test_at_a_costly_rung_what_is_promotable_comes_last():
    method = asha(max_units=27, max_trials=6)
    method.learnt(27, Costs(unit=1.0, freeze=1.0, resume=1.0))
    first_reports(method, [1, 2, 3, 4, 5])
    assert method.peek() is None, "a new point may still come"
    method.added(6, {})
    assert method.peek().trial == 6
    list(wishes(method))
    method.reported(6, 1, (6.0,))
    assert [(wish.trial, wish.to) for wish in wishes(method)] == [(2, 3)]


def test_cheap_freezing_says_nothing():
    method = asha()
    method.learnt(9, Costs(unit=1.0, freeze=0.1, resume=0.1))
    assert method.view().notices == ()


def test_closing_brings_only_the_best_to_its_end():
    method = asha(max_units=27)
    first_reports(method, [3, 2, 1, 9, 9, 9])
    method.close(best=3)
    assert method.room() == 0
    if 3 in method._roster.live:
        decision = method.reported(3, 3, (1.0,))
        assert decision == GoOn(27, why="completes the best trial")
    else:
        assert [(wish.trial, wish.to) for wish in wishes(method)] == [(3, 27)]
    assert isinstance(method.reported(3, 27, (0.5,)), Finish)
    assert method.peek() is None


def test_closing_lets_the_others_rest():
    method = asha(max_units=27)
    first_reports(method, [1, 2, 3])
    method.close(best=2)
    assert isinstance(method.reported(1, 3, (0.1,)), Rest)
    assert [(wish.trial, wish.to) for wish in wishes(method)] == [(2, 27)]


def test_with_too_few_trials_to_promote_one_to_the_end_the_best_is_completed():
    lengths = drive(asha(max_units=81, max_trials=5), lambda trial, units: trial)
    assert lengths[1][-1] == 81
    assert [reached[-1] for trial, reached in lengths.items() if trial > 1] == [1] * 4


def test_extended_by_more_trials_frozen_ones_are_promotable_again():
    spec = experiment(max_units=9, max_trials=8, guard=0.0)
    method = make_searcher(spec)
    drive(method, lambda trial, units: trial)
    method.close(best=1)
    assert method.room() == 0
    method.extend(experiment(max_units=9, max_trials=9, guard=0.0))
    assert method.room() == 1
    more = drive(method, lambda trial, units: trial, added=8)
    assert more == {9: [1], 3: [3]}, "the ninth makes the third promotable"


def test_extended_to_a_longer_horizon_finished_trials_go_on():
    method = asha(max_units=9, max_trials=27)
    before = drive(method, lambda trial, units: trial)
    assert sum(reached[-1] == 9 for reached in before.values()) == 3
    method.extend(experiment(max_units=27, max_trials=27, guard=0.0))
    after = drive(method, lambda trial, units: trial, added=27)
    assert after == {1: [27]}


def test_at_most_so_many_at_once():
    method = asha(max_concurrent=2)
    for trial in range(1, 6):
        method.added(trial, {})
    assert len(list(wishes(method))) == 2


@pytest.mark.parametrize("method", ["asha", "asha_stopping", "adaptive_asha", "hyperband"])
def test_several_objectives_keep_what_nothing_dominates(method):
    """Two objectives in conflict, and trials that are worse in both: those never come to the end."""
    search = searcher(objectives=2, method=method, max_units=9, max_trials=45, guard=0.0)
    lengths = drive(search, lambda trial, units: (trial % 9, 8 - trial % 9) if trial % 3 else (20 + trial, 20 + trial))
    ladder = {1: 0, 3: 1, 9: 2}
    complete = [trial for trial, reached in lengths.items() if len(reached) == len(ladder)]
    assert complete
    assert all(trial % 3 for trial in complete)


def test_brackets_are_filled_in_the_order_of_their_shares():
    method = searcher(method="adaptive_asha", max_units=9, max_trials=20, guard=0.0, brackets="conservative")
    lengths = drive(method, lambda trial, units: trial)
    started = [lengths[trial][0] for trial in sorted(lengths)]
    assert sorted(set(started)) == [1, 3, 9]
    assert started[:3] != [1, 1, 1], "each bracket begins early"
