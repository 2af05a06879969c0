"""A horizon that is learnt from a trial that ends by itself, exactly at a rung it had been promoted from."""

import pytest

from daybreak.search.registry import make_searcher
from daybreak.search.searcher import Costs, GoOn
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
