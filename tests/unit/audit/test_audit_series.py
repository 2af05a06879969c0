"""`overlap.near.series`: windows copied from train are found; seasons, walks and pulses that repeat by themselves are not."""

import numpy as np
import pytest
from audit_frames import frame_of

from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.overlap import series


def autoregressive(rows, keeps, chance):
    values = chance.normal(size=rows)
    for row in range(1, rows):
        values[row] += keeps * values[row - 1]
    return values


def heartbeat(rows, chance):
    values, start = chance.normal(0, 0.02, rows), 0
    while start < rows - 20:
        values[start : start + 20] += np.exp(-(np.linspace(-6, 6, 20) ** 2)) * chance.uniform(0.9, 1.1)
        start += int(chance.integers(28, 40))
    return values


def daily(rows):
    return np.sin(2 * np.pi * np.arange(rows) / 24)


NATURAL = {
    "noisy sine": lambda n, r: daily(n) + r.normal(0, 0.1, n),
    "pure sine": lambda n, r: daily(n),
    "hour of the day": lambda n, r: np.arange(n) % 24.0,
    "row number": lambda n, r: np.arange(float(n)),
    "days and weeks": lambda n, r: (
        3 * daily(n) + 2 * np.sin(2 * np.pi * np.arange(n) / 168) + autoregressive(n, 0.8, r)
    ),
    "walk": lambda n, r: np.cumsum(r.normal(size=n)),
    "smooth walk": lambda n, r: np.convolve(np.cumsum(r.normal(size=n)), np.ones(20) / 20, "same"),
    "noise": lambda n, r: r.normal(size=n),
    "counts": lambda n, r: r.poisson(3 + 2 * daily(n)).astype(float),
    "heartbeat": heartbeat,
}
COPIED = ("noisy sine", "days and weeks", "walk", "noise", "counts", "heartbeat")


def framed(train, test, **more):
    return frame_of({"x": train}, {"x": test}, task="forecast", **more)


@pytest.mark.parametrize("kind", NATURAL)
def test_what_repeats_by_nature_does_not_alarm(kind):
    alarms = 0
    for seed in range(8):
        values = NATURAL[kind](3000 + 200 * seed, np.random.default_rng(seed))
        alarms += bool(series.near(framed(values[:2400], values[2400:])).findings)
    assert alarms == 0


@pytest.mark.parametrize("kind", COPIED)
def test_copied_windows_are_found(kind):
    for seed in range(3):
        chance = np.random.default_rng(seed)
        values = NATURAL[kind](4000, chance)
        train, test = values[:3000], values[3000:].copy()
        copied = np.concatenate([np.arange(100, 250), np.arange(600, 750)])
        test[100:250] = 2 * train[700:850] + 5  # at another level and scale
        test[600:750] = train[1900:2050] + chance.normal(0, 0.005 * train.std(), 150)
        outcome = series.near(framed(train, test, seed=seed))
        hits = dict(zip(outcome.hits.test.tolist(), outcome.hits.train.tolist(), strict=True))
        assert outcome.findings[0].severity == "error"
        assert len(hits.keys() & set(copied.tolist())) >= 0.8 * len(copied)
        assert sum(hits.get(row) == row + 600 for row in range(110, 240)) >= 100
        assert len(hits.keys() - set(copied.tolist())) <= 50  # half a window at each end, by resemblance


def test_a_shuffled_split_of_a_noisy_series_is_no_copied_window():
    for seed in range(4):
        chance = np.random.default_rng(seed)
        values = NATURAL["days and weeks"](4000, chance)
        of_test = chance.random(4000) < 0.25
        times = np.arange("2020-01-01", 4000, dtype="datetime64[h]").astype("datetime64[s]")
        sides = ({"when": times[rows], "x": values[rows]} for rows in (~of_test, of_test))
        assert not series.near(frame_of(*sides, time="when")).findings


def test_rows_are_read_by_group_and_time_however_they_lie_in_the_file():
    chance = np.random.default_rng(0)
    shops = {"a": NATURAL["noise"](1500, chance), "b": NATURAL["noise"](1500, chance)}
    shops["b"][1200:1400] = shops["a"][300:500]
    times = np.arange("2020-01-01", 1500, dtype="datetime64[h]").astype("datetime64[s]")
    sides = []
    for rows in (slice(0, 1100), slice(1100, 1500)):
        side = {
            "shop": np.repeat(["a", "b"], len(times[rows])),
            "when": np.tile(times[rows], 2),
            "x": np.concatenate([shops["a"][rows], shops["b"][rows]]),
        }
        order = chance.permutation(len(side["x"]))
        sides.append({name: values[order] for name, values in side.items()})
    outcome = series.near(frame_of(*sides, time="when", group="shop"))
    assert set(sides[1]["shop"][outcome.hits.test]) == {"b"}
    assert set(sides[0]["shop"][outcome.hits.train]) == {"a"}
    assert np.allclose(sides[0]["x"][outcome.hits.train], sides[1]["x"][outcome.hits.test])


def test_the_column_that_was_copied_is_named_and_others_are_not():
    chance = np.random.default_rng(3)
    sides = [
        {"x": chance.normal(size=n), "y": np.cumsum(chance.normal(size=n)), "hour": np.arange(n) % 24.0}
        for n in (3000, 1000)
    ]
    sides[1]["y"][200:500] = sides[0]["y"][1000:1300]
    finding = series.near(frame_of(*sides, ordered=True)).findings[0]
    assert finding.measured["column"] == "y"
    assert finding.measured["also"] == []
    assert finding.pairs[0].note.startswith("y: the 25 values")


def test_missing_values_and_flat_stretches_are_not_compared():
    chance = np.random.default_rng(5)
    train, test = chance.normal(size=3000), chance.normal(size=1000)
    train[500:900], test[100:400] = 0, 0
    train[1000:1100], test[600:700] = np.nan, np.nan
    assert series.near(framed(train, test)).status == "clean"


def test_rows_without_an_order_too_few_rows_and_samples_of_rows_are_not_applicable():
    values = np.random.default_rng(0).normal(size=400)
    with pytest.raises(NotApplicable, match="stand in an order"):
        series.near(frame_of({"x": values}, {"x": values}))
    with pytest.raises(NotApplicable, match="needs a numeric column with 8 windows of 16 rows"):
        series.near(framed(values[:100], values[100:150]))
    whole = framed(values[:300], values[300:])
    part = Part(whole.train.rows, whole.train.positions, 5000)
    with pytest.raises(NotApplicable, match="train has 5,000, the sample 300"):
        series.near(Frame(whole.about, part, whole.test))
