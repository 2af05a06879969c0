"""Rows as columns, and back."""

import math

import msgspec
import pytest

from daybreak.ledger.columns import Columns, from_json, kind_of, to_json
from daybreak.ledger.tables import READ_TABLES
from daybreak.testing.ledger_contract import attempt_row, checkpoint_row, experiment_row, notice_row, trial_row


@pytest.mark.parametrize(
    "row", [experiment_row(), trial_row(), attempt_row(), checkpoint_row(), notice_row(1), notice_row(2)]
)
def test_what_is_packed_can_be_unpacked(row):
    columns = READ_TABLES[type(row)].columns
    assert columns.unpack(columns.pack(row)) == row


def test_numbers_and_text_stay_what_they_are_and_the_rest_is_json():
    packed = dict(
        zip(trial_row().__struct_fields__, READ_TABLES[type(trial_row())].columns.pack(trial_row()), strict=True)
    )
    assert (packed["state"], packed["seed"], packed["score"], packed["target"]) == ("frozen", 2**32 - 1, 0.5, None)
    assert packed["point"] == '{"lr":0.01,"opt":"sgd"}'
    assert packed["rungs"] == "[[1,[0.3]],[3,[0.5]]]"


def test_a_number_that_is_none_is_null_in_a_column():
    columns = Columns(type(trial_row()))
    assert columns.unpack(columns.pack(trial_row(score=math.nan))).score is None


@pytest.mark.parametrize(
    "value",
    [{"a": math.nan}, {"a": math.inf, "b": None}, {"a": -math.inf}, {"a": None}, {"a": "null"}, {}, {"ü": [1, "x"]}],
)
def test_json_gives_back_what_it_was_given(value):
    again = from_json(msgspec.json.Decoder(dict), to_json(value))
    assert repr(again) == repr(value)


def test_json_of_the_wrong_shape_is_refused():
    with pytest.raises(msgspec.ValidationError):
        from_json(msgspec.json.Decoder(dict[str, int]), '{"a": "x"}')


def test_kinds_of_columns():
    from typing import Literal

    asked = [int, float, str, bool, int | None, Literal["a", "b"], dict[str, int], list[int] | None, int | str]
    assert [kind_of(one) for one in asked] == [
        ("integer", False), ("real", True), ("text", False), ("boolean", False), ("integer", True), ("text", False),
        ("json", False), ("json", False), ("json", False),
    ]  # fmt: skip
