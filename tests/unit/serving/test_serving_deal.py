"""A request's id tells how it was dealt, so that what comes of it finds its arm, revision and bucket."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.rollout.assignment import Arm, Router, opened
from daybreak.serving import deal
from daybreak.serving.ids import KEY_BYTES, Ids
from daybreak.signature.columns import gatherer
from daybreak.signature.fields import Field, Output, Signature
from daybreak.signature.rows import row_type

IDS = Ids(b"k" * KEY_BYTES, replica=2)
ROUTER = Router(opened("spring", Arm("champion", "digits", "3", "champion"), {Arm("v4.1", "digits", "4"): 0.5}))


@given(unit=st.text(max_size=40))
def test_an_id_tells_how_its_request_was_dealt(unit):
    arm, told = deal.dealt(ROUTER, unit)
    issued = IDS.issue(arm.name, 4, 1.8e9, told)
    assert IDS.read(issued).arm == arm.name
    assert deal.of_id(issued) == deal.read(told)
    assert ROUTER.arm_of(deal.of_id(issued).bucket) == ROUTER.assign(unit) == arm


def test_an_id_without_a_split_tells_none():
    assert deal.of_id(IDS.issue("champion", 3, 1.8e9)) is None


INTEGER = Field("who", "integer", "int64")
NUMBER = Field("who", "number", "float32")
WORD = Field("who", "category")


@pytest.mark.parametrize(
    ("field", "value", "unit"),
    [
        (INTEGER, 2174, "2174"),
        (msgspec.structs.replace(INTEGER, nullable=True), 2174, "2174"),
        (NUMBER, 2174, "2174"),
        (NUMBER, 123456789, "123456792"),  # as far as float32 tells customers apart
        (NUMBER, 0.1, "0.10000000149011612"),
        (msgspec.structs.replace(NUMBER, nullable=True), None, ""),
        (msgspec.structs.replace(INTEGER, optional=True), None, ""),
        (Field("who", "boolean", "bool"), True, "1"),
        (Field("who", "boolean", "bool", nullable=True), True, "1"),
        (WORD, "anna", "anna"),
        (WORD, "", ""),
        (msgspec.structs.replace(WORD, nullable=True), None, ""),
    ],
)
def test_json_and_tensors_name_the_same_unit(field, value, unit):
    signature = Signature((field,), (Output("y", "number"),))
    row = msgspec.convert({"who": value}, row_type(signature))
    column = gatherer(signature)([row])["who"]
    assert (deal.named(row.f0, field), deal.named(column[0], field)) == (unit, unit)
    assert deal.named(np.float64("inf"), NUMBER) == "inf"
