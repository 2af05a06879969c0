"""Dates of one column that are written in several ways: read where each can be, and told with counts and examples."""

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from opened_data import notes, opened, rows, types, write

from daybreak.readers.survey import survey

ISO, AMERICAN, EUROPEAN = "2024-01-15", "01/15/2024", "15/01/2024"
DAY = dt.datetime(2024, 1, 15)  # noqa: DTZ001 (as files have them: without a zone)


def files(tmp_path, train, test):
    """One column of strings a side, read as CSV."""
    sides = {
        side: write(tmp_path / f"{side}.csv", "day,y", *(f"{value},{i % 2}.5" for i, value in enumerate(column)))
        for side, column in (("train", train), ("test", test))
    }
    return opened(**sides)


def test_sides_that_write_dates_otherwise_lose_none_and_it_is_told(tmp_path):
    found = files(tmp_path, [ISO] * 7, [AMERICAN] * 3)
    assert types(found)["day"] == "time"
    assert rows(found)["day"].to_pylist() == [DAY] * 7
    assert rows(found, "test")["day"].to_pylist() == [DAY] * 3
    told = notes(found)["input.dates"]
    assert told.severity == "warning"
    assert f"7 as ISO 8601 ({ISO!r}) and 3 as %m/%d/%Y ({AMERICAN!r})" in told.what


def test_sides_in_orders_that_exclude_each_other_are_words_and_not_null(tmp_path):
    found = files(tmp_path, [AMERICAN] * 5, [EUROPEAN] * 5)
    assert types(found)["day"] == "category"
    assert rows(found)["day"].to_pylist() == [AMERICAN] * 5
    assert notes(found)["input.dates"].measured == {"%m/%d/%Y": 5, "%d/%m/%Y": 5}


def test_several_ways_side_by_side_are_words_and_told(tmp_path):
    found = files(tmp_path, [ISO] * 6 + [AMERICAN] * 3 + [EUROPEAN], [ISO] * 4)
    assert types(found)["day"] == "category"
    told = notes(found)["input.dates"]
    assert told.measured == {"ISO 8601": 10, "%m/%d/%Y": 3, "%d/%m/%Y": 1}
    assert "read as words" in told.what


def test_all_are_counted_behind_the_batch_in_which_they_were_found_to_differ():
    batches = [pa.record_batch({"day": column}) for column in ([ISO] * 4, [ISO, AMERICAN], [AMERICAN] * 3, [ISO] * 2)]
    seen, _ = survey(batches[0].schema, batches)
    assert {way: count for way, (count, _) in seen["day"].dates.items()} == {"ISO 8601": 7, "%m/%d/%Y": 4}


def test_days_that_no_calendar_has_are_missing_and_told(tmp_path):
    found = files(tmp_path, [ISO] * 6 + ["2023-02-31"] * 2, [ISO] * 4)
    assert rows(found)["day"].null_count == 2
    assert "2 are no dates ('2023-02-31'), these are missing" in notes(found)["input.dates"].what


def test_strings_of_a_typed_format_are_told_as_well(tmp_path):
    for side, value in (("train", ISO), ("test", AMERICAN)):
        pq.write_table(pa.table({"day": [value] * 4, "y": [0.5, 1.5] * 2}), tmp_path / f"{side}.parquet")
    found = opened(train=str(tmp_path / "train.parquet"), test=str(tmp_path / "test.parquet"))
    assert rows(found, "test")["day"].null_count == 0
    assert notes(found)["input.dates"].measured == {"ISO 8601": 4, "%m/%d/%Y": 4}


@pytest.mark.parametrize(
    "column", [[ISO, "2024-02-28T10:00:00Z"], [EUROPEAN, "02/01/2024"], ["red", "blue"], ["1.5", "2"]]
)
def test_columns_written_in_one_way_are_not_mentioned(tmp_path, column):
    assert "input.dates" not in notes(files(tmp_path, column * 3, column * 2))
