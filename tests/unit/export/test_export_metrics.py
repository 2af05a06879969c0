"""What a package tells is JSON: numbers that can be written and read again."""

import numpy as np
import pytest

from daybreak.base.errors import UsageError
from daybreak.export.metrics import measured
from daybreak.registry.package import RECORD, Package, Runtime, read, seal
from daybreak.signature.answers import encoder
from daybreak.signature.fields import Field, Output, Signature

NUMBER = Output("price", "number")
TENSOR = Output("place", "tensor", shape=(2,))


def package(**metrics):
    signature = Signature((Field("rooms", "number"),), (NUMBER,))
    return Package("flats", 1, 0.0, signature, Runtime("onnx"), metrics=metrics)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_right_answers_are_finite(wrong):
    with pytest.raises(UsageError, match="others in 1 of 3 rows, first in row 1: leave those rows out"):
        measured((NUMBER,), {"price": np.array([1.0, 2.0, 3.0])}, [1.0, wrong, 3.0])
    with pytest.raises(UsageError, match="others in 1 of 2 rows, first in row 0"):
        measured((TENSOR,), {"place": np.ones((2, 2))}, np.array([[1.0, wrong], [2.0, 3.0]]))


def test_a_record_that_nobody_could_read_is_not_written(tmp_path):
    with pytest.raises(UsageError, match="metrics are finite numbers, got r2 nan, rmse inf"):
        seal(tmp_path, package(r2=float("nan"), rmse=float("inf"), mae=0.5))
    assert not (tmp_path / RECORD).exists()
    assert seal(tmp_path, package(r2=0.9)) == read(tmp_path)


def test_a_yes_among_numbers_is_told_as_one():
    told = encoder(Signature((Field("rooms", "number"),), (NUMBER,)))
    assert told({"price": np.array([True, False])}) == [b'{"price":1}', b'{"price":0}']
