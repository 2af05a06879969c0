"""Samples that were made up between others are told, and measured data is never."""

import numpy as np
import pytest
from audit_frames import frame_of, split_at_random
from audit_opened import adult, needs_data
from audit_planted import regression

from daybreak.audit.outcome import NotApplicable
from daybreak.audit.oversampling import segments


def rare(seed, rows=1200, columns=6, share=0.12):
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < share).astype(int)
    return rng.normal(size=(rows, columns)) + 0.8 * y[:, None], y, rng


def smote(x, y, rng, neighbours=5):
    """New rows of the rare class until both are as frequent, on segments to one of the nearest of that class."""
    rare_rows = x[y == 1]
    many = int((y == 0).sum() - (y == 1).sum())
    distance = ((rare_rows[:, None] - rare_rows[None]) ** 2).sum(-1)
    near = np.argsort(distance, axis=1)[:, 1 : neighbours + 1]
    start = rng.integers(0, len(rare_rows), many)
    end = near[start, rng.integers(0, neighbours, many)]
    made = rare_rows[start] + rng.random((many, 1)) * (rare_rows[end] - rare_rows[start])
    return np.vstack([x, made]), np.r_[y, np.ones(many, int)]


def audited(x, y, seed=0):
    data = {f"x{i}": x[:, i] for i in range(x.shape[1])} | {"y": y}
    return segments(frame_of(*split_at_random(data, 0.25, seed), target="y", seed=seed))


WRITTEN = {
    "as they are": lambda x: x,
    "float32": lambda x: x.astype(np.float32),
    "three places": lambda x: np.round(x, 3),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("seed", range(3))
def test_oversampling_before_the_split_is_told(written, seed):
    x, y, rng = rare(seed)
    found = audited(
        *(part(both) for part, both in zip((WRITTEN[written], np.asarray), smote(x, y, rng), strict=True)), seed
    )
    made = 1 - len(x) / found.measured["looked_at"]
    assert [f.severity for f in found.findings] == ["warning"]
    assert 0.4 * made < found.measured["between_rows"] / found.measured["looked_at"] <= made
    assert found.findings[0].pairs


@pytest.mark.parametrize("written", WRITTEN)
def test_measured_rows_never_lie_between_others(written):
    for seed in range(4):
        x, y, _ = rare(seed)
        assert audited(WRITTEN[written](x), y, seed).measured["between_rows"] == 0


def test_oversampling_of_train_alone_is_as_it_should_be():
    x, y, rng = rare(0)
    train_x, train_y = smote(x[:900], y[:900], rng)
    sides = [
        {f"x{i}": part[:, i] for i in range(6)} | {"y": labels}
        for part, labels in ((train_x, train_y), (x[900:], y[900:]))
    ]
    found = segments(frame_of(*sides, target="y"))
    assert found.status == "clean"
    assert found.measured["between_rows"] > 100
    assert found.measured["across_the_split"] == 0


def test_grids_curves_and_units_are_no_made_up_samples():
    rng = np.random.default_rng(0)
    t = np.linspace(0, 50, 1500)
    grid = rng.integers(0, 60, (1500, 5)).astype(float)
    for x in (np.column_stack([np.sin(t), np.cos(t), t]), grid, grid / 60):
        assert audited(x, rng.integers(0, 2, 1500)).status == "clean"
    with pytest.raises(NotApplicable, match="at least 3"):
        audited(np.column_stack([t, 1.8 * t + 32, t + 273.15, 2 * t]), rng.integers(0, 2, 1500))


def test_correlated_numbers_with_heavy_tails_raise_no_alarm():
    assert sum(segments(regression(seed)).measured["between_rows"] for seed in range(4)) == 0


def test_real_measurements_raise_no_alarm():
    datasets = pytest.importorskip("sklearn.datasets")
    for load in (datasets.load_breast_cancer, datasets.load_wine, datasets.load_iris, datasets.load_diabetes):
        assert audited(*load(return_X_y=True)).measured["between_rows"] == 0
    x, y = datasets.load_breast_cancer(return_X_y=True)
    assert audited(*smote(x, 1 - y, np.random.default_rng(0))).status == "findings"


@needs_data
def test_the_census_holds_no_made_up_person():
    assert segments(adult()).measured["between_rows"] == 0
