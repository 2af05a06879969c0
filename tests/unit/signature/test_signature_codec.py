"""What the codec says to rows that it does not take, and how answers look."""

import json

import msgspec
import numpy as np
import pytest

from daybreak.base.errors import BadRow, UsageError
from daybreak.signature.answers import undecided
from daybreak.signature.codec import make
from daybreak.signature.columns import Matrix, objects
from daybreak.signature.fields import Field, Output, Signature, Span
from daybreak.signature.schema import output_schema

PERSON = Signature(
    (
        Field("age", "number", low=0, high=120, unit="years", strict=True),
        Field("children", "integer", optional=True),
        Field("job", "category", classes=("clerk", "farmer"), strict=True),
        Field("income", "number", nullable=True, low=0, high=10),
    ),
    (Output("credit", "label", classes=("no", "yes")),),
)
GRID = Signature((Field("grid", "tensor", shape=(2, 3)), Field("name", "text", optional=True)), PERSON.outputs)
CLERK = {"age": 40, "job": "clerk", "income": 3.5}


@pytest.mark.parametrize(
    ("row", "code", "where", "says"),
    [
        (CLERK | {"agee": 1}, "unknown_field", "agee", "did you mean 'age'?"),
        ({"job": "clerk", "income": 1}, "missing_field", "age", "needs the field 'age'"),
        ({"Age": 3, "job": "clerk", "income": 1}, "unknown_field", "Age", "did you mean 'age'?"),
        (CLERK | {"age": "40"}, "bad_type", "age", "is a number, got '40'"),
        (CLERK | {"age": True}, "bad_type", "age", "got true"),
        (CLERK | {"age": None}, "bad_value", "age", "may not be null"),
        (CLERK | {"age": 130}, "out_of_range", "age", "lies in 0..120 years, got 130"),
        (
            CLERK | {"age": float("nan")},
            "bad_value",
            "age",
            "must be finite, got nan; the model knows no missing value there",
        ),
        (CLERK | {"income": float("inf")}, "bad_value", "income", "null stands for a missing value"),
        (CLERK | {"income": 1e39}, "out_of_range", "income", "float32"),
        (CLERK | {"children": 1.5}, "bad_type", "children", "a whole number, got 1.5"),
        (CLERK | {"children": 2**63}, "out_of_range", "children", "int64"),
        (CLERK | {"job": "clerc"}, "bad_value", "job", "did you mean 'clerk'?"),
        (CLERK | {"job": 3}, "bad_type", "job", "one of its classes"),
        ([], "bad_type", "", "a row is an object"),
    ],
)
def test_a_bad_row_is_told_by_code_field_and_reason(row, code, where, says):
    with pytest.raises(BadRow) as caught:
        make(PERSON).decode(json.dumps([CLERK, row]).encode())
    assert (caught.value.code, caught.value.row, caught.value.where) == (code, 1, where)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("grid", "code", "where"),
    [
        ([[1, 2, 3]], "bad_shape", "grid"),
        ([[1, 2, 3], [4, 5]], "bad_shape", "grid[1]"),
        ([[1, 2, 3], [4, "x", 6]], "bad_type", "grid[1][1]"),
        ([[1, 2, 3], [4, None, 6]], "bad_type", "grid[1][1]"),
        (7, "bad_shape", "grid"),
    ],
)
def test_a_bad_value_of_a_tensor_is_told_by_its_place(grid, code, where):
    with pytest.raises(BadRow) as caught:
        make(GRID).decode(json.dumps({"grid": grid}).encode())
    assert (caught.value.code, caught.value.row, caught.value.where) == (code, None, where)


def test_what_training_never_saw_is_served_where_the_field_is_not_strict():
    loose = Signature(tuple(msgspec.structs.replace(field, strict=False) for field in PERSON.inputs), PERSON.outputs)
    columns = make(loose).columns(make(loose).decode(b'{"age": 130, "job": "pilot", "income": -5}'))
    assert [columns[name][0] for name in ("age", "job", "income")] == [130, "pilot", -5]


