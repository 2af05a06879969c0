"""How long it will take: what is told while trials are begun, while the last of them train, and at the end."""

from daybreak import lifecycle
from daybreak.base.ids import AttemptKey
from daybreak.search.plan import plan
from daybreak.spec.models import Budget, Search


def eta(script, after=0.0):
    return lifecycle.status(script.state, 1, script.at + after).eta_seconds


def test_nothing_is_told_before_there_is_a_pace(script):
    script.offer()
    script.submit(search=Search(max_units=9, max_trials=9))
    assert eta(script) is None


def test_trials_are_estimated_by_the_units_such_a_search_trains(script):
    script.offer()
    script.submit(search=Search(max_units=9, max_trials=9))
    expected = plan(script.state.experiments[1].spec).units
    key = AttemptKey(1, 1, 1)
    script.start(key)
    script.report(key, {"accuracy": 0.5}, units=1, after=10.0)
    assert eta(script) == (expected - 1) * 10.0, "10 s a unit"


def test_wall_time_is_known_exactly_and_the_tightest_limit_counts(script):
    script.offer()
    script.submit(search=Search(max_units=9, max_trials=900), budget=Budget(wall=60.0))
    key = AttemptKey(1, 1, 1)
    script.start(key)
    script.report(key, {"accuracy": 0.5}, units=1, after=10.0)
    assert eta(script) == 50.0
    assert eta(script, after=20.0) == 30.0
