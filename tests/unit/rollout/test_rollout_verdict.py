"""What a test says in words, of a population whose truth is known."""

import numpy as np
import pytest
from rollout_population import CONVERSION, Population

from daybreak.base.errors import NotFound, UsageError
from daybreak.rollout.assignment import ramped, stopped
from daybreak.rollout.comparison import Rules, Told
from daybreak.rollout.guardrails import Guard
from daybreak.rollout.outcomes import Outcome
from daybreak.rollout.verdict import sentence, verdict


def said_of(population, requests=20_000, elapsed=None, drifted=None):
    test = population.ask(requests)
    return verdict(test, test.guards(drifted), elapsed)


def test_a_better_challenger_is_called_better_by_an_interval_that_holds_the_truth():
    population = Population(conversions=(0.10, 0.14))
    found = said_of(population)
    reading = population.test.readings()[0]
    assert (found.state, found.arm) == ("better", "B")
    assert reading.low < 0.04 < reading.high
    assert found.said.startswith("B is better by ")
    assert " points (conversion: B 1" in found.said


def test_a_worse_challenger_is_called_worse():
    assert said_of(Population(conversions=(0.14, 0.10))).said.startswith("B is worse by ")


def test_a_few_outcomes_are_too_few():
    found = said_of(Population(), 150)
    assert found.state == "early"
    assert "too few outcomes for an interval" in found.said


def test_what_cannot_be_told_yet_says_how_much_longer():
    found = said_of(Population(), 4_000, elapsed=3600.0)
    assert found.state == "early"
    assert "worse and" in found.said
    assert "more outcomes would show a difference of 2 points, about" in found.said
    assert "at this rate" in found.said


def test_a_test_that_has_ended_wants_no_more():
    test = Population().ask(4_000)
    found = verdict(test, test.guards(None), 3600.0, ended=True)
    assert (found.state, found.said.startswith("It ended too early to tell: B is between ")) == ("early", True)
    assert "more outcomes" not in found.said


def test_no_difference_that_matters_is_an_answer():
    found = said_of(Population(), 60_000)
    assert found.state == "same"
    assert found.said.startswith("No difference that matters: B is between ")


def test_units_that_get_lost_block_the_readout():
    found = said_of(Population(conversions=(0.10, 0.14), lost=0.2))
    assert found.state == "blocked"
    assert "do not get the units they were dealt" in found.said
    assert "dealt: A 50.0 %, B 50.0 %" in found.said


@pytest.mark.parametrize("weight", [0.05, 0.5])
def test_a_challenger_that_fails_is_rolled_back_before_anything_else(weight):
    found = said_of(Population(failures=(0.0, 1.0), lost=0.2, weight=weight), 300)
    assert (found.state, found.rollback) == ("rollback", ("B",))
    assert "100.00 % of its requests fail (B), 0.00 % of the champion's" in found.said


def test_one_unit_that_fails_a_hundred_times_is_no_reason_for_a_rollback():
    population = Population(weight=0.5)
    population.ask(2_000)
    population.failures = (0.0, 1.0)
    population.ask(100, units=1)
    assert not any(one.violated for one in population.test.guards())


def test_a_failing_rate_that_is_proved_but_small_is_tolerated():
    population = Population(failures=(0.001, 0.006))
    errors = next(one for one in (population.ask(40_000).guards()) if one.rail == "errors")
    assert errors.bound > 0
    assert not errors.violated


def test_a_slow_challenger_is_rolled_back():
    population = Population(seconds=(0.002, 0.008))
    population.ask(4_000)
    found = said_of(population, 4_000)
    assert found.state == "rollback"
    assert "of its answers are slower than the champion's 99th percentile" in found.said


def test_load_that_slows_both_arms_rolls_nobody_back():
    population = Population()
    population.ask(4_000)
    population.seconds = (0.02, 0.02)
    population.ask(4_000)
    assert population.test.guards()[1].champion > 0.4
    assert not any(one.violated for one in population.test.guards())


def test_drift_of_predictions_is_a_guard():
    drifted = {"B": "the share of class 7 fell from 10 % to 2 %"}
    found = said_of(Population(), 100, drifted=drifted)
    assert found.said == "B predicts under drift: the share of class 7 fell from 10 % to 2 %."
    off = Population(rules=Rules(CONVERSION, guard=Guard(rails=("errors", "slow"))))
    assert said_of(off, 100, drifted=drifted).state == "early"


