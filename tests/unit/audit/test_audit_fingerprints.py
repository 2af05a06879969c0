"""Preparation on all rows leaves traces; the same preparation on train alone leaves none."""

import numpy as np
import pytest
from audit_frames import frame_of, split_at_random
from audit_opened import adult, needs_data
from audit_planted import census, regression

from daybreak.audit.fingerprints import fingerprints
from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import NotApplicable

SEEDS = range(8)


def measured(seed, rows=1000):
    """Train and test of ten columns of numbers, and a target."""
    rng = np.random.default_rng(seed)
    data = {f"x{i}": 10 * rng.normal(size=rows) + 40 for i in range(10)}
    data["y"] = (data["x0"] + 10 * rng.normal(size=rows) > 40).astype(int)
    return *split_at_random(data, 0.25, seed + 1000), rng


def standardised(train, test, seen, rng):
    for name in train.keys() - {"y"}:
        mean, spread = seen(train[name], test[name]).mean(), seen(train[name], test[name]).std()
        train[name], test[name] = (train[name] - mean) / spread, (test[name] - mean) / spread


def rounded(train, test, seen, rng):
    standardised(train, test, seen, rng)
    for side in (train, test):
        side |= {name: np.round(values, 4) for name, values in side.items() if name != "y"}


def single_precision(train, test, seen, rng):
    standardised(train, test, seen, rng)
    for side in (train, test):
        side |= {name: values.astype(np.float32) for name, values in side.items() if name != "y"}


def ranged(train, test, seen, rng):
    for name in train.keys() - {"y"}:
        low, high = seen(train[name], test[name]).min(), seen(train[name], test[name]).max()
        train[name], test[name] = (train[name] - low) / (high - low), (test[name] - low) / (high - low)


def components(train, test, seen, rng):
    names = sorted(train.keys() - {"y"})
    mixed = rng.normal(size=(10, 10))
    sides = [np.column_stack([side[name] for name in names]) @ mixed for side in (train, test)]
    all_rows = seen(*sides)
    turned = np.linalg.svd(all_rows - all_rows.mean(0), full_matrices=False)[2].T
    for side, x in zip((train, test), sides, strict=True):
        side |= dict(zip(names, ((x - all_rows.mean(0)) @ turned).T, strict=True))


def filled(statistic, grid):
    def fill(train, test, seen, rng):
        for name in ("x0", "x1"):
            if grid is not None:
                train[name], test[name] = np.round(train[name], grid), np.round(test[name], grid)
            gaps = rng.random(len(train[name])) < 0.1, rng.random(len(test[name])) < 0.1
            value = statistic(seen(train[name][~gaps[0]], test[name][~gaps[1]]))
            train[name][gaps[0]], test[name][gaps[1]] = value, value

    return fill


def encoded(train, test, seen, rng):
    towns = rng.integers(0, 15, len(train["y"])), rng.integers(0, 15, len(test["y"]))
    at, y = seen(*towns), seen(train["y"], test["y"])
    means = np.array([y[at == town].mean() for town in range(15)])
    train["town"], test["town"] = means[towns[0]], means[towns[1]]


STEPS = {
    "standardised": (standardised, 8),
    "standardised, four decimal places": (rounded, 8),
    "standardised, float32": (single_precision, 8),
    "range": (ranged, 6),
    "components": (components, 8),
    "mean, whole numbers": (filled(np.mean, 0), 8),
    "mean": (filled(np.mean, None), 8),
    "median": (filled(np.median, None), 7),
    "target means": (encoded, 8),
}


def told(step, seen):
    """How many of the seeds' audits find something."""
    count = 0
    for seed in SEEDS:
        train, test, rng = measured(seed)
        step(train, test, seen, rng)
        findings = fingerprints(frame_of(train, test, target="y")).findings
        assert {f.severity for f in findings} <= {"warning"}
        count += bool(findings)
    return count


@pytest.mark.parametrize("name", STEPS)
def test_steps_on_all_rows_are_told_and_on_train_alone_are_not(name):
    step, least = STEPS[name]
    assert told(step, lambda train, test: np.concatenate([train, test])) >= least
    assert told(step, lambda train, _: train) == 0


@pytest.mark.parametrize("make", [census, regression])
def test_data_as_it_was_measured_raises_no_alarm(make):
    assert [f.what for seed in range(15) for f in fingerprints(make(seed)).findings] == []


def test_an_imputation_names_the_value_the_rows_and_both_means():
    train, test, rng = measured(0)
    filled(np.mean, 0)(train, test, lambda a, b: np.concatenate([a, b]), rng)
    finding = next(f for f in fingerprints(frame_of(train, test, target="y")).findings if f.columns == ("x0",))
    assert "the mean of all rows" in finding.what
    assert finding.measured["of_all"] == pytest.approx(finding.measured["value"], abs=1e-9)
    assert finding.measured["of_train"] != pytest.approx(finding.measured["value"], abs=1e-3)
    assert set(train["x0"][list(finding.rows["train"])]) == {finding.measured["value"]}


def test_natural_ranges_are_no_scaling():
    """Pixels divided by 255, shares, and columns that reach their natural ends."""
    datasets = pytest.importorskip("sklearn.datasets")
    x, y = datasets.load_digits(return_X_y=True)
    for seed in SEEDS:
        data = {f"x{i}": x[:, i] / 16 for i in range(64)} | {"y": y}
        assert fingerprints(frame_of(*split_at_random(data, seed=seed), target="y")).status == "clean"
        rng = np.random.default_rng(seed)
        shares = {f"x{i}": np.clip(rng.normal(0.5, 0.4, 800), 0, 1) for i in range(8)} | {"y": rng.integers(0, 2, 800)}
        assert fingerprints(frame_of(*split_at_random(shares, seed=seed), target="y")).status == "clean"


def test_a_data_set_that_was_published_scaled_is_told():
    """scikit-learn's diabetes data: each column centred and scaled over all 442 rows by those who published it."""
    datasets = pytest.importorskip("sklearn.datasets")
    x, y = datasets.load_diabetes(return_X_y=True)
    data = {f"x{i}": x[:, i] for i in range(10)} | {"y": y}
    (finding,) = fingerprints(frame_of(*split_at_random(data), target="y")).findings
    assert len(finding.columns) == 9  # all but sex, which has two values
    raw = datasets.load_diabetes(scaled=False).data
    data |= {f"x{i}": raw[:, i] for i in range(10)}
    assert fingerprints(frame_of(*split_at_random(data), target="y")).status == "clean"


def test_a_sample_cannot_tell():
    frame = census(0)
    part = Part(frame.train.rows, frame.train.positions, 10**6)
    with pytest.raises(NotApplicable, match="all rows in memory"):
        fingerprints(Frame(frame.about, part, frame.test))


@needs_data
def test_the_census_was_not_prepared():
    assert fingerprints(adult()).status == "clean"
