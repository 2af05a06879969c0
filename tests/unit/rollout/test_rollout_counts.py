"""Exact tests on counts of units: samples in the wrong ratio, challengers that fail."""

import numpy as np
import pytest

from daybreak.rollout.counts import FirstSeen, p_of, rate_evidence, ratio_evidence

LOOKS = 60


def ever_below(alpha, counts, weights):
    """Whether any look at the running counts, (looks, arms), falls below alpha."""
    return any(p_of(ratio_evidence(look.tolist(), weights)) < alpha for look in counts)


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.99, 0.01), (0.6, 0.3, 0.1)])
def test_a_ratio_as_dealt_is_hardly_ever_called_mismatched(weights):
    rng = np.random.default_rng(0)
    counts = rng.multinomial(200, weights, (300, LOOKS)).cumsum(1)
    assert sum(ever_below(0.05, one, weights) for one in counts) / 300 <= 0.05


def test_losing_a_tenth_of_one_arm_is_found():
    rng = np.random.default_rng(1)
    counts = rng.multinomial(200, (0.5, 0.45, 0.05), (200, LOOKS)).cumsum(1)[:, :, :2]
    assert sum(ever_below(0.01, one, (0.5, 0.5)) for one in counts) / 200 > 0.95


def test_a_challenger_that_always_fails_is_told_after_a_handful_of_units():
    def failures(share):
        return next(n for n in range(1, 100) if p_of(rate_evidence([(0, n, share)])) < 0.01 / 3)

    assert failures(0.1) <= 6
    assert failures(0.5) <= 14


def test_equal_rates_are_hardly_ever_told_apart_whatever_ramps_do():
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(150):
        first = (rng.random(200) < 0.1).cumsum()
        second = (rng.random(200) < 0.4).cumsum()
        looks = [[(n - hit, hit, 0.1)] for n, hit in enumerate(first, 1)][4::5]
        looks += [[*looks[39], (n - hit, hit, 0.4)] for n, hit in enumerate(second, 1)][4::5]
        wrong += any(p_of(rate_evidence(look)) < 0.05 for look in looks)
    assert wrong / 150 <= 0.05


def test_each_unit_is_new_once():
    seen = FirstSeen()
    hashes = np.array([5, 9, 5, 2**63 + 9, 9], np.uint64)
    assert seen.new(hashes).tolist() == [True, True, False, False, False]  # 2**63 + 9 shares a bit with 9
    assert not seen.new(hashes).any()
    many = np.random.default_rng(3).integers(0, 2**64, 100_000, np.uint64)
    assert seen.new(many).mean() > 0.99
