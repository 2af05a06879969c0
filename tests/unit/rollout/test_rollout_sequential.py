"""What may be looked at any time keeps its promise over all looks, and finds what is there. All by simulation."""

import numpy as np
import pytest

from daybreak.rollout.guardrails import Guard
from daybreak.rollout.outcomes import difference, no_sums
from daybreak.rollout.power import needed
from daybreak.rollout.sequential import one_sided_radius, p_value, radius, spent

LOOKS = 60
TESTS = 4_000
ALPHA = 0.05
Z = 1.959964


def conversions(rates, sizes, tests=TESTS, seed=0):
    """Both arms' counts of conversions at each look, (2, looks, tests); `sizes` are outcomes of one arm at each look."""
    rng = np.random.default_rng(seed)
    steps = np.diff(np.concatenate([[0], sizes]))[:, None]
    return np.stack([rng.binomial(steps, rate, (len(sizes), tests)).cumsum(0) for rate in rates])


def compared(hits, sizes):
    """Difference and its variance at each look, (looks, tests)."""
    n = np.asarray(sizes)[:, None]
    shares, smoothed = hits / n, (hits + 1) / (n + 2)
    return shares[1] - shares[0], (smoothed * (1 - smoothed) / n).sum(0)


def ever(found):
    return float(found.any(axis=0).mean())


@pytest.mark.parametrize("effect", [0.002, 0.02, 0.1])
def test_sixty_looks_find_nothing_where_nothing_is_where_a_fixed_test_finds_it_in_four_of_ten(effect):
    sizes = np.geomspace(300, 30_000, LOOKS).astype(int)
    value, variance = compared(conversions((0.1, 0.1), sizes), sizes)
    fixed = ever(np.abs(value) > Z * np.sqrt(variance))
    assert 0.36 < fixed < 0.46  # the test that may be looked at once
    assert ever(p_value(value, variance, effect) < ALPHA) <= ALPHA
    assert ever(np.abs(value) > radius(variance, effect, ALPHA)) <= ALPHA
    assert ever(value > one_sided_radius(variance, effect, ALPHA)) <= ALPHA


def test_evenly_spaced_looks_are_no_better_for_the_fixed_test():
    sizes = np.arange(1, LOOKS + 1) * 500
    value, variance = compared(conversions((0.1, 0.1), sizes), sizes)
    assert 0.30 < ever(np.abs(value) > Z * np.sqrt(variance)) < 0.38
    assert ever(p_value(value, variance, 0.02) < ALPHA) <= ALPHA


@pytest.mark.parametrize("draw", [lambda rng, n: rng.normal(3, 1, n), lambda rng, n: rng.lognormal(0, 1, n)])
def test_means_of_any_shape_hold_the_promise(draw):
    rng = np.random.default_rng(1)
    sums, squares, found, n = 0.0, 0.0, np.zeros(1_000, bool), 0
    for _ in range(LOOKS):
        new = draw(rng, (2, 1_000, 25))
        n, sums, squares = n + 25, sums + new.sum(2), squares + (new**2).sum(2)
        mean = sums / n
        variance = ((squares / n - mean**2) / (n - 1)).sum(0)
        if n >= 100:
            found |= p_value(mean[1] - mean[0], variance, 0.2) < ALPHA
    assert found.mean() <= ALPHA


def test_intervals_hold_the_truth_at_all_looks_together():
    sizes = np.geomspace(100, 50_000, LOOKS).astype(int)
    value, variance = compared(conversions((0.10, 0.12), sizes), sizes)
    assert ever(np.abs(value - 0.02) > radius(variance, 0.02, ALPHA)) <= ALPHA


def test_p_value_and_interval_never_disagree():
    rng = np.random.default_rng(2)
    value, variance = rng.normal(0, 2, 10_000), rng.gamma(1, 0.3, 10_000)
    assert ((p_value(value, variance, 0.5) < ALPHA) == (np.abs(value) > radius(variance, 0.5, ALPHA))).all()


