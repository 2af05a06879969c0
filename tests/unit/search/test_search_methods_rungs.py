"""Rungs: lengths, and which values are among the best, against the definition written out."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.search.pareto import ParetoRung
from daybreak.search.rungs import Ladder, Rung, ladder_of, whole_log
from daybreak.spec.models import Search

LOSSES = st.one_of(st.sampled_from([0.0, 1.0, 2.0, inf]), st.floats(0, 10))
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "pass", "again"]), st.integers(0, 30), LOSSES), max_size=80
)


@given(STEPS, st.integers(2, 4))
def test_a_rung_agrees_with_sorting_everything_each_time(steps, divisor):
    rung, values, passed, arrived = Rung(divisor), {}, set(), 0
    for what, trial, loss in steps:
        if what == "add":
            arrived += 1
            rung.add(trial, (loss,))
            values[trial] = (loss, arrived)
        elif what == "remove" and trial in values:
            rung.remove(trial)
            del values[trial]
        elif what == "pass" and trial in values:
            rung.pass_on(trial)
            passed.add(trial)
        elif what == "again":
            rung.take_back(trial)
            passed.discard(trial)
        order = sorted(values, key=values.get)
        finite = [t for t in order if values[t][0] < inf]
        best = order[: len(values) // divisor]
        among = [t for t in best if t in finite or not finite]
        assert [t for t in order if rung.among(t)] == among
        assert rung.ready() == next((t for t in among if t not in passed), None)
        assert rung.best == min((values[t][0] for t in finite), default=inf)
        assert (len(rung), rung.finite, rung.members()) == (len(values), len(finite), order)
        cut = values[order[max(len(values) // divisor, 1) - 1]][0] if values else -inf
        for t in order:
            assert rung.holds_up(t) == (values[t][0] <= cut and (values[t][0] < inf or not finite))


@given(st.lists(st.tuples(LOSSES, LOSSES), max_size=25))
def test_a_rung_of_several_objectives_prefers_what_is_not_dominated(pairs):
    rung = ParetoRung(3)
    for trial, losses in enumerate(pairs):
        rung.add(trial, losses)
    known = {t: losses if max(losses) < inf else (inf, inf) for t, losses in enumerate(pairs)}
    among = [t for t in known if rung.among(t)]
    assert len(among) <= len(pairs) // 3
    for chosen in among:
        for other in set(known) - set(among):
            assert not dominates(known[other], known[chosen]), "what is left out dominates nothing that is in"


def dominates(left, right):
    return left != right and all(a <= b for a, b in zip(left, right, strict=True))


def test_the_less_crowded_of_a_front_goes_first():
    rung = ParetoRung(2)
    for trial, losses in enumerate([(0.0, 4.0), (1.0, 3.0), (1.1, 2.9), (1.2, 2.8), (4.0, 0.0), (9.0, 9.0)]):
        rung.add(trial, losses)
    assert [trial for trial in range(6) if rung.among(trial)] == [0, 3, 4]  # both ends, then the one with most room


def test_removing_the_best_of_several_objectives_lets_the_next_in():
    rung = ParetoRung(3)
    for trial in range(3):
        rung.add(trial, (float(trial), float(trial)))
    assert rung.ready() == 0
    rung.remove(0)
    assert rung.ready() is None  # floor(2 / 3)
    rung.add(3, (9.0, 9.0))
    assert rung.ready() == 1


@given(st.integers(1, 10**12), st.integers(2, 10))
def test_whole_logarithms(value, base):
    k = whole_log(value, base)
    assert base**k <= value < base ** (k + 1)


def test_a_logarithm_of_nothing_is_refused():
    with pytest.raises(ValueError, match="value >= 1 and base >= 2 must hold, got value=0, base=3"):
        whole_log(0, 3)


@pytest.mark.parametrize(
    ("search", "lengths"),
    [
        ({"max_units": 27}, [1, 3, 9, 27]),
        ({"max_units": 243}, [3, 9, 27, 81, 243]),  # five rungs at most
        ({"max_units": 50}, [1, 3, 9, 27, 50]),
        ({"max_units": 1000, "reduction": 4, "max_rungs": 3}, [62, 250, 1000]),
        ({"max_units": 1}, [1]),
        ({"max_units": 81, "min_units": 2, "reduction": 4}, [2, 8, 32, 81]),
        ({"max_units": 28, "min_units": 1}, [1, 3, 9, 28]),  # 27 would be a rung one unit below the end
        ({"max_units": 5, "min_units": 9}, [5]),
    ],
    ids=str,
)
def test_ladders(search, lengths):
    given_search = Search(**search)
    assert ladder_of(given_search, given_search.max_units).lengths == lengths


def test_without_a_horizon_the_ladder_has_no_end_until_it_is_learnt():
    ladder = ladder_of(Search(min_units=2), None)
    assert [ladder.units(i) for i in range(5)] == [2, 6, 18, 54, 162]
    assert not ladder.is_top(4)
    ladder.settle(50, reached=18)
    assert ladder.lengths == [2, 6, 18, 50]
    assert ladder.is_top(3)


def test_a_horizon_below_what_some_trial_already_reached_keeps_the_rungs_with_values():
    ladder = Ladder([1, 3, 9, 27], 3, None)
    ladder.settle(20, reached=27)
    assert ladder.lengths == [1, 3, 9, 27]
