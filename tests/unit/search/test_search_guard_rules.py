"""The guard over cuts, rule by rule."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_methods_driving import drive, searcher

from daybreak.base.streams import Stream
from daybreak.search import guard as rules
from daybreak.search.guard import Evidence, Guard, interval, scalar, spearman, wilson
from daybreak.search.searcher import GoOn, Rest


def test_weights_stand_for_trials_that_were_not_seen():
    xs, ys = [1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 4.0]
    twice = [1.0, 2.0, 2.0, 3.0, 4.0], [1.0, 3.0, 3.0, 2.0, 4.0]
    assert spearman(xs, ys, [1.0, 2.0, 1.0, 1.0]) == pytest.approx(spearman(*twice, [1.0] * 5))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=30))
def test_a_rank_correlation_knows_only_order(pairs):
    xs, ys = [x for x, _ in pairs], [y for _, y in pairs]
    value = spearman(xs, ys, [1.0] * len(xs))
    assert -1.0001 <= value <= 1.0001
    assert spearman([8 * x for x in xs], ys, [1.0] * len(xs)) == pytest.approx(value)
    assert spearman(xs, [-y for y in ys], [1.0] * len(xs)) == pytest.approx(-value)


def test_a_constant_side_says_nothing():
    assert spearman([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], [1.0] * 3) == 0.0
    assert spearman([inf, inf], [1.0, 2.0], [1.0] * 2) == 0.0


def test_few_trials_say_nothing_and_many_say_more():
    assert interval(0.5, 4) == (-1.0, 1.0)
    wide, narrow = interval(0.5, 10), interval(0.5, 100)
    assert wide[0] < narrow[0] < 0.5 < narrow[1] < wide[1]


def test_an_interval_of_a_share():
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(0, 20)
    assert low == 0.0
    assert 0.05 < high < 0.2


def test_several_objectives_are_one_by_the_mean_of_their_ranks():
    assert scalar([(1.0, 10.0), (2.0, 20.0), (3.0, 0.0)]) == [2.0, 4.0, 3.0]


def test_cut_trials_stand_for_all_that_were_cut():
    """Promoted trials alone are a truncated sample: their correlation is not that of the rung."""
    evidence = Evidence()
    streams = Stream(1, "x")
    pairs = sorted((x := streams.normal(), 0.8 * x + 0.6 * streams.normal()) for _ in range(3000))
    for x, y in pairs[:64]:  # the best, as promoted ones are
        evidence.promoted.append(((x,), (y,)))
    for trial in range(1000, 1064):
        evidence.cut[trial] = ((pairs[trial][0],), (pairs[trial][1],))
    for trial in range(64):  # one in 46 of those cut
        x, y = pairs[64 + 45 * trial]
        evidence.cut[trial] = ((x,), (y,))
    for trial in range(1000, 1064):
        del evidence.cut[trial]
    seen = evidence.correlation(64, 3000 - 64)
    assert seen.low < 0.78 < seen.high
    alone = Evidence(promoted=evidence.promoted).correlation(64, 0)
    assert alone.value < 0.6


def test_nobody_is_graced_before_the_share_allows_it():
    guard = Guard(0, "s", share=0.1)
    assert not any(guard.picks(t, 0, True, cost=2, spent=19) for t in range(100))
    assert any(guard.picks(t, 0, True, cost=2, spent=20) for t in range(100))
    assert guard.units == 2, "the next needs 40 units"


def test_who_is_graced_is_a_function_of_the_seed():
    def picked(seed):
        guard = Guard(seed, "s", share=1.0)
        return [t for t in range(50) if guard.picks(t, 0, True, cost=1, spent=1000)]

    assert picked(1) == picked(1)
    assert picked(1) != picked(2)
    assert 15 < len(picked(1)) < 35


def test_a_share_of_nothing_turns_the_guard_off():
    method = searcher(max_units=27, max_trials=200, guard=0.0)
    drive(method, lambda trial, units: trial * 7919 % 997 + units * trial % 13)
    facts = method.view().facts["guard"]
    assert (facts["units"], facts["trials"], facts["lifted"]) == (0, 0, [])


@pytest.fixture
def always(monkeypatch):
    """Whoever would be cut is graced while the share lasts."""
    monkeypatch.setattr(rules, "CHANCE", 1.0)
    monkeypatch.setattr(rules, "WATCHFUL", 0.0)


def test_a_graced_trial_goes_one_rung_beyond_the_cut_and_stays_out_of_its_quantiles(always):
    method = searcher(max_units=9, guard=0.5)
    decisions = [run_first(method, trial, loss=float(trial)) for trial in range(1, 5)]
    assert decisions[3] == GoOn(3, graced=True, why="goes one rung beyond the cut, to check the cut")
    assert isinstance(method.reported(4, 3, (4.0,)), Rest), "rests beyond the cut"
    assert rung(method, 3).reported == 0, "the rung does not know it"


def test_a_graced_trial_that_does_very_well_becomes_an_ordinary_member(always):
    method = searcher(max_units=27, guard=0.5)
    for trial in range(1, 12):
        run_first(method, trial, loss=float(trial))
    for trial in (1, 2, 3):
        method.reported(trial, 3, (float(trial),))
    decision = method.reported(4, 3, (0.5,))
    assert isinstance(decision, GoOn)
    assert (decision.to, decision.graced) == (9, False)
    assert rung(method, 3).reported == 4


def test_a_graced_trial_that_its_rung_promotes_after_all_brings_its_value_along(always):
    method = searcher(max_units=27, guard=0.5)
    for trial in range(1, 12):
        run_first(method, trial, loss=float(trial))
    assert isinstance(method.reported(4, 3, (4.0,)), Rest), "nothing to compare it with at 3 units: it stays apart"
    assert rung(method, 3).reported == 0
    run_first(method, 12, loss=12.0)  # now the best four of twelve are promotable
    assert rung(method, 3).reported == 1
    wish = method.peek()
    assert wish is None or wish.trial != 4, "it stands there already"


def run_first(method, trial, loss):
    """A new trial's first report; promotions that are wished for in between are left waiting."""
    method.added(trial, {})
    wish = method.peek()
    while wish.trial != trial:
        method.taken(wish)
        wish = method.peek()
    method.taken(wish)
    return method.reported(trial, 1, (loss,))


