"""Durations, sizes and budgets as people write them."""

import pytest

from daybreak.spec.quantities import read_budget, read_duration, read_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("2h", 7200), ("1h30m", 5400), ("1.5 d", 129600), ("250ms", 0.25), ("10 min", 600)],
)
def test_durations(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("2GiB", 2**31), ("512 MiB", 2**29), ("1.5GB", 1_500_000_000), ("100", 100), ("4k", 4000)]
)
def test_sizes(text, size):
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "5", "m", "5 parsecs", "-5m", "5m!", "1e400m"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="a duration is written like"):
        read_duration(text)


@pytest.mark.parametrize("text", ["", "GiB", "2 GiBs", "-1", "1e400"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="a size is written like"):
        read_size(text)


def test_budgets():
    assert read_budget("5m, 27 trials, 1 unit, 0.5 slot-hours, $3") == {
        "wall": 300, "trials": 27, "units": 1, "slot_hours": 0.5, "money": 3,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["27", "1.5 trials", "5m, 6m", "27 trails", ",", "1e999 units"])
def test_what_is_no_budget(text):
    with pytest.raises(ValueError, match=r"budget|whole"):
        read_budget(text)
