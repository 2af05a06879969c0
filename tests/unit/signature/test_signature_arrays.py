"""Arrays that come as arrays: what is wrong with all of them, and what with single rows."""

import numpy as np
import pytest

from daybreak.base.errors import BadRow
from daybreak.signature.arrays import sifted, taken
from daybreak.signature.fields import Field, Output, Signature

SIGNATURE = Signature(
    (
        Field("x", "number", low=0, high=10, strict=True),
        Field("n", "integer", optional=True),
        Field("word", "category", classes=("a", "b"), strict=True),
    ),
    (Output("answer", "number"),),
)
GOOD = {"x": np.array([1.0, 2.0]), "word": np.array(["a", "b"])}


def test_arrays_take_the_types_of_columns():
    columns = taken(SIGNATURE, GOOD | {"x": np.array([[1], [2]], np.int64)})
    assert columns["x"].dtype == np.float32
    assert columns["word"].dtype == object
    assert np.isnan(columns["n"]).all()


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"y": np.zeros(2)}, "unknown_field", "no field 'y'"),
        ({"x": np.zeros(3)}, "bad_shape", "as many rows, got x 3, word 2"),
        ({"x": np.zeros((2, 2))}, "bad_shape", r"got \[2\]"),
        ({"x": np.array(["1", "2"])}, "bad_type", "float32"),
        ({"x": np.array(1.0)}, "bad_shape", "no axis"),
        ({"word": np.zeros(2)}, "bad_type", "is words"),
    ],
)
def test_what_is_wrong_with_all_rows_raises(change, code, says):
    with pytest.raises(BadRow, match=says) as caught:
        sifted(SIGNATURE, GOOD | change)
    assert (caught.value.code, caught.value.row) == (code, None)


def test_single_rows_are_told_one_by_one():
    arrays = {
        "x": np.array([1, np.nan, 11, 1, 1.0]),
        "n": np.array([1, 2, 3, 0.5, np.nan]),
        "word": np.array(["a", "a", "a", "a", "c"], object),
    }
    _, faults = sifted(SIGNATURE, arrays)
    assert {row: bad.code for row, bad in faults.items()} == {
        1: "bad_value",
        2: "out_of_range",
        3: "bad_type",
        4: "bad_value",
    }
    with pytest.raises(BadRow, match="must be finite"):
        taken(SIGNATURE, arrays)


def test_a_number_too_large_for_the_columns_type_is_not_finite_there():
    _, faults = sifted(Signature((Field("x", "number"),), SIGNATURE.outputs), {"x": np.array([1e39, 1.0])})
    assert list(faults) == [0]
