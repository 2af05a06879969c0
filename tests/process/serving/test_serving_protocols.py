"""A table model over every protocol: V2 by clients that nobody here wrote, feedback, metrics, capture, OpenAPI."""

import contextlib
import json
import time

import grpc
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
from prometheus_client.parser import text_string_to_metric_families
from protocol_cases import deployed, free_port
from tritonclient.utils import InferenceServerException

from daybreak.base.errors import UsageError
from daybreak.serving.deployment import Capture
from daybreak.serving.events import Captured, Feedback, Reader
from daybreak.testing import packages

pytestmark = pytest.mark.enable_socket

ROW = {"age": 39, "hours": 40, "gain": 2174, "job": "clerk"}
ROWS = [ROW, {"age": 61.5, "hours": None, "gain": 0, "job": "farmer"}, {"age": 28, "hours": 55, "job": "teacher"}]


@pytest.fixture(scope="module")
def income(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package") / "income"
    packages.mlp_columns(folder)
    wanted = {"grpc_port": free_port(), "replicas": 2, "capture": Capture(1.0, ("age",))}
    with deployed(tmp_path_factory.mktemp("home"), folder, **wanted) as running:
        yield running


@pytest.fixture(scope="module", params=["http", "grpc"])
def triton(request, income):
    """The same client for both protocols, and its module."""
    module = getattr(tritonclient, request.param)
    port = income.port if request.param == "http" else income.grpc
    with contextlib.closing(module.InferenceServerClient(f"localhost:{port}")) as client:
        yield client, module


def tensors(module, **changes):
    told = {
        "age": np.array([39, 61.5, 28], np.float32),
        "hours": np.array([40, np.nan, 55], np.float32),
        "gain": np.array([2174, 0, np.nan]),
        "job": np.array(["clerk", "farmer", "teacher"], object),
    }
    made = []
    for name, array in (told | changes).items():
        if array is not None:
            datatype = tritonclient.utils.np_to_triton_dtype(array.dtype)
            made.append(module.InferInput(name, list(array.shape), datatype).set_data_from_numpy(array))
    return made


def by_name(income):
    return [one["income"] for one in income.post("/predict", ROWS).told["predictions"]]


def test_triton_reads_health_and_metadata(triton):
    client, module = triton
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("income", "1")
    more = {} if module is tritonclient.http else {"as_json": True}
    assert client.get_server_metadata(**more)["name"] == "daybreak"
    told = client.get_model_metadata("income", **more)
    assert told["platform"] == "onnxruntime_onnx"
    assert [(one["name"], one["datatype"]) for one in told["inputs"]] == [
        ("age", "FP32"),
        ("hours", "FP32"),
        ("gain", "FP64"),
        ("job", "BYTES"),
    ]
    assert [[int(length) for length in one["shape"]] for one in told["outputs"]] == [[-1, 2]]


def test_triton_gets_what_the_plain_route_tells(triton, income):
    client, module = triton
    result = client.infer("income", tensors(module), model_version="1", request_id="mine")
    told = by_name(income)
    assert result.as_numpy("income")[:, 1] == pytest.approx([one["probabilities"][">50K"] for one in told], rel=1e-5)
    wanted = module.InferRequestedOutput("income", class_count=1)
    classes = client.infer("income", tensors(module, gain=None), outputs=[wanted]).as_numpy("income")
    assert [one[0].decode().rsplit(":", 1)[1] for one in classes][1] == told[1]["label"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"model_name": "nope"}, "no model 'nope'"),
        ({"model_version": "9"}, "version '9'"),
        ({"age": np.zeros(3, np.int64)}, "'age' is FP32, got INT64"),
        ({"age": np.zeros((3, 2), np.float32)}, r"\[3, 2\]"),
        ({"age": np.array([1, np.nan, 2], np.float32)}, "neither NaN nor null"),
        ({"age": None}, "needs the input 'age'"),
        ({"weight": np.zeros(3, np.float32)}, "no input 'weight'"),
    ],
)
def test_triton_hears_what_is_wrong(triton, asked, sentence):
    client, module = triton
    named = ("model_name", "model_version")
    options = {"model_name": "income"} | {name: value for name, value in asked.items() if name in named}
    changes = {name: value for name, value in asked.items() if name not in named}
    with pytest.raises(InferenceServerException, match=sentence):
        client.infer(inputs=tensors(module, **changes), **options)


