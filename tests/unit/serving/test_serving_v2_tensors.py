"""Tensors of the protocol: JSON and binary to arrays and back."""

import json

import numpy as np
import pytest

from daybreak.serving.refusals import Refusal
from daybreak.serving.v2.answers import classified
from daybreak.serving.v2.tensors import DATATYPES, Tensor, from_binary, from_json, objects, to_binary, to_json
from daybreak.signature.fields import Output


def refused(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    assert caught.value.code == "bad_tensor"
    return str(caught.value)


@pytest.mark.parametrize("data", [b"[1, 2, 3, 4]", b"[[1, 2], [3, 4]]", b" [ [1,2] , [3,4.0] ]"])
def test_data_is_flat_or_nested(data):
    tensor = from_json("x", "FP32", [2, 2], data)
    assert tensor.array.dtype == np.float32
    assert tensor.array.tolist() == [[1, 2], [3, 4]]


def test_null_is_nan_among_numbers_and_stays_null_among_words():
    assert np.isnan(from_json("x", "FP64", [2], b"[1, null]").array[1])
    assert from_json("x", "BYTES", [2], b'["a", null]').array.tolist() == ["a", None]


def test_nested_words():
    assert from_json("x", "BYTES", [2, 1], b'[["a"], ["b"]]').array.tolist() == [["a"], ["b"]]


@pytest.mark.parametrize(
    ("datatype", "shape", "data"),
    [
        ("FP32", [3], b"[1, 2]"),
        ("FP32", [2, 2], b"[[1, 2], [3]]"),
        ("FP32", [1, 4], b"[[1, 2], [3, 4]]"),
        ("FP32", [2], b'["1", "2"]'),
        ("FP32", [1], b"[true]"),
        ("INT8", [1], b"[300]"),
        ("UINT8", [1], b"[-1]"),
        ("INT64", [1], b"[1.5]"),
        ("INT64", [1], b"[99999999999999999999999999]"),
        ("BOOL", [1], b"[1]"),
        ("BYTES", [1], b"[1]"),
        ("BYTES", [2, 2], b'[["a"], ["b", "c"]]'),
        ("FP32", [1], b"7"),
        ("FP32", [2, 0, 3], b"[[], []]"),
        ("FP8", [1], b"[1]"),
    ],
)
def test_what_does_not_agree_is_refused(datatype, shape, data):
    assert "x" in refused(from_json, "x", datatype, shape, data)


def test_binary_is_little_endian_and_without_padding():
    tensor = from_binary("x", "INT16", [2], memoryview(b"\x01\x00\x00\x01"))
    assert tensor.array.tolist() == [1, 256]
    assert to_binary(tensor) == b"\x01\x00\x00\x01"


def test_an_element_of_bytes_is_its_length_and_itself():
    data = b"\x02\x00\x00\x00hi\x00\x00\x00\x00"
    tensor = from_binary("x", "BYTES", [2], memoryview(data))
    assert tensor.array.tolist() == [b"hi", b""]
    assert to_binary(tensor) == data


@pytest.mark.parametrize(
    ("datatype", "data"),
    [("FP32", b"\0" * 7), ("BYTES", b"\xff\xff\xff\xff"), ("BYTES", b"\1"), ("BYTES", b"\0\0\0\0" * 2)],
)
def test_bytes_that_do_not_make_the_tensor_are_refused(datatype, data):
    refused(from_binary, "x", datatype, [1], memoryview(data))


def test_every_datatype_comes_back_as_it_went():
    for name, dtype in DATATYPES.items():
        array = np.array([[0, 1], [1, 0]], dtype)
        back = from_binary("x", name, [2, 2], memoryview(to_binary(Tensor("x", name, array))))
        assert back.array.dtype == dtype
        assert (back.array == array).all()


def test_json_has_no_nan_and_no_files():
    assert to_json(Tensor("x", "FP32", np.array([1.5, np.nan, np.inf], np.float32))) == [1.5, None, None]
    assert json.dumps(to_json(Tensor("x", "BYTES", objects([b"\xc3\xa4", "b"]))), ensure_ascii=False) == '["ä", "b"]'
    with pytest.raises(Refusal, match="binary_data"):
        to_json(Tensor("x", "BYTES", objects([b"\xff"])))


def test_scores_that_are_no_numbers_name_no_class():
    scores = np.array([[np.nan, np.nan], [0.25, 0.75]], np.float32)
    told = classified(Output("digit", "label", classes=("a", "b")), scores, 2).array.tolist()
    assert told == [[b"", b""], [b"0.750000:1:b", b"0.250000:0:a"]]
