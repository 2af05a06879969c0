"""Intervals hold what they promise: the truth lies in 95 of 100."""

import numpy as np
import pytest

from daybreak.audit.intervals import area, area_interval, scored, wilson

DRAWS = 100
LEAST = 0.88  # of intervals that must cover; 95 % are promised, 100 draws and small samples scatter


def test_a_share_has_its_wilson_interval():
    found = wilson(81, 100)
    assert (found.low, found.high) == pytest.approx((0.7222, 0.8749), abs=2e-4)  # Newcombe's tables
    assert wilson(0, 10).low == 0
    assert wilson(10, 10).high == 1


@pytest.mark.parametrize(
    ("metric", "truth"),
    [
        ("accuracy", 0.7),
        ("balanced_accuracy", 0.7),
        ("mae", (2 / np.pi) ** 0.5),
        ("rmse", 1.0),
        ("r2", 0.8),
        ("auc", 0.8556),
    ],
)
def test_intervals_cover_the_truth(metric, truth):
    """Classes are told right with 70 %; numbers are 2 z with noise of 1; two classes lie 1.5 standard deviations apart."""
    inside = 0
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        y = (rng.random(400) < 0.3).astype(float)
        if metric in {"accuracy", "balanced_accuracy"}:
            predicted = np.where(rng.random(400) < 0.7, y, 1 - y)
        elif metric == "auc":
            predicted = 1.5 * y + rng.normal(size=400)
        else:
            predicted = 2 * rng.normal(size=400)
            y = predicted + rng.normal(size=400)
        found = scored(metric, y, predicted, seed)
        inside += found.low <= truth <= found.high
    assert inside / DRAWS >= LEAST


def test_many_rows_are_bootstrapped_in_blocks_to_the_same_width():
    rng = np.random.default_rng(0)
    y, error = rng.normal(size=(2, 40_000))
    few, many = (scored("mae", y[:n], y[:n] + error[:n]) for n in (2000, 40_000))
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(20**0.5, rel=0.15)


def test_a_perfect_area_is_not_certain():
    assert area(np.array([0, 0, 1, 1]), np.array([1, 2, 3, 4])) == 1
    assert area_interval(1.0, 20, 20).low < 0.98 < area_interval(1.0, 2000, 2000).low


def test_what_is_not_defined_is_no_number():
    assert np.isnan(scored("r2", np.ones(50), np.zeros(50)).value)
    assert np.isnan(scored("auc", np.ones(50), np.arange(50.0)).value)