def test_a_call_of_grpc_tells_the_code_beside_its_status(income):
    with grpc.insecure_channel(f"localhost:{income.grpc}") as channel:
        ask = channel.unary_unary("/inference.GRPCInferenceService/ModelReady")
        with pytest.raises(grpc.RpcError) as caught:
            ask(b"\x0a\x04nope", timeout=30)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert dict(caught.value.trailing_metadata())["code"] == "unknown_model"


def test_feedback_is_kept_with_who_answered(income):
    told = income.post("/predict", ROW).told
    several = [
        {"id": told["id"], "kind": "rating", "value": 4, "note": "fine"},
        {"id": told["id"], "kind": "conversion"},
    ]
    assert income.post("/feedback", {"id": told["id"], "truth": ">50K"}).status == 202
    assert income.post("/feedback", several).told == {"accepted": 2, "kinds": ["conversion", "rating"]}
    kept = [
        one for one in Reader(income.folder / "events").poll() if isinstance(one, Feedback) and one.id == told["id"]
    ]
    assert {(one.kind, one.value, one.truth) for one in kept} == {
        ("truth", None, ">50K"),
        ("rating", 4.0, None),
        ("conversion", 1.0, None),
    }
    assert {(one.arm, one.version) for one in kept} == {("champion", 1)}


def test_what_curl_sends_without_a_type_is_taken_by_every_route(income):
    form = {"content_type": "application/x-www-form-urlencoded"}
    row = json.dumps({"age": 39, "hours": 40, "gain": 2174, "job": "clerk"})
    told = income.post("/predict", row, **form).told
    assert income.post("/feedback", json.dumps({"id": told["id"], "truth": ">50K"}), **form).status == 202
    assert income.post("/v2/models/income/infer", "{}", **form).status == 400  # read, and found to be no request


def test_requests_are_captured_without_what_is_redacted(income):
    told = income.post("/predict", ROWS).told
    income.post("/feedback", {"id": told["id"], "kind": "error"})  # is written at once, with what was gathered before
    with_id = {one.id: one for _ in range(20) for one in events_after_feedback(income) if isinstance(one, Captured)}
    kept = with_id[told["id"]]
    assert b"age" not in kept.request
    assert b'"hours":null,"gain":0.0,"job":"farmer"' in kept.request
    assert kept.answer.count(b'"label"') == 3


def events_after_feedback(income):
    """Events of both replicas: each writes what it has gathered when it takes feedback."""
    told = income.post("/predict", ROW).told
    income.post("/feedback", {"id": told["id"], "kind": "error"})
    return Reader(income.folder / "events").poll()


def test_one_scrape_counts_what_all_replicas_answered(income):
    def answered():
        families = text_string_to_metric_families(income.get("/metrics").body.decode())
        samples = {
            (one.name, one.labels.get("route"), one.labels.get("code")): one.value
            for family in families
            for one in family.samples
        }
        counted = ("daybreak_requests_total", "predict", "200"), ("daybreak_rows_total", None, None)
        return tuple(samples.get(one, 0) for one in counted)  # nothing is told of what nobody has asked yet

    requests, rows = answered()
    for _ in range(10):  # each on a connection of its own: both replicas answer
        income.post("/predict", ROWS)
    deadline = time.monotonic() + 10.0
    while answered() != (requests + 10, rows + 30):  # a replica counts when its client has its answer
        assert time.monotonic() < deadline, (answered(), requests, rows)


def test_the_document_describes_every_route_and_its_examples_are_answered(income):
    document = income.get("/openapi.json").told
    content = document["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert {*content} == {"application/json", "text/csv"}
    assert document["components"]["schemas"]["Row"]["required"] == ["age", "hours", "job"]
    for example in content["application/json"]["examples"].values():
        assert income.post("/predict", example["value"]).status == 200


def test_a_port_of_grpc_that_is_taken_is_told_before_anything_starts(income, tmp_path):
    folder = tmp_path / "package"
    packages.mlp(folder)
    with pytest.raises(UsageError, match=f"port {income.grpc} of 127.0.0.1 is in use; .* --grpc-port"):
        deployed(tmp_path / "home", folder, grpc_port=income.grpc).__enter__()
    with pytest.raises(UsageError, match="65535"):
        deployed(tmp_path / "home", folder, grpc_port=-1).__enter__()
