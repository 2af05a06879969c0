"""`run.data`: where user code finds its datasets, on the platform and off it."""

from pathlib import Path

import pytest

from daybreak.base.errors import UsageError
from daybreak.train.data import Data


def test_a_dataset_is_a_path_or_the_url_of_what_lies_in_a_store():
    data = Data({"digits": "/data/digits", "remote": "s3://bucket/digits"})
    assert data["digits"] == Path("/data/digits")
    assert data["remote"] == "s3://bucket/digits"
    assert list(data) == ["digits", "remote"]
    assert len(data) == 2


def test_off_the_platform_a_variable_tells_where_it_is(monkeypatch):
    monkeypatch.setenv("DAYBREAK_DATA_MY_DIGITS", "./folder")
    assert Data({})["my.digits"] == Path("folder")


def test_a_name_that_the_experiment_does_not_have_is_told_with_what_to_write():
    with pytest.raises(
        UsageError, match=r"the experiment has digits: write `data: \{digts: \./folder\}`, or set DAYBREAK_DATA_DIGTS"
    ):
        Data({"digits": "/d"})["digts"]
    with pytest.raises(UsageError, match="the experiment has none"):
        Data({})["digits"]


def test_whether_a_dataset_is_there_can_be_asked():
    assert Data({"digits": "/d"}).get("other") is None
    assert "digits" in Data({"digits": "/d"})
    assert "other" not in Data({"digits": "/d"})
