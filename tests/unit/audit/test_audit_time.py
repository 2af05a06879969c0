"""Test data older than train data: an error for a declared forecast, less elsewhere."""

import numpy as np
import pytest
from audit_frames import frame_of, rows_at, split_at_random
from audit_opened import opened
from audit_planted import shuffled_forecast

from daybreak.audit.outcome import NotApplicable
from daybreak.audit.time import order, shuffled

DAYS = (np.datetime64("2021-03-01", "D") + np.arange(400)).astype("datetime64[s]")


def series(days=DAYS):
    rng = np.random.default_rng(0)
    return {"day": days, "x": rng.normal(size=len(days)), "y": rng.normal(size=len(days))}


def cut(data, at=300, **more):
    return frame_of(rows_at(data, slice(0, at)), rows_at(data, slice(at, None)), target="y", **more)


FORECAST = {"task": "forecast", "declared_task": True, "time": "day"}


def test_a_shuffled_split_of_a_declared_forecast_is_an_error():
    for seed in range(5):
        (finding,) = order(shuffled_forecast(seed)).findings
        assert finding.severity == "error"
        assert finding.measured["shuffled"]
        assert "The split was shuffled" in finding.what
        assert finding.measured["share"] > 0.9
        assert len(finding.rows["test"]) == finding.measured["test_rows_older_than_newest_train"]


def test_a_forecast_cut_at_a_moment_is_clean_and_says_what_it_compared():
    outcome = order(cut(series(), **FORECAST))
    assert outcome.status == "clean"
    assert (outcome.measured["newest_train"], outcome.measured["oldest_test"]) == ("2021-12-25", "2021-12-26")
    assert outcome.measured["chance_that_test_is_newer"] == 1.0


def test_overlap_without_a_shuffle_counts_the_rows_that_are_older():
    data = series(np.r_[DAYS[:300], DAYS[290:390]])
    (finding,) = order(cut(data, **FORECAST)).findings
    assert finding.severity == "error"
    assert finding.measured["test_rows_older_than_newest_train"] == 9
    assert finding.rows == {"test": tuple(range(9))}
    assert not finding.measured["shuffled"]
    assert "The sides overlap in time: 9.0 % of test rows (9)" in finding.what


def test_rows_of_one_moment_are_in_order():
    assert order(cut(series(np.r_[DAYS[:300], np.repeat(DAYS[299], 100)]), **FORECAST)).status == "clean"


def test_only_a_declared_forecast_is_an_error():
    train, test = split_at_random(series())
    severity = [
        order(frame_of(train, test, target="y", **more)).findings[0].severity
        for more in ({"task": "forecast", "time": "day"}, {"time": "day"}, {})
    ]
    assert severity == ["warning", "warning", "info"]


def test_series_that_are_each_in_order_are_a_warning():
    shop = np.repeat(["north", "south"], 200)
    data = series() | {"shop": shop}
    test = np.r_[150:200, 350:400]  # the last fifty days of either shop
    train = np.setdiff1d(np.arange(400), test)
    frame = frame_of(rows_at(data, train), rows_at(data, test), target="y", group="shop", **FORECAST)
    (finding,) = order(frame).findings
    assert finding.severity == "warning"
    assert finding.measured["in_order_within_groups"]


def test_times_may_be_years_or_texts():
    years = series() | {"day": np.arange(400) + 1600}
    assert order(cut(years, **FORECAST)).measured["newest_train"] == "1899"
    texts = series() | {"day": DAYS.astype(str)}
    assert order(cut(texts, **FORECAST)).measured["newest_train"] == "2021-12-25"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, "name it with --time"),
        ({"ordered": True}, "nothing tells when each was taken"),
    ],
)
def test_without_a_time_it_says_what_it_would_need(more, says):
    data = {"x": np.arange(40.0), "y": np.arange(40.0)}
    with pytest.raises(NotApplicable, match=says):
        order(cut(data, 30, **more))


def test_a_birthday_is_not_taken_for_the_time_of_a_row():
    train, test = split_at_random({"birthday": DAYS, "y": np.arange(400.0)})
    with pytest.raises(NotApplicable, match="birthday holds times: if it tells when a row was taken"):
        order(frame_of(train, test, target="y"))


def test_missing_times_are_left_out_and_all_missing_is_said():
    data = series()
    data["day"] = np.where(np.arange(400) % 10 == 0, np.datetime64("NaT"), data["day"])
    assert order(cut(data, **FORECAST)).status == "clean"
    data["day"] = np.full(400, np.datetime64("NaT"), "datetime64[s]")
    with pytest.raises(NotApplicable, match="day has none that can be read"):
        order(cut(data, **FORECAST))


def test_the_permutation_test_is_fair():
    rng = np.random.default_rng(0)
    p = [shuffled(rng.normal(size=80), rng.normal(size=30), seed)[1] for seed in range(100)]
    assert sum(value <= 0.05 for value in p) <= 12  # 5 expected
    assert shuffled(rng.normal(size=80), rng.normal(1.0, 1, size=30), 0)[1] <= 0.01


def test_a_file_with_dates_is_read_and_judged(tmp_path):
    rows = [f"{day},{i % 7},{i % 3}" for i, day in enumerate(DAYS.astype("datetime64[D]").astype(str))]
    for name, part in (("train", rows[0::2]), ("test", rows[1::2])):
        (tmp_path / f"{name}.csv").write_text("\n".join(["day,x,y", *part]))
    frame = opened(train=tmp_path / "train.csv", test=tmp_path / "test.csv", target="y", time="day", task="forecast")
    (finding,) = order(frame).findings
    assert (finding.severity, finding.measured["newest_train"]) == ("error", "2022-04-03")
