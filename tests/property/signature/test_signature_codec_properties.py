"""Any valid row is taken, whole and as sent; anything else is refused with a code, and with no other exception."""

import json
import math

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from daybreak.base.errors import BadRow
from daybreak.signature.arrays import taken
from daybreak.signature.codec import make
from daybreak.signature.columns import cut, dtype_of, free, joined, length
from daybreak.signature.fields import Field, Output, Signature
from daybreak.testing.signatures import JSON, near_rows, rows, signatures

CODES = {
    "bad_json",
    "missing_field",
    "unknown_field",
    "bad_type",
    "bad_shape",
    "bad_value",
    "out_of_range",
    "bad_media",
}
OUTPUTS = (Output("answer", "label", classes=("no", "yes")),)


@given(st.data())
def test_a_valid_row_is_taken_alone_in_a_list_and_under_rows(data):
    signature = data.draw(signatures())
    sent = data.draw(st.lists(rows(signature), min_size=1, max_size=3))
    codec = make(signature)
    alone = codec.decode(json.dumps(sent[0]).encode())
    assert alone.single
    assert len(alone) == 1
    listed = codec.decode(json.dumps(sent).encode())
    wrapped = codec.decode(json.dumps({"rows": sent}).encode()) if "rows" not in names(signature) else listed
    assert not listed.single
    assert same(codec.columns(listed), codec.columns(wrapped))
    assert same(cut(codec.columns(listed), 0, 1), codec.columns(alone))


@given(st.data())
def test_columns_hold_what_was_sent(data):
    signature = data.draw(signatures())
    sent = data.draw(st.lists(rows(signature), min_size=1, max_size=3))
    columns = make(signature).columns(make(signature).decode(json.dumps(sent).encode()))
    for field in signature.inputs:
        column = columns[field.name]
        assert column.dtype == (object if free(field) else dtype_of(field))
        for row, held in zip(sent, column, strict=True):
            assert reads_back(field, row.get(field.name), held)


@given(st.data())
def test_both_looks_agree(data):
    signature = data.draw(signatures(media=True))
    sent = data.draw(st.lists(rows(signature), max_size=3))
    codec = make(signature)
    fast, slow = codec.decode(json.dumps(sent).encode()), codec.take(json.loads(json.dumps(sent)))
    assert same(codec.columns(fast), codec.columns(slow))


@given(st.data())
def test_rows_of_several_requests_are_one_batch(data):
    signature = data.draw(signatures())
    codec = make(signature)
    sent = data.draw(st.lists(rows(signature), min_size=2, max_size=4))
    parts = [codec.columns(codec.decode(json.dumps(row).encode())) for row in sent]
    whole = joined(parts)
    assert length(whole) == len(sent)
    assert same(whole, codec.columns(codec.take(sent)))


@given(st.data())
def test_a_row_with_one_thing_wrong_is_taken_or_refused_with_a_code(data):
    signature = data.draw(signatures(media=True))
    sent = data.draw(near_rows(signature))
    codec = make(signature)
    bad = refusal(codec, json.dumps([sent]).encode())
    assert bad is None or bad.row == 0 or bad.code == "bad_json"


@given(JSON)
@example({"rows": {}})
@example({"rows": [], "x": 1})
@example([[]])
def test_any_json_is_taken_or_refused_with_a_code(sent):
    codec = make(Signature((Field("x", "number"), Field("word", "text", optional=True)), OUTPUTS))
    refusal(codec, json.dumps(sent).encode())


@given(st.binary(max_size=40) | st.text(alphabet='{}[]":,x0123456789.eE+-nulNaIfity \\', max_size=40).map(str.encode))
@example(b"\xff")
@example(b"[" * 100_000)
@example(b'{"x":' * 50_000)
@example(b'{"x":"\\ud800 NaN"}')
@example(b'{"x":1e400}')
@example(b'{"x":' + b"9" * 5000 + b"}")
@example(b'{"x":NaN,"y":' + b"[" * 100_000)
def test_any_bytes_are_taken_or_refused_with_a_code(body):
    codec = make(Signature((Field("x", "number"),), OUTPUTS))
    refusal(codec, body)


@given(st.data())
def test_answers_are_json_whatever_the_scores(data):
    scores = data.draw(st.lists(st.lists(st.floats(width=32), min_size=2, max_size=2), min_size=1, max_size=4))
    for text, row in zip(
        make(Signature((Field("x", "number"),), OUTPUTS)).encode({"answer": np.array(scores, "f4")}),
        scores,
        strict=True,
    ):
        told = json.loads(text, parse_constant=lambda word: (_ for _ in ()).throw(AssertionError(word)))["answer"]
        assert (told["label"] is None) == any(map(math.isnan, row))
        assert told["label"] in ("no", "yes", None)
        for score, given_ in zip(told["probabilities"].values(), row, strict=True):
            assert (score is None) == (not math.isfinite(given_))
            assert score is None or math.isclose(score, given_, rel_tol=1e-6, abs_tol=1e-44)


@given(st.data())
def test_arrays_are_judged_as_rows_are(data):
    signature = data.draw(signatures().filter(lambda drawn: all(field.kind != "tensor" for field in drawn.inputs)))
    sent = data.draw(st.lists(rows(signature), min_size=1, max_size=3))
    codec = make(signature)
    columns = codec.columns(codec.take(sent))
    assert same(taken(signature, columns), columns)


def refusal(codec, body):
    """Why the body is refused, None where its rows become columns; any other error is the test's."""
    try:
        rows = codec.decode(body)
    except BadRow as error:
        bad = error
        assert bad.code in CODES
        assert str(bad)
        return bad
    assert length(codec.columns(rows)) == len(rows)
    return None


def names(signature):
    return [field.name for field in signature.inputs]


def reads_back(field, sent, held):
    if sent is None:
        return held is None or np.isnan(held).all()
    if field.kind in ("text", "category", "boolean", "integer"):
        return held == sent
    want = np.array(sent, dtype_of(field))
    return np.array_equal(want, held, equal_nan=want.dtype.kind == "f")


def same(left, right):
    return list(left) == list(right) and all(equal(left[name], right[name]) for name in left)


def equal(left, right):
    if left.dtype != right.dtype or len(left) != len(right):
        return False
    if left.dtype == object:
        return all(
            np.array_equal(a, b, equal_nan=getattr(a, "dtype", np.dtype("O")).kind == "f")
            for a, b in zip(left, right, strict=True)
        )
    return np.array_equal(left, right, equal_nan=left.dtype.kind == "f")
