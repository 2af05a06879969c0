"""One dataset on both sides, and a target with nothing to learn, are told before any rule is asked."""

import numpy as np
import pyarrow as pa
import pytest

from daybreak.audit.about import About, Column
from daybreak.audit.frame import Frame, Part
from daybreak.validation.remarks import remarks


def frame(train, test, digests=("a", "b")):
    about = About(
        (Column("x", "integer"), Column("y", "category", "target")),
        "classification",
        digests=dict(zip(("train", "test"), digests, strict=True)),
        sources={"train": "a.csv", "test": "a.csv"},
    )

    def part(labels):
        rows = pa.table({"x": list(range(len(labels))), "y": pa.array(labels)})
        return Part(rows, np.arange(len(labels)), len(labels))

    return Frame(about, part(train), part(test))


def test_nothing_is_said_of_two_sides_with_two_classes_each():
    assert remarks(frame(["a", "b"], ["b", "a", None])) == ()


def test_the_same_data_on_both_sides_is_an_error():
    (found,) = remarks(frame(["a", "b"], ["a", "b"], digests=("a", "a")))
    assert (found.rule, found.severity) == ("input.same", "error")
    assert found.what == "Train and test are the same data: a.csv."


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (["a", "a"], "holds nothing but 'a'"),
        (["a", None], "holds nothing but 'a'"),
        ([1.0, float("nan")], "holds nothing but 1.0"),
        ([float("nan"), None], "holds no value"),
        (pa.nulls(2), "holds no value"),
    ],
)
def test_a_target_of_one_value_is_told_by_side(labels, says):
    (found,) = [one for one in remarks(frame(labels, ["a", "b"])) if one.rule == "input.target"]
    assert (found.rule, found.severity) == ("input.target", "warning")
    assert found.what == f"The target y {says} in train: there is nothing to learn."
    assert "in test" in remarks(frame(["a", "b"], labels))[0].what


def test_a_target_of_lists_is_left_alone():
    assert remarks(frame([[1], [1]], [[1], [1]])) == ()


def test_a_declared_time_that_is_none_is_told():
    about = About((Column("when", "category", "time"), Column("x", "integer")))
    part = Part(pa.table({"when": ["Jan", "Feb"], "x": [1, 2]}), np.arange(2), 2)
    (found,) = remarks(Frame(about, part, part))
    assert (found.rule, found.severity) == ("input.time", "warning")
    assert remarks(Frame(About((Column("when", "integer", "time"),)), part, part)) == ()


def test_classes_that_train_never_has_are_told():
    (found,) = remarks(frame(["a", "b", "b"], ["b", "c", "d", None]))
    assert (found.rule, found.severity, found.rows) == ("input.classes", "warning", {"test": (1, 2)})
    assert found.what == "2 test rows (50.0%) have a class of y that no train row has: 'c', 'd'."


def test_classes_are_compared_as_they_are_meant():
    assert remarks(frame(["1", "0"], ["1.", "0.", "1."])) == ()
