"""Who is answered by which arm."""

import numpy as np
import pytest

from daybreak.base.errors import NotFound, UsageError
from daybreak.rollout.assignment import BUCKETS, Arm, Router, checked, opened, ramped, stopped

A, B, C, S = (
    Arm("A", "digits", "3", "champion"),
    Arm("B", "digits", "4"),
    Arm("C", "digits", "5"),
    Arm("S", "digits", "6", "shadow"),
)
UNITS = [f"customer-{number}" for number in range(10_000)]


def names(split):
    router = Router(split)
    return [router.assign(unit).name for unit in UNITS]


def test_units_are_dealt_by_weight_and_always_alike():
    split = opened("spring", A, {B: 0.2, C: 0.1})
    dealt = names(split)
    assert dealt == names(split)
    assert {name: dealt.count(name) / len(UNITS) for name in "ABC"} == pytest.approx(
        {"A": 0.7, "B": 0.2, "C": 0.1}, abs=0.01
    )


def test_another_salt_deals_anew():
    one, other = (names(opened(salt, A, {B: 0.5})) for salt in ("spring", "summer"))
    assert sum(a == b for a, b in zip(one, other, strict=True)) / len(UNITS) == pytest.approx(0.5, abs=0.02)


def test_a_ramp_takes_units_from_the_champion_alone():
    before = opened("spring", A, {B: 0.05, C: 0.1})
    after = ramped(before, {"B": 0.3})
    moved = {(old, new) for old, new in zip(names(before), names(after), strict=True) if old != new}
    assert moved == {("A", "B")}
    assert (after.arm("B").weight, after.arm("C").weight, after.champion.weight) == pytest.approx((0.3, 0.1, 0.6))


def test_a_stopped_arm_gives_its_units_back():
    before = ramped(opened("spring", A, {B: 0.05, C: 0.1}), {"B": 0.3})
    after = stopped(before, "B")
    moved = {(old, new) for old, new in zip(names(before), names(after), strict=True) if old != new}
    assert moved == {("B", "A")}
    assert after.revision == before.revision + 1


def test_a_shadow_sees_a_share_and_answers_nobody():
    split = opened("spring", A, {B: 0.5, S: 0.25})
    router = Router(split)
    assert {router.assign(unit).name for unit in UNITS} == {"A", "B"}
    mirrored = [bool(router.mirrored(router.bucket(unit))) for unit in UNITS]
    assert np.mean(mirrored) == pytest.approx(0.25, abs=0.01)
    assert not Router(ramped(split, {"S": 0})).mirrored(0)


def test_the_hash_by_which_a_unit_is_known_tells_nothing_of_its_bucket():
    router = Router(opened("spring", A, {}))
    buckets, bits = np.array([router.hashed(unit) for unit in UNITS], np.float64).T
    assert abs(np.corrcoef(buckets, bits)[0, 1]) < 0.03


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda split: ramped(split, {"B": 0.1}), "a ramp only grows"),
        (lambda split: ramped(split, {"B": 1.1}), "a share of all units"),
        (lambda split: ramped(split, {"B": 0.5, "C": 0.6}), "sum to at most 1"),
        (lambda split: ramped(split, {"A": 0.5}), "what the others leave"),
        (lambda split: stopped(split, "A"), "stop the challengers"),
        (lambda split: opened("", A, {}), "a salt has"),
        (lambda split: opened("spring", A, {Arm("A", "digits", "4"): 0.1}), "names of their own"),
        (lambda split: opened("spring", A, {}, unit="cookie:id"), "header:NAME"),
    ],
)
def test_what_does_not_fit_is_told(wrong, said):
    with pytest.raises(UsageError, match=said):
        wrong(opened("spring", A, {B: 0.2, C: 0.1}))


def test_an_unknown_arm_is_told_with_those_there_are():
    with pytest.raises(NotFound, match="this test has A, B"):
        ramped(opened("spring", A, {B: 0.2}), {"D": 0.3})


def test_a_split_read_from_a_file_is_checked():
    import msgspec

    split = opened("spring", A, {B: 0.2})
    again = msgspec.json.decode(msgspec.json.encode(split), type=type(split))
    assert checked(again) == split
    holed = msgspec.structs.replace(split, arms=(msgspec.structs.replace(A, ranges=((0, BUCKETS - 1),)),))
    with pytest.raises(UsageError, match="own each of the 10000 buckets once"):
        checked(holed)


def test_names_of_arms_are_short_enough_for_request_ids():
    with pytest.raises(UsageError, match="at most 64 bytes"):
        opened("spring", Arm("champion", "digits", "3"), {Arm("ä" * 33, "digits", "4"): 0.1})
