"""Both sides as numbers: nothing is learnt that tells them apart, and what is missing stays missing."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from audit_frames import frame_of

from daybreak.audit.about import About, Column
from daybreak.audit.encoding import MOST_DIMENSIONS, encode, numbers
from daybreak.audit.frame import Frame, Part
from daybreak.audit.problem import problem_of


def of_columns(columns, train, test):
    """A frame of Arrow tables."""
    parts = [Part(table, np.arange(len(table)), len(table)) for table in (pa.table(train), pa.table(test))]
    return Frame(About(tuple(columns)), *parts)


def test_numbers_keep_their_gaps_and_infinity_is_one():
    found = encode(frame_of({"a": [1.5, np.nan, np.inf]}, {"a": [-2.0]}))
    assert found.train.tolist()[0] == [1.5]
    assert np.isnan(found.train[1:]).all()
    assert found.test.tolist() == [[-2.0]]


def test_categories_have_one_vocabulary_whatever_type_each_side_has():
    columns = [Column("grade", "category")]
    found = encode(of_columns(columns, {"grade": [1, 2, None]}, {"grade": ["2", "10", "1.0"]}))
    assert found.categorical.tolist() == [True]
    of_train, of_test = found.train[:, 0], found.test[:, 0]
    assert of_train[0] == of_test[2]
    assert of_train[1] == of_test[0]
    assert np.isnan(of_train[2])


def test_moments_of_different_units_are_one_scale():
    day = dt.datetime(2024, 5, 1)  # noqa: DTZ001
    columns = [Column("at", "time")]
    found = encode(of_columns(columns, {"at": pa.array([day], pa.timestamp("s"))}, {"at": pa.array([day.date()])}))
    assert found.train[0, 0] == found.test[0, 0] == (day - dt.datetime(1970, 1, 1)).days  # noqa: DTZ001


@pytest.mark.parametrize("shape", [(64, 64, 3), (5000,), (3, 2000)])
def test_long_content_is_averaged_down_and_keeps_its_mean(shape):
    size = int(np.prod(shape))
    flat = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(2 * size, dtype=np.float32)), size)
    columns = [Column("picture", "image", "content", shape)]
    found = encode(of_columns(columns, {"picture": flat}, {"picture": flat}))
    assert 1 < found.train.shape[1] <= MOST_DIMENSIONS
    assert found.train[0].mean() == pytest.approx((size - 1) / 2, rel=0.05)
    assert len(found.names) == found.train.shape[1]


def test_text_is_encoded_alike_on_both_sides():
    columns = [Column("message", "text")]
    found = encode(of_columns(columns, {"message": ["Win 100 pounds NOW", None]}, {"message": ["Win 100 pounds NOW"]}))
    assert (found.train[0] == found.test[0]).all()
    assert (found.train[1] == 0).all()


def test_columns_without_values_and_sides_without_rows_are_no_matter():
    columns = [Column("nothing", "empty"), Column("a", "number")]
    found = encode(
        of_columns(
            columns,
            {"nothing": pa.nulls(2), "a": [1.0, 2.0]},
            {"nothing": pa.nulls(0), "a": pa.array([], pa.float64())},
        )
    )
    assert found.names == ("a",)
    assert found.test.shape == (0, 1)


def test_text_that_is_numbers_is_read_as_such():
    assert numbers(pa.array(["1.5", " 2 ", "x", None])).tolist()[:2] == [1.5, 2.0]


def test_the_target_leaves_out_rows_that_have_none_and_orders_classes_by_number():
    frame = frame_of({"y": ["10", "9", "", "2"]}, {"y": ["9", "10"]}, target="y")
    problem = problem_of(frame)
    assert problem.classes == ("2", "9", "10")
    assert problem.rows.tolist() == [0, 1, 3]
    assert problem.y_test.tolist() == [1.0, 2.0]
