"""What samples say about the fields of a model; and the schema that follows."""

import numpy as np
import pandas as pd
import pytest

import daybreak
from daybreak.base.errors import UsageError
from daybreak.signature.fields import Field, Output, Signature
from daybreak.signature.inferring import field_of, infer_signature, output_of
from daybreak.signature.schema import prediction_schema, row_schema

ROWS = 40
FRAME = pd.DataFrame(
    {
        "age": np.arange(ROWS) + 18,
        "income": np.where(np.arange(ROWS) % 9 == 0, np.nan, np.arange(ROWS) / 3),
        "job": ["clerk", "farmer"] * (ROWS // 2),
        "note": [f"said {place}" for place in range(ROWS)],
        "member": [True, False] * (ROWS // 2),
    }
)


def test_a_frame_tells_its_fields():
    found = infer_signature(FRAME, ["yes", "no"] * (ROWS // 2), output="credit", units={"age": "years"})
    assert found.inputs == (
        Field("age", "integer", dtype="int64", low=18, high=57, unit="years"),
        Field("income", "number", dtype="float64", low=1 / 3, high=13, nullable=True),
        Field("job", "category", classes=("clerk", "farmer")),
        Field("note", "text"),
        Field("member", "boolean", dtype="bool"),
    )
    assert found.outputs == (Output("credit", "label", classes=("no", "yes")),)


def test_rows_and_columns_tell_the_same_as_a_frame():
    rows = [
        {name: None if pd.isna(value) else value for name, value in row.items()} for row in FRAME.to_dict("records")
    ]
    columns = {name: FRAME[name].tolist() for name in FRAME}
    assert infer_signature(rows, [1] * ROWS).inputs == infer_signature(FRAME, [1] * ROWS).inputs
    assert infer_signature(columns, [1] * ROWS).inputs == infer_signature(FRAME, [1] * ROWS).inputs


def test_a_matrix_is_columns_or_one_tensor():
    matrix = np.array([[1, 2], [3, 4]], np.float32)
    assert [field.name for field in infer_signature(matrix, [0, 1], names=("a", "b")).inputs] == ["a", "b"]
    assert infer_signature(matrix, [0, 1]).inputs == (Field("features", "tensor", shape=(2,), low=1, high=4),)


def test_bytes_in_squares_are_pictures_and_lists_of_their_own_length_sounds():
    pictures, sounds = np.zeros((3, 28, 28), np.uint8), [np.zeros(5, np.float32), np.zeros(7, np.float32)]
    assert infer_signature(pictures, [0, 1, 2], names=("image",)).inputs[0] == Field(
        "image", "image", dtype="uint8", shape=(28, 28, 1)
    )
    assert infer_signature({"word": sounds}, ["a", "b"], rates={"word": 8000}).inputs[0] == Field(
        "word", "audio", rate=8000
    )
    assert infer_signature({"series": sounds}, ["a", "b"]).inputs[0].shape == (None,)


def test_texts_are_one_field():
    assert infer_signature(["so it was"] * 3 + ["and more"], [0, 1, 0, 1]).inputs[0].name == "text"


@pytest.mark.parametrize(
    ("targets", "output"),
    [
        ([True, False], Output("y", "label", classes=("False", "True"))),
        ([10, 9, 9], Output("y", "label", classes=("9", "10"))),
        ([0.5, 1.5], Output("y", "number")),
        (np.zeros((2, 3)), Output("y", "tensor", shape=(3,))),
    ],
)
def test_targets_tell_the_output(targets, output):
    assert output_of("y", targets) == output


def test_classes_given_are_those_of_the_scores():
    assert output_of("y", [0, 1], classes=("no", "yes", "maybe")).classes == ("no", "yes", "maybe")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: field_of("x", np.zeros(0)), "has none"),
        (lambda: field_of("x", np.array(["2020-01-01"], "M8[D]")), "convert it"),
        (lambda: field_of("x", np.zeros(2), "imgae"), "a field's kind is one of"),
        (lambda: output_of("y", None), "from targets or from classes"),
        (lambda: infer_signature(np.zeros((2, 3)), [1, 2], names=("a", "b")), "one for each column"),
        (lambda: infer_signature({"a": [1]}, [1], kinds={"b": "text"}), "they have a"),
    ],
)
def test_what_no_field_can_hold_is_refused(call, says):
    with pytest.raises(UsageError, match=says):
        call()


def test_the_schema_says_what_the_codec_takes():
    signature = Signature(
        (
            Field("age", "number", low=0, high=120, unit="years", strict=True),
            Field("job", "category", classes=("clerk",), optional=True, strict=True),
            Field("grid", "tensor", dtype="int32", shape=(2, None)),
        ),
        (Output("price", "number", interval=True), Output("credit", "label", classes=("no", "yes"))),
    )
    told = row_schema(signature)
    assert told["required"] == ["age", "grid"]
    assert told["properties"]["age"] == {
        "type": "number",
        "minimum": 0,
        "maximum": 120,
        "x-unit": "years",
        "x-kind": "number",
    }
    assert told["properties"]["job"]["enum"] == ["clerk", None]
    assert told["properties"]["grid"]["items"]["items"]["type"] == "integer"
    assert (told["properties"]["grid"]["minItems"], "minItems" in told["properties"]["grid"]["items"]) == (2, False)
    assert prediction_schema(signature)["properties"]["credit"]["properties"]["label"] == {"enum": ["no", "yes", None]}


def test_the_public_face_names_them():
    assert daybreak.Signature is Signature
    assert daybreak.infer_signature is infer_signature
