"""Tensors to a signature's columns and outputs to tensors, by the names of fields."""

import base64
import io
from functools import partial

import numpy as np
import pytest
from PIL import Image

from daybreak.base.errors import BadRow
from daybreak.serving.refusals import Refusal
from daybreak.serving.v2.answers import classified, outputs_of, tensor_of
from daybreak.serving.v2.mapping import columns_of, inputs_of
from daybreak.serving.v2.tensors import Tensor, objects
from daybreak.signature import media
from daybreak.signature.codec import make
from daybreak.signature.fields import Field, Output, Signature, Span

TABLE = Signature(
    (
        Field("age", "number"),
        Field("hours", "number", nullable=True),
        Field("gain", "integer", dtype="int64", optional=True),
        Field("job", "category", classes=("clerk", "farmer"), strict=True),
        Field("paid", "boolean"),
    ),
    (Output("income", "label", classes=("low", "high")),),
)
PICTURE = Signature((Field("image", "image", shape=(4, 6, 1)),), (Output("mask", "image"),))


def table(**changes):
    told = {
        "age": ("FP32", np.array([30, 40], np.float32)),
        "hours": ("FP32", np.array([40, np.nan], np.float32)),
        "job": ("BYTES", objects([b"clerk", "farmer"])),
        "paid": ("BOOL", np.array([True, False])),
    }
    told |= changes
    return [Tensor(name, *one) for name, one in told.items() if one is not None]


def code_of(signature, tensors):
    with pytest.raises(Refusal) as caught:
        columns_of(signature, tensors, 2)
    return caught.value.code, caught.value.where


def test_metadata_tells_real_types():
    assert inputs_of(TABLE) == [
        ("age", "FP32", (-1,)),
        ("hours", "FP32", (-1,)),
        ("gain", "FP64", (-1,)),
        ("job", "BYTES", (-1,)),
        ("paid", "BOOL", (-1,)),
    ]
    assert inputs_of(PICTURE) == [("image", "UINT8", (-1, 4, 6, 1))]
    assert outputs_of(TABLE) == [("income", "FP32", (-1, 2))]


def test_tensors_become_columns_and_what_is_optional_is_null():
    columns, rows = columns_of(TABLE, table(), 2)
    assert rows == 2
    assert columns["job"].tolist() == ["clerk", "farmer"]
    assert np.isnan(columns["gain"]).all()
    assert np.isnan(columns["hours"][1])


def test_a_column_may_have_an_axis_of_one_and_a_narrower_datatype():
    columns, _ = columns_of(TABLE, table(age=("UINT8", np.array([[30], [40]], np.uint8))), 2)
    assert columns["age"].dtype == np.float32
    assert columns["age"].tolist() == [30, 40]


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"age": None}, "missing_field", "age"),
        ({"agee": ("FP32", np.zeros(2, np.float32))}, "unknown_field", "agee"),
        ({"age": ("FP64", np.zeros(2))}, "bad_type", "age"),
        ({"age": ("BOOL", np.zeros(2, bool))}, "bad_type", "age"),
        ({"age": ("BYTES", objects(["a", "b"]))}, "bad_type", "age"),
        ({"job": ("INT8", np.zeros(2, np.int8))}, "bad_type", "job"),
        ({"age": ("FP32", np.zeros((2, 2), np.float32))}, "bad_shape", "age"),
        ({"age": ("FP32", np.zeros(3, np.float32))}, "bad_shape", ""),
        ({"age": ("FP32", np.array([1, np.nan], np.float32))}, "bad_value", "age"),
        ({"age": ("FP32", np.array([1, np.inf], np.float32))}, "bad_value", "age"),
        ({"job": ("BYTES", objects([b"clerk", b"king"]))}, "bad_value", "job"),
        ({"job": ("BYTES", objects([b"clerk", b"\xff"]))}, "bad_value", "job"),
        ({"job": ("BYTES", objects(["clerk", None]))}, "bad_value", "job"),
    ],
)
def test_what_the_signature_does_not_take_is_refused_with_its_place(change, code, where):
    assert code_of(TABLE, table(**change)) == (code, where)


