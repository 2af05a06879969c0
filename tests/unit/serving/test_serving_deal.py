"""A request's id tells how it was dealt, so that what comes of it finds its arm, revision and bucket."""

from hypothesis import given
from hypothesis import strategies as st

from daybreak.rollout.assignment import Arm, Router, opened
from daybreak.serving import deal
from daybreak.serving.ids import KEY_BYTES, Ids

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
