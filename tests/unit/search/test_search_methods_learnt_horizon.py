"""A horizon that is learnt from a trial that ends by itself, exactly at a rung it had been promoted from."""

import pytest

from daybreak.search.registry import make_searcher
from daybreak.search.searcher import Costs, Finish, GoOn
from daybreak.spec.models import Experiment, Objective, Search


@pytest.mark.parametrize("ended_first", [True, False])
def test_trial_that_ends_at_its_rung_makes_that_rung_the_last(ended_first):
    spec = Experiment(name="t", run=("true",), objectives=(Objective(metric="a"),), search=Search(guard=0.0))
    searcher = make_searcher(spec)
    for trial in range(1, 28):  # each is better than all before: the 27th is the first to be sent beyond 9 units
        searcher.added(trial, {})
        searcher.taken(searcher.peek())
        units = 1
        while isinstance(decision := searcher.reported(trial, units, (-float(trial),)), GoOn) and units < 9:
            units = decision.to
    assert (trial, units, decision.to) == (27, 9, 27)
    tell = [lambda: searcher.ended(27, 9, (-27.0,), failed=False), lambda: searcher.learnt(9, Costs())]
    for one in tell if ended_first else reversed(tell):
        one()
    assert [rung.units for rung in searcher.view().rungs] == [1, 3, 9]


def test_best_trial_that_stands_where_another_ended_is_complete():
    spec = Experiment(
        name="t", run=("true",), objectives=(Objective(metric="a"),), search=Search(guard=0.0, max_trials=9)
    )
    searcher = make_searcher(spec)
    for trial in range(1, 10):
        searcher.added(trial, {})
    while (wish := searcher.peek()).to < 9:  # the first three are promoted to 3 units, the first of them to 9
        searcher.taken(wish)
        searcher.reported(wish.trial, wish.to, (float(wish.trial),))
    searcher.taken(wish)
    searcher.ended(1, 3, (1.0,), failed=False)
    searcher.learnt(3, Costs())
    searcher.close(best=2)
    searcher.taken(searcher.peek())

    assert isinstance(searcher.reported(2, 3, (2.0,)), Finish)
    assert searcher.peek() is None