def test_good_challengers_are_hardly_ever_rolled_back():
    """1 % is allowed over all guards and all looks; of 40 tests 3 have a chance of 0.7 %."""
    back = 0
    for seed in range(40):
        population, found = Population(failures=(0.02, 0.02), weight=0.2, seed=seed), False
        for _ in range(8):
            found |= any(one.violated for one in population.ask(400).guards())
        back += found
    assert back <= 2


def test_a_ramp_begins_a_revision_and_late_outcomes_find_theirs():
    population = Population(conversions=(0.1, 0.16), weight=0.1)
    population.ask(10_000)
    population.revise(ramped(population.split, {"B": 0.5}))
    population.ask(10_000)
    population.test.told(
        "conversion", Told(np.array([1]), np.array([1]), np.array([9_990]), np.array([1.0]), np.array([np.nan]))
    )
    assert population.test.ratio().p > 0.05
    assert said_of(population, 10_000).state == "better"


def test_a_stopped_arm_keeps_its_readout():
    population = Population(conversions=(0.1, 0.16))
    population.ask(20_000)
    population.revise(stopped(population.split, "B"))
    assert said_of(population, 5_000).state == "better"
    assert not population.test.ratio().mismatched


def test_ratings_and_times_are_told_in_their_own_unit():
    rules = Rules(Outcome("stars", "rating", 0.1), (Outcome("time", "latency", 0.05),))
    population = Population(rules=rules)
    rng, n = population.rng, 6_000
    arms, buckets = np.arange(n) % 2, rng.integers(0, 5_000, n)
    buckets[arms == 1] += 5_000
    one = np.ones(n, int)
    population.test.told("stars", Told(one, arms, buckets, rng.integers(1, 5, n) + arms * 0.5, one * np.nan))
    population.test.told("time", Told(one, arms, buckets, rng.lognormal(np.log(0.01 * (1 + arms)), 0.3), one * np.nan))
    stars, time, *_ = population.test.readings()
    assert stars.low < 0.5 < stars.high
    assert "B is better by 0." in sentence(stars, "A")
    assert time.low < np.log(2) < time.high
    assert " % (time: B 2" in sentence(time, "A")
    assert sentence(time, "A").startswith("B is worse by 9")


def test_what_was_never_declared_is_refused():
    with pytest.raises(NotFound, match="compares conversion, not 'clicks'"):
        Population().test.told("clicks", Told(*[np.array([1])] * 5))


def test_what_was_seen_is_kept_to_the_last_unit():
    from daybreak.rollout.comparison import Comparison
    from daybreak.rollout.keeping import kept, restored

    whole, cut = Population(conversions=(0.1, 0.14)), Population(conversions=(0.1, 0.14))
    whole.ask(2_000)
    cut.ask(2_000)
    cut.test = Comparison(cut.rules, cut.test.names, restored(kept(cut.test.seen)))
    for population in (whole, cut):
        population.ask(4_000)
    assert cut.test.readings() == whole.test.readings()
    assert (cut.test.ratio(), cut.test.guards(), cut.test.arms()) == (
        whole.test.ratio(),
        whole.test.guards(),
        whole.test.arms(),
    )


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-20], lambda data: b"", lambda data: data.replace(b"<f8", b"<f4")]
)
def test_what_cannot_be_read_again_is_told(damage):
    from daybreak.rollout.keeping import kept, restored

    with pytest.raises(UsageError, match="folded anew"):
        restored(damage(kept(Population().ask(200).seen)))


@pytest.mark.parametrize("kind", ["rating", "latency", "conversion"])
def test_a_value_told_again_replaces_the_one_before(kind):
    once, twice = (Population(rules=Rules(Outcome("outcome", kind, 0.1))).test for _ in range(2))
    for test in (once, twice):
        test.revised(1, {"A": 0.5, "B": 0.5})
    place, nan = [np.array([1]), np.array([1]), np.array([7])], np.array([np.nan])
    once.told("outcome", Told(*place, np.array([0.0]), nan))
    twice.told("outcome", Told(*place, np.array([1.0]), nan))
    twice.told("outcome", Told(*place, np.array([0.0]), np.array([1.0])))
    assert once.readings()[0] == twice.readings()[0]


def test_before_anybody_has_told_of_conversions_there_is_no_verdict():
    found = said_of(Population(conversions=(0.0, 0.0)))
    assert found.state == "early"
    assert "hardly any conversion has been told of yet" in found.said