def test_no_rows_and_no_tensors_are_refused():
    assert code_of(TABLE, [])[0] == "no_rows"
    assert code_of(TABLE, [Tensor("age", "FP32", np.zeros((0,), np.float32))])[0] == "no_rows"
    assert code_of(TABLE, [*table(), *table()])[0] == "bad_tensor"
    assert code_of(PICTURE, [Tensor("image", "BYTES", objects([b"no picture"] * 3))])[0] == "too_many_rows"


def test_a_picture_comes_as_pixels_or_as_a_file():
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6, 1)
    held = io.BytesIO()
    Image.fromarray(pixels[:, :, 0]).save(held, "PNG")
    of_pixels, _ = columns_of(PICTURE, [Tensor("image", "UINT8", pixels[None])], 1)
    of_file, rows = columns_of(PICTURE, [Tensor("image", "BYTES", objects([held.getvalue()]))], 1)
    assert rows == 1
    assert (of_pixels["image"][0] == pixels).all()
    assert (of_file["image"][0] == pixels).all()
    assert code_of(PICTURE, [Tensor("image", "BYTES", objects([held.getvalue()[:40]]))])[0] == "bad_media"
    assert code_of(PICTURE, [Tensor("image", "UINT8", pixels.reshape(1, 6, 4, 1))])[0] == "bad_shape"


def test_pictures_of_one_request_have_one_budget(monkeypatch):
    held = io.BytesIO()
    Image.new("L", (6, 4)).save(held, "PNG")
    monkeypatch.setattr(media, "Budget", partial(media.Budget, 6 * 4 * 2))
    packed = base64.b64encode(held.getvalue()).decode()
    codec = make(PICTURE)
    assert len(codec.take([{"image": packed}] * 2)) == 2
    with pytest.raises(BadRow, match="unpack to") as caught:
        codec.take([{"image": packed}] * 3)
    assert caught.value.code == "body_too_large"
    assert columns_of(PICTURE, [Tensor("image", "BYTES", objects([held.getvalue()] * 2))], 9)[1] == 2
    with pytest.raises(Refusal) as refused:
        columns_of(PICTURE, [Tensor("image", "BYTES", objects([packed] * 3))], 9)
    assert (refused.value.status, refused.value.code) == (413, "body_too_large")


def test_outputs_are_told_as_tensors():
    signature = Signature(
        TABLE.inputs,
        (
            Output("income", "label", classes=("low", "high")),
            Output("price", "number", interval=True),
            Output("answer", "span", of="job"),
            Output("words", "text"),
            Output("mask", "image"),
        ),
    )
    assert [(one.datatype, one.shape) for one in outputs_of(signature)] == [
        ("FP32", (-1, 2)),
        ("FP32", (-1, 3)),
        ("BYTES", (-1,)),
        ("BYTES", (-1,)),
        ("BYTES", (-1,)),
    ]
    span = tensor_of(signature.outputs[2], objects([Span("in 1066", 2, 9, 0.5)]))
    assert span.array.tolist() == [b'{"text":"in 1066","start":2,"end":9,"score":0.5}']
    picture = np.zeros((2, 2), np.uint8)
    assert tensor_of(signature.outputs[4], objects([picture])).array[0].startswith(b"\x89PNG")


def test_classes_are_told_best_first_where_they_are_asked_for():
    scores = np.array([[0.2, 0.8], [0.5, 0.5]], np.float32)
    told = classified(TABLE.outputs[0], scores, 2)
    assert told.array.tolist() == [[b"0.800000:1:high", b"0.200000:0:low"], [b"0.500000:0:low", b"0.500000:1:high"]]
    with pytest.raises(Refusal, match="classification"):
        classified(Output("price", "number"), scores, 1)
