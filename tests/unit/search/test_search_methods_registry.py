"""Methods by name."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest
from search_methods_driving import experiment, searcher

from daybreak.base.errors import UsageError
from daybreak.search import registry
from daybreak.search.methods.straight import Straight


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match=r"got 'hyperbant'; did you mean 'hyperband'\?"):
        searcher(method="hyperbant")


def test_a_name_like_no_other_is_answered_with_all():
    with pytest.raises(
        UsageError, match="known are single, random, grid, asha, asha_stopping, adaptive_asha, hyperband, pbt"
    ):
        searcher(method="zzz")


def test_installed_packages_may_register_methods(monkeypatch):
    mine = EntryPoint("mine", f"{__name__}:mine", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **want: EntryPoints([mine]).select(**want))
    made = registry.make_searcher(experiment(method="mine", max_units=7))
    assert made.room() == 3
    assert registry.method_names()[-1] == "mine"


def mine(context):
    return Straight(context, limit=3)


def test_single_is_one_trial_to_the_horizon():
    method = searcher(method="single", max_units=30)
    assert method.room() == 1
    method.added(1, {})
    assert (method.peek().trial, method.peek().to) == (1, 30)


def test_random_without_a_horizon_lets_trials_end_by_themselves():
    method = searcher(method="random", max_trials=2)
    method.added(1, {})
    assert method.peek().to is None


def test_straight_trials_go_on_when_the_horizon_is_raised():
    method = searcher(method="random", max_units=5, max_trials=1)
    method.added(1, {})
    method.taken(method.peek())
    method.reported(1, 5, (1.0,))
    assert method.peek() is None
    method.extend(experiment(method="random", max_units=9, max_trials=1))
    assert (method.peek().trial, method.peek().to) == (1, 9)
