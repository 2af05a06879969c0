"""Bodies of the protocol: whatever a client sends is a request or a refusal, and tensors come back as they went."""

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as drawn

from daybreak.serving.refusals import Refusal
from daybreak.serving.v2.bodies import read
from daybreak.serving.v2.mapping import columns_of
from daybreak.serving.v2.tensors import DATATYPES, Tensor, from_binary, from_json, objects, to_binary, to_json
from daybreak.signature.fields import Field, Output, Signature

SIGNATURE = Signature(
    (Field("x", "tensor", shape=(2,)), Field("word", "text", optional=True)), (Output("y", "number"),)
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
INPUTS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["x", "word", "z"]),
        "datatype": st.sampled_from([*DATATYPES, "BYTES", "FP8"]),
        "shape": st.lists(st.integers(-1, 3) | st.just(2**40), max_size=3),
    },
    optional={"data": JSON, "parameters": st.just({"binary_data_size": 8}) | JSON},
)
REQUESTS = st.fixed_dictionaries({"inputs": st.lists(INPUTS, max_size=3)}, optional={"outputs": JSON, "id": JSON})


@given(
    REQUESTS.map(lambda told: json.dumps(told).encode()) | st.binary(max_size=60),
    st.binary(max_size=20),
    st.none() | st.integers(0, 200),
)
def test_anything_is_a_request_or_a_refusal(head, tail, length):
    try:
        asked = read(head + tail, None if length is None else str(length))
        columns, rows = columns_of(SIGNATURE, asked.inputs, 100)
    except Refusal as refusal:
        status = refusal.status
    else:
        status = 200 if columns["x"].shape == (rows, 2) else 500
    assert status in (200, 400, 413)


@given(
    st.sampled_from([name for name in DATATYPES if name != "BOOL"]).flatmap(
        lambda name: drawn.arrays(
            DATATYPES[name],
            drawn.array_shapes(max_dims=3, max_side=4),
            elements={"allow_nan": False, "allow_infinity": False} if name.startswith("FP") else None,
        ).map(lambda array: (name, array))
    )
)
def test_numbers_come_back_as_they_went_by_both_ways(drawn_tensor):
    name, array = drawn_tensor
    sent = Tensor("x", name, array)
    assert np.array_equal(from_binary("x", name, array.shape, memoryview(to_binary(sent))).array, array)
    assert np.array_equal(from_json("x", name, array.shape, json.dumps(to_json(sent)).encode()).array, array)
    assert np.array_equal(from_json("x", name, array.shape, json.dumps(array.tolist()).encode()).array, array)


@given(st.lists(st.binary(max_size=10), min_size=1, max_size=5))
def test_bytes_come_back_as_they_went(values):
    sent = Tensor("x", "BYTES", objects(values))
    assert from_binary("x", "BYTES", [len(values)], memoryview(to_binary(sent))).array.tolist() == values
