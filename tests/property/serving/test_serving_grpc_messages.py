"""Messages of gRPC: whatever a client sends is a request or a refusal; and they are the protocol's, byte for byte."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tritonclient.grpc import service_pb2

from daybreak.serving.grpc import tensors
from daybreak.serving.grpc.messages import METHODS, message
from daybreak.serving.refusals import Refusal
from daybreak.serving.v2.tensors import DATATYPES

NUMBERS = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=4)
CONTENTS = st.fixed_dictionaries(
    {},
    optional={
        "int_contents": NUMBERS,
        "fp32_contents": st.lists(st.floats(width=32), max_size=4),
        "bytes_contents": st.lists(st.binary(max_size=4), max_size=4),
        "bool_contents": st.lists(st.booleans(), max_size=4),
    },
)
INPUTS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["x", ""]),
        "datatype": st.sampled_from([*DATATYPES, "BYTES", "FP8", ""]),
        "shape": st.lists(st.integers(-2, 4) | st.just(2**62), max_size=3),
        "contents": CONTENTS,
    }
)


@given(st.lists(INPUTS, max_size=2), st.lists(st.binary(max_size=16), max_size=2))
def test_anything_is_a_request_or_a_refusal(inputs, raw):
    request = message("ModelInferRequest")(inputs=inputs, raw_input_contents=raw)
    try:
        asked = tensors.read(request)
    except Refusal as refusal:
        told = refusal.code
    else:
        told = (
            ""
            if [list(one.array.shape) for one in asked.inputs] == [one["shape"] for one in inputs]
            else "another shape"
        )
    assert told in ("", "bad_tensor")


@given(st.lists(INPUTS, max_size=2), st.text(max_size=5), st.integers(-(2**63), 2**63 - 1))
def test_messages_are_those_of_tritons_own_description(inputs, text, number):
    told = {"model_name": text, "inputs": inputs, "raw_input_contents": [b"a"]}
    ours, theirs = message("ModelInferRequest")(**told), service_pb2.ModelInferRequest(**told)
    for one in (ours, theirs):
        one.parameters["p"].int64_param = number
        one.outputs.add(name=text).parameters["q"].bool_param = True
    assert ours.SerializeToString(deterministic=True) == theirs.SerializeToString(deterministic=True)


def test_every_message_has_the_fields_of_tritons_description():
    for method in METHODS:
        for name in (f"{method}Request", f"{method}Response"):
            ours, theirs = message(name).DESCRIPTOR, getattr(service_pb2, name).DESCRIPTOR
            assert [described(one) for one in ours.fields] == [described(one) for one in theirs.fields], name


def described(field):
    kind = field.message_type.full_name if field.message_type else None
    return field.name, field.number, field.type, field.is_repeated, kind


def test_typed_contents_are_numbers_of_their_datatype():
    sent = {"name": "x", "datatype": "INT8", "shape": [2], "contents": {"int_contents": [1, -1]}}
    (tensor,) = tensors.read(message("ModelInferRequest")(inputs=[sent])).inputs
    assert tensor.array.dtype == np.int8
    assert tensor.array.tolist() == [1, -1]