def rung(method, units):
    return next((view for view in method.view().rungs if view.units == units), None)


def chance(trial, units):
    return Stream(5, trial, units).uniform()


@pytest.fixture
def lifted():
    """A search over chance, stopped just when its first rung was lifted; (method, trials added)."""
    method = searcher(max_units=27, guard=0.1, seed=3)
    added = 0
    while not method.view().notices:
        wish = method.peek()
        if wish is None:
            added += 1
            method.added(added, {})
            continue
        method.taken(wish)
        to = wish.to
        while to is not None:
            decision = method.reported(wish.trial, to, (chance(wish.trial, to),))
            to = decision.to if isinstance(decision, GoOn) else None
    return method, added


def test_once_lifted_people_are_told_why(lifted):
    method, _ = lifted
    (notice,) = method.view().notices
    assert notice.startswith("cutting at 1 units was no better than chance (rank correlation with 3 units ")
    assert notice.endswith("and trials frozen before it go on to it")
    (lift,) = method.view().facts["guard"]["lifted"]
    assert lift["units"][0] == 1
    assert lift["high"] < rules.LOW


def test_once_lifted_frozen_trials_go_on_before_new_ones_and_new_ones_go_straight(lifted):
    method, added = lifted
    first = method._brackets[0].start()
    assert first > 1
    method.added(added + 1, {})
    targets, trials = set(), []
    while (wish := method.peek()) is not None:
        method.taken(wish)
        trials.append(wish.trial)
        targets.add(wish.to)
    assert targets == {first}
    assert trials[-1] == added + 1, "the new one last"
    assert len(trials) > 10, "those that were frozen"


def test_a_trial_on_its_way_to_a_lifted_rung_goes_on_there(lifted):
    method, added = lifted
    method.added(added + 1, {})
    first = method._brackets[0].start()
    method._roster.go(added + 1, 1)  # it had been granted before the rung was lifted
    method._roster.fresh.clear()
    decision = method.reported(added + 1, 1, (inf,))
    assert isinstance(decision, GoOn)
    assert decision.to == first
