"""Values made comparable, and classes brought together."""

import math

import pyarrow as pa
import pytest

from daybreak.audit.about import Column
from daybreak.audit.canonical import both, canonical, labels


def values(array, kind):
    return [
        None if isinstance(v, float) and math.isnan(v) else v for v in canonical(array, Column("a", kind)).to_pylist()
    ]


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("number", pa.array([1, None, 3]), [1.0, None, 3.0]),
        ("number", pa.array(["1", "+2.5", " 3e2 ", "x", None, "true"]), [1.0, 2.5, 300.0, None, None, 1.0]),
        ("number", pa.array([1.5, float("nan"), -0.0], pa.float32()), [1.5, None, 0.0]),
        ("boolean", pa.array([True, None]), [1.0, None]),
        ("category", pa.array([1.0, 2.5, None, float("nan")]), ["1", "2.5", None, None]),
        ("category", pa.array([" a", "", "007", "1.10", "3.0"]), ["a", None, "007", "1.10", "3"]),
        ("category", pa.array([True, False]), ["true", "false"]),
        ("text", pa.array(["e\u0301 x\r\n\ty  ", None]), ["\u00e9 x y", None]),
        ("time", pa.array(["no moment"]), ["no moment"]),
        ("empty", pa.nulls(2), [None, None]),
    ],
)
def test_values_of_one_side(kind, given, expected):
    assert values(given, kind) == expected
    assert values(pa.chunked_array([given.slice(0, 1), given.slice(1)]), kind) == expected


def test_zero_has_no_sign():
    assert math.copysign(1, canonical(pa.array([-0.0]), Column("a", "number"))[0].as_py()) == 1


def test_two_sides_meet_at_the_coarser_precision():
    left, right = both(pa.array([0.1, 2.0]), pa.array([0.1, 2.0], pa.float32()), Column("a", "number"))
    assert left.equals(right)
    exact = both(pa.array([2**60 + 1]), pa.array([2**60]), Column("a", "integer"))
    assert not exact[0].equals(exact[1])


def test_moments_of_several_units_and_zones():
    column = Column("a", "time")
    seconds = canonical(pa.array([60], pa.timestamp("s", tz="Europe/Berlin")), column)
    assert seconds.equals(canonical(pa.array(["1970-01-01 00:01"]), column))
    assert seconds.equals(canonical(pa.array([60_000_000_000], pa.timestamp("ns")), column))


@pytest.mark.parametrize(
    ("train", "test", "classes"),
    [
        (["b", "a"], ["a", None], ("a", "b")),
        ([1, 0], ["1.0", " 0"], ("0", "1")),
        ([10.0, 9.0], ["9", "10"], ("9", "10")),
        ([" <=50K", " >50K"], ["<=50K.", ">50K."], ("<=50K", ">50K")),
        (["Spam", "Ham"], ["ham", "spam"], ("ham", "spam")),
        ([True, False], [1, 0], ("0", "1")),
    ],
)
def test_classes_of_both_sides(train, test, classes):
    left, right, found = labels(pa.array(train), pa.array(test))
    assert found == classes
    assert set(left) <= set(range(len(classes)))
    assert set(right) <= {-1, *range(len(classes))}


def test_classes_that_differ_stay_apart():
    assert labels(pa.array(["a", "a."]), pa.array(["a.", "b."]))[2] == ("a", "a.", "b.")
    assert labels(pa.array(["a", "A"]), pa.array(["a", "B"]))[2] == ("A", "B", "a")
