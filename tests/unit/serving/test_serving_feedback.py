"""Feedback is of a request that was answered, and of a value that its kind and the model can have."""

import json

import pytest

from daybreak.serving.feedback import checked, read
from daybreak.serving.ids import Ids
from daybreak.serving.refusals import Refusal
from daybreak.signature.fields import Field, Output, Signature

IDS = Ids(b"k" * 32)
ONE = Signature((Field("x", "number"),), (Output("digit", "label", classes=("0", "1")),))
TWO = Signature((Field("x", "number"),), (*ONE.outputs, Output("price", "number")))
ID = IDS.issue("champion", 3, 1_000.0)


def take(signature=ONE, **told):
    (sent,) = read(json.dumps({"id": ID} | told).encode(), 10)
    return checked(sent, signature, IDS, 2_000.0)


def code(signature=ONE, **told):
    with pytest.raises(Refusal) as caught:
        take(signature, **told)
    return caught.value.code, caught.value.where


def test_the_right_answer_names_who_had_answered():
    event = take(truth="1", note="blurred")
    assert (event.arm, event.version, event.kind, event.truth, event.value) == ("champion", 3, "truth", "1", None)
    assert (event.at, event.note) == (2_000.0, "blurred")


@pytest.mark.parametrize("written", [1, 1.0, "1"])
def test_a_class_that_is_a_number_may_be_written_as_one(written):
    assert take(truth=written).truth == "1"
    assert take(TWO, truth={"digit": written, "price": 3}).truth == {"digit": "1", "price": 3}


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ({"kind": "conversion"}, 1.0),
        ({"kind": "conversion", "value": False}, 0.0),
        ({"kind": "error", "value": 1}, 1.0),
        ({"kind": "rating", "value": -2.5}, -2.5),
        ({"kind": "latency", "value": 0.25}, 0.25),
    ],
)
def test_outcomes_have_a_value(told, value):
    assert take(**told).value == value


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({}, "truth"),
        ({"truth": "7"}, "truth"),
        ({"truth": 7}, "truth"),
        ({"truth": True}, "truth"),
        ({"truth": 0.5}, "truth"),
        ({"truth": {"digit": "7"}}, "truth"),
        ({"truth": {"digit": "1", "other": 1}}, "truth"),
        ({"kind": "conversion", "value": 2}, "value"),
        ({"kind": "rating"}, "value"),
        ({"kind": "latency", "value": -1}, "value"),
        ({"kind": "rating", "value": "good"}, "value"),
        ({"kind": "rating", "value": [1]}, "value"),
        ({"kind": "love", "value": 1}, "kind"),
        ({"kind": ["rating"], "value": 1}, "kind"),
        ({"kind": "rating", "value": 1, "truth": "1"}, "truth"),
        ({"truth": "1", "note": "a" * 3_000}, "note"),
    ],
)
def test_what_cannot_be_is_refused(told, where):
    assert code(**told) == ("bad_feedback", where)


def test_a_kind_that_is_none_is_told_those_that_are():
    with pytest.raises(Refusal, match="`kind` is one of truth, conversion, error, rating, latency, got 'love'"):
        take(kind="love", value=1)


@pytest.mark.parametrize("value", ["1e999", "1" * 400, "1" * 5_000])
def test_a_number_that_nobody_can_count_is_refused(value):
    with pytest.raises(Refusal) as caught:
        checked(*read(f'{{"id": "{ID}", "kind": "rating", "value": {value}}}'.encode(), 10), ONE, IDS, 2_000.0)
    assert caught.value.code in ("bad_feedback", "bad_json")


def test_of_several_outputs_the_right_answer_names_its_own():
    assert take(TWO, truth={"price": 3.5}).truth == {"price": 3.5}
    assert code(TWO, truth=3.5) == ("bad_feedback", "truth")
    assert code(TWO, truth={"price": "dear"}) == ("bad_feedback", "truth")


def test_a_right_answer_that_is_no_float_is_refused():
    with pytest.raises(Refusal) as caught:
        checked(*read(f'{{"id": "{ID}", "truth": {{"price": {"1" * 400}}}}}'.encode(), 10), TWO, IDS, 2_000.0)
    assert (caught.value.code, caught.value.where) == ("bad_feedback", "truth")


@pytest.mark.parametrize(
    "told", [ID[:-1], ID + "0", "", "champion.3", ID.replace("champion", "rival"), "\N{GRINNING FACE}"]
)
def test_an_id_that_was_not_given_is_unknown(told):
    assert code(id=told, truth="1") == ("unknown_request", "id")


def test_several_pieces_are_bounded():
    body = json.dumps([{"id": ID, "truth": "1"}] * 11).encode()
    with pytest.raises(Refusal, match="at most 10"):
        read(body, 10)