def test_missing_and_null_numbers_are_nan():
    columns = make(PERSON).columns(make(PERSON).decode(b'{"age": 40, "job": "clerk", "income": null}'))
    assert np.isnan(columns["income"]).all()
    assert np.isnan(columns["children"]).all()


def test_a_whole_number_may_be_written_with_a_point():
    columns = make(PERSON).columns(make(PERSON).decode(b'{"age": 40, "job": "clerk", "income": 1, "children": 2.0}'))
    assert columns["children"].tolist() == [2.0]


def test_numbers_of_one_type_lie_in_one_matrix():
    codec = make(Signature((Field("a", "number"), Field("b", "number")), PERSON.outputs))
    columns = codec.columns(codec.decode(b'[{"a": 1, "b": 2}, {"b": 4, "a": 3}]'))
    assert isinstance(columns, Matrix)
    assert columns.matrix.tolist() == [[1, 2], [3, 4]]
    assert np.shares_memory(columns["b"], columns.matrix)


def test_a_field_named_rows_is_a_field():
    codec = make(Signature((Field("rows", "tensor", shape=(2,)),), PERSON.outputs))
    assert codec.decode(b'{"rows": [1, 2]}').single


def test_a_name_that_json_would_escape_is_refused():
    with pytest.raises(UsageError, match="rename it"):
        make(Signature((Field('a"b', "number"),), PERSON.outputs))
    with pytest.raises(UsageError, match="name each once"):
        make(Signature((Field("a", "number"), Field("a", "text")), PERSON.outputs))


def test_answers_of_every_kind():
    outputs = (
        Output("digit", "label", classes=("a%", 'b"')),
        Output("price", "number"),
        Output("reach", "number", interval=True),
        Output("said", "text"),
        Output("found", "span", of="name"),
        Output("grid", "tensor", shape=(2,)),
        Output("drawn", "image", shape=(1, 1, 3)),
    )
    columns = {
        "digit": np.array([[0.25, 0.75]], "f4"),
        "price": np.array([3.2], "f4"),
        "reach": np.array([[3.2, np.nan, 4]], "f4"),
        "said": objects(["ü"]),
        "found": objects([Span("in 1066", 12, 19, 0.5)]),
        "grid": np.array([[1, 2]], "f4"),
        "drawn": objects([np.zeros((1, 1, 3), np.uint8)]),
    }
    told = json.loads(make(Signature(GRID.inputs, outputs)).encode(columns)[0])
    assert told.pop("drawn").startswith("data:image/png;base64,")
    assert told == {
        "digit": {"label": 'b"', "score": 0.75, "probabilities": {"a%": 0.25, 'b"': 0.75}},
        "price": 3.2,
        "reach": {"value": 3.2, "low": None, "high": 4.0},
        "said": "ü",
        "found": {"text": "in 1066", "start": 12, "end": 19, "score": 0.5},
        "grid": [1.0, 2.0],
    }


@pytest.mark.parametrize(("threshold", "label"), [(None, "no"), (0.3, "yes"), (0.5, "no")])
def test_the_second_of_two_classes_is_told_from_the_threshold_on(threshold, label):
    codec = make(PERSON, {} if threshold is None else {"credit": threshold})
    assert json.loads(codec.encode({"credit": np.array([[0.6, 0.4]])})[0])["credit"]["label"] == label


@pytest.mark.parametrize("threshold", [None, 0.3])
def test_no_label_is_told_where_a_score_is_no_number(threshold):
    codec = make(PERSON, {} if threshold is None else {"credit": threshold})
    scores = np.array([[np.nan, np.nan], [0.2, np.nan], [0.1, np.inf], [0.1, 0.9]])
    told = [json.loads(answer)["credit"] for answer in codec.encode({"credit": scores})]
    assert [one["label"] for one in told] == [None, None, "yes", "yes"]
    assert [one["score"] for one in told] == [None, None, None, 0.9]
    assert told[1]["probabilities"] == {"no": 0.2, "yes": None}
    assert undecided(scores).tolist() == [True, True, False, False]
    assert output_schema(PERSON.outputs[0])["properties"]["label"] == {"enum": ["no", "yes", None]}
