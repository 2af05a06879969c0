"""When a likeness is a copy: the limit comes from train itself, and copies that train holds do not move it."""

import numpy as np
import pytest

from daybreak.audit.overlap.likeness import Aligned, Likeness, equal, liken, standing_out
from daybreak.audit.overlap.projection import Candidates
from daybreak.audit.overlap.thresholds import SURE, WIDEST, judge, limit


def ratios_of(count, seed=0):
    return np.exp(np.random.default_rng(seed).normal(-0.8, 0.35, count)).astype(np.float32)


def likeness(ratios, same=()):
    none = np.zeros(len(ratios), bool)
    none[list(same)] = True
    places = np.arange(len(ratios))
    return Likeness(places, np.ones(len(ratios), np.float32), np.asarray(ratios, np.float32), places, none)


@pytest.mark.parametrize("seed", range(5))
def test_one_in_a_thousand_honest_samples_lies_below_the_limit(seed):
    most = limit(ratios_of(4000, seed))
    assert (ratios_of(100_000, 100 + seed) <= most).mean() <= 0.002


def test_copies_within_train_do_not_move_the_limit():
    clean = ratios_of(4000)
    copies = np.random.default_rng(1).uniform(0, SURE, 400).astype(np.float32)
    assert limit(np.concatenate([clean, copies])) == pytest.approx(limit(clean), rel=0.1)


def test_the_limit_stays_within_bounds():
    assert limit(np.full(5000, 0.9, np.float32)) == WIDEST
    assert limit(np.full(5000, np.inf, np.float32)) == WIDEST
    assert limit(np.full(300, 0.0, np.float32)) == SURE
    assert SURE <= limit(ratios_of(60)) < np.median(ratios_of(60))


def test_an_excess_is_structural_the_rate_of_train_is_inherited_and_a_few_are_told():
    train, test = ratios_of(4000), ratios_of(1000, 1)
    assert judge(likeness(train), likeness(test)).rates.kind == "none"
    test[:60] = 0.01
    assert judge(likeness(train), likeness(test)).rates.kind == "structural"
    train[:240] = 0.01
    assert judge(likeness(train), likeness(test)).rates.kind == "inherited"
    test[2:60], train[:240] = 0.9, 0.9
    few = judge(likeness(train), likeness(test))
    assert few.rates.kind == "few"
    assert few.hits.tolist() == [0, 1]


def test_samples_that_are_equal_throughout_are_not_counted():
    test = ratios_of(1000, 1)
    test[:60] = 0.0
    assert judge(likeness(ratios_of(4000)), likeness(test, same=range(60))).rates.kind == "none"


def test_a_copy_stands_out_even_where_train_holds_several():
    agreement = np.full((1, 16), 0.5, np.float32)
    agreement[0, :3] = 0.99
    found = Candidates(np.arange(16)[None, :], agreement)
    same = np.zeros(1, bool)
    alone = liken(found, np.array([0]), Aligned(agreement, np.zeros((1, 16), np.int64)), same)
    assert alone.ratio[0] == pytest.approx(0.02, rel=1e-3)
    assert standing_out(found)[0] == pytest.approx(0.02, rel=1e-3)


def test_equal_rows_are_seen_among_candidates_alone():
    points = np.arange(12).reshape(4, 3)
    found = Candidates(np.array([[2, 0], [1, 3]]), np.array([[1.0, 0.3], [0.9, 0.2]], np.float32))
    assert equal(found, points[[2, 1]], points).tolist() == [True, False]