@pytest.mark.parametrize(("champion", "effect", "share"), [(0.1, 0.02, 0.5), (0.3, 0.05, 0.1)])
def test_power_is_what_is_told(champion, effect, share):
    """Of tests with a true difference of the effect: half end by `half` outcomes, 80 % by `most`, at most twice a fixed test's number."""
    challenger = champion + effect
    told = needed(effect, champion * (1 - champion), challenger * (1 - challenger), share)
    assert told.fixed < told.half < told.most < 2 * told.fixed
    rng = np.random.default_rng(3)
    for most, power in ((told.half, 0.5), (told.most, 0.8)):
        steps = [np.full((LOOKS, 1), round(most * part / LOOKS)) for part in (1 - share, share)]
        n = [step.cumsum(0) for step in steps]
        hits = [
            rng.binomial(step, rate, (LOOKS, TESTS)).cumsum(0)
            for step, rate in zip(steps, (champion, challenger), strict=True)
        ]
        smoothed = [(hit + 1) / (many + 2) for hit, many in zip(hits, n, strict=True)]
        variance = sum(p * (1 - p) / many for p, many in zip(smoothed, n, strict=True))
        found = ever(p_value(hits[1] / n[1] - hits[0] / n[0], variance, effect) < ALPHA)
        assert power - 0.04 < found < power + 0.13


def test_requests_of_one_unit_are_one_witness():
    """400 units in each arm, each of its own mind, 20 requests each: counted one by one they prove what is not there."""
    rng = np.random.default_rng(4)
    buckets, units = np.arange(800), 800
    arms = buckets % 2
    by_unit = by_request = 0
    for _ in range(100):
        liking = (rng.random(units) < 0.5) * 0.8 + 0.1
        sums, naive, found = no_sums(2), np.zeros((2, 2)), np.zeros(2, bool)
        for look in range(20):
            values = rng.random(units) < liking
            sums.add(arms, buckets, np.ones(units), values)
            naive += [[(values[arms == arm]).sum(), (arms == arm).sum()] for arm in (0, 1)]
            share = naive[:, 0] / naive[:, 1]
            seen = difference([sums], 0, 1, yes_or_no=True)
            assert seen.compared == 800 * (look + 1)
            found[0] |= p_value(seen.value, seen.variance, 0.05) < ALPHA
            found[1] |= p_value(share[1] - share[0], (share * (1 - share) / naive[:, 1]).sum(), 0.05) < ALPHA
        by_unit, by_request = by_unit + found[0], by_request + found[1]
    assert by_unit <= 9  # 5 are allowed; 9 or fewer of 100 have a chance of 97 % even then
    assert by_request > 25


def test_units_that_come_back_after_a_ramp_are_the_same_units():
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(100):
        liking = (rng.random(1_000) < 0.5) * 0.8 + 0.1
        first, second = no_sums(2), no_sums(2)
        for sums, border in ((first, 800), (second, 500)):
            for _ in range(10):
                sums.add(
                    (np.arange(1_000) >= border).astype(int),
                    np.arange(1_000),
                    np.ones(1_000),
                    rng.random(1_000) < liking,
                )
        seen = difference([first, second], 0, 1, yes_or_no=True)
        found += abs(seen.value) > Z * np.sqrt(seen.variance)  # one look: the plain test is fair
    assert found <= 11


def test_a_ramp_in_better_hours_favours_nobody():
    """The rate doubles while the challenger grows from 10 % to 50 %: pooled it would seem better by points; by revision it is not."""
    rng = np.random.default_rng(6)
    revisions, pooled = [], np.zeros((2, 2))
    for share, rate in ((0.1, 0.1), (0.5, 0.2)):
        sums, n = no_sums(2), 20_000
        buckets = rng.integers(0, 10_000, n)
        arms = (buckets >= 10_000 * (1 - share)).astype(int)
        values = rng.random(n) < rate
        sums.add(arms, buckets, np.ones(n), values)
        revisions.append(sums)
        pooled += [[values[arms == arm].sum(), (arms == arm).sum()] for arm in (0, 1)]
    wrong = pooled[1, 0] / pooled[1, 1] - pooled[0, 0] / pooled[0, 1]
    found = difference(revisions, 0, 1, yes_or_no=True)
    assert wrong > 0.03
    assert abs(found.value) < radius(found.variance, 0.01, ALPHA) < 0.03


def test_sixty_windows_take_no_good_challenger_back_where_one_level_for_each_does():
    guard, rng = Guard(alpha=0.2), np.random.default_rng(11)  # a quarter of it, 5 %, is drift's
    p = rng.random((LOOKS, 2_000))
    judged = np.array([[guard.drifts(one, window, 1) for one in row] for window, row in enumerate(p, 1)])
    assert ever(p <= 0.01) > 0.4
    assert 0.02 < ever(judged) <= ALPHA


def test_a_drift_that_is_there_is_found_however_late_it_begins():
    assert all(Guard().drifts(1e-12, window, challengers=3) for window in (1, 60, 5_000))


def test_what_is_spent_over_all_windows_is_alpha():
    assert sum(spent(ALPHA, look) for look in range(1, 100_000)) == pytest.approx(ALPHA, rel=1e-4)
