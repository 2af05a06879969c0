"""Bad input, through a real server: each is a documented 4xx with a stable code, and the server serves on."""

import gzip
import json
import socket

import pytest
from protocol_cases import deployed

from daybreak.serving.deployment import Limits
from daybreak.serving.problems import PROBLEMS
from daybreak.testing import packages

pytestmark = pytest.mark.enable_socket

ROW = {"age": 39, "hours": 40, "gain": 2174, "job": "clerk"}
V2 = "/v2/models/income/infer"
MOST = 200_000


@pytest.fixture(scope="module")
def income(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package") / "income"
    packages.mlp_columns(folder)
    with deployed(tmp_path_factory.mktemp("home"), folder, limits=Limits(body=MOST, rows=50, head=5.0)) as running:
        yield running


def without(name):
    return {key: value for key, value in ROW.items() if key != name}


def tensor(name="age", datatype="FP32", shape=(1,), **more):
    return {"name": name, "datatype": datatype, "shape": list(shape)} | more


PREDICT = [
    ("no JSON", b"nope", "bad_json", ""),
    ("no UTF-8", b'{"age": "\xff"}', "bad_json", ""),
    ("nothing", b"", "bad_json", ""),
    ("deeply nested", b"[" * 50_000, "bad_json", ""),
    ("NaN", b'{"age": NaN, "hours": 1, "job": "clerk"}', "bad_value", "age"),
    ("a number beyond all numbers", b'{"age": 1e999, "hours": 1, "job": "clerk"}', "bad_json", ""),
    ("an infinity", b'{"age": Infinity, "hours": 1, "job": "clerk"}', "bad_value", "age"),
    ("a word", b'"hello"', "bad_type", ""),
    ("null", b"null", "bad_type", ""),
    ("no batch", [], "no_rows", ""),
    ("no rows", {"rows": []}, "no_rows", ""),
    ("rows of another type", {"rows": 3}, "bad_type", "rows"),
    ("a wrong name", ROW | {"agee": 1}, "unknown_field", "agee"),
    ("a name too few", without("job"), "missing_field", "job"),
    ("a wrong type", ROW | {"age": "old"}, "bad_type", "age"),
    ("a boolean for a number", ROW | {"age": True}, "bad_type", "age"),
    ("half a whole number", ROW | {"gain": 1.5}, "bad_type", "gain"),
    ("a list for a number", ROW | {"age": [1]}, "bad_type", "age"),
    ("null where it may not be", ROW | {"age": None}, "bad_value", "age"),
    ("a number beyond its type", ROW | {"age": 1e300}, "out_of_range", "age"),
    ("the second of two rows", [ROW, ROW | {"job": 3}], "bad_type", "row 1, job"),
    ("too many rows", [ROW] * 51, "too_many_rows", ""),
]
PACKED = gzip.compress(json.dumps(ROW).encode())


@pytest.mark.parametrize(("body", "code", "where"), [case[1:] for case in PREDICT], ids=[case[0] for case in PREDICT])
def test_rows_that_are_none(income, body, code, where):
    answer = income.post("/predict", body)
    assert (answer.code, answer.told.get("where", "")) == (code, where)
    check(answer)


INFER = [
    ("no JSON", b"nope", {}, "bad_json"),
    ("no request", b"[]", {}, "bad_request"),
    ("no inputs", {"inputs": []}, {}, "no_rows"),
    ("an unknown input", {"inputs": [tensor("weight", data=[1])]}, {}, "unknown_field"),
    ("an input too few", {"inputs": [tensor(data=[1])]}, {}, "missing_field"),
    ("an input twice", {"inputs": [tensor(data=[1]), tensor(data=[1])]}, {}, "bad_tensor"),
    ("an unknown datatype", {"inputs": [tensor(datatype="FP8", data=[1])]}, {}, "bad_tensor"),
    ("another shape than its data", {"inputs": [tensor(shape=[2], data=[1])]}, {}, "bad_tensor"),
    ("a shape below zero", {"inputs": [tensor(shape=[-1], data=[1])]}, {}, "bad_request"),
    ("a shape beyond all memory", {"inputs": [tensor(shape=[2**40, 2**40], data=[1])]}, {}, "bad_tensor"),
    ("no data", {"inputs": [tensor()]}, {}, "bad_tensor"),
    ("data of another type", {"inputs": [tensor(data=["1"])]}, {}, "bad_tensor"),
    ("bytes that are not there", {"inputs": [tensor(parameters={"binary_data_size": 4})]}, {}, "bad_tensor"),
    ("a length that is none", {"inputs": []}, {"inference_header_content_length": "x"}, "bad_request"),
    ("a length beyond the body", {"inputs": []}, {"inference_header_content_length": "999"}, "bad_request"),
    ("an unknown output", {"inputs": [tensor(data=[1])], "outputs": [{"name": "nope"}]}, {}, "unknown_field"),
    ("an output twice", {"inputs": [tensor(data=[1])], "outputs": [{"name": "income"}] * 2}, {}, "bad_request"),
    ("too many rows", {"inputs": [tensor(shape=[51], data=[1] * 51)]}, {}, "too_many_rows"),
    ("a timeout that is none", {"inputs": [tensor(data=[1])], "parameters": {"timeout": -1}}, {}, "missing_field"),
    ("another type of body", b"x", {"content_type": "text/html"}, "unknown_media"),
    ("another packing", b"x", {"content_encoding": "br"}, "unknown_media"),
    ("a torn packing", b"x", {"content_encoding": "gzip"}, "bad_request"),
]


@pytest.mark.parametrize(("body", "headers", "code"), [case[1:] for case in INFER], ids=[case[0] for case in INFER])
def test_tensors_that_are_none(income, body, headers, code):
    answer = income.post(V2, body, **headers)
    assert answer.code == code
    check(answer)


FEEDBACK = [
    ("no JSON", b"{", "bad_json"),
    ("no feedback", {"truth": "x"}, "bad_feedback"),
    ("nothing", [], "no_rows"),
    ("of nobody", {"id": "champion.1.0.0", "truth": ">50K"}, "unknown_request"),
    ("of nothing", {"id": "", "truth": ">50K"}, "unknown_request"),
    ("beyond words", {"id": "é" * 10_000, "kind": "error"}, "unknown_request"),
    ("another class", {"truth": "rich"}, "bad_feedback"),
    ("without its value", {"kind": "rating"}, "bad_feedback"),
    ("half a conversion", {"kind": "conversion", "value": 0.5}, "bad_feedback"),
    ("an unknown kind", {"kind": "applause", "value": 1}, "bad_feedback"),
    ("truth and a kind", {"kind": "rating", "value": 1, "truth": ">50K"}, "bad_feedback"),
    ("neither", {}, "bad_feedback"),
]


@pytest.mark.parametrize(("body", "code"), [case[1:] for case in FEEDBACK], ids=[case[0] for case in FEEDBACK])
def test_feedback_that_is_none(income, body, code):
    if isinstance(body, dict) and "id" not in body and code == "bad_feedback" and body != {"truth": "x"}:
        body = {"id": income.post("/predict", ROW).told["id"]} | body
    answer = income.post("/feedback", body)
    assert answer.code == code
    check(answer)


PATHS = [
    ("GET", "/nothing", "unknown_path"),
    ("GET", "/../../etc/passwd", "unknown_path"),
    ("GET", "/v2/models/nope", "unknown_model"),
    ("GET", "/v2/models/..%2f..%2fsecret", "unknown_path"),
    ("GET", "/v2/models/income/versions/9", "unknown_version"),
    ("GET", "/v2/models/income/versions/9/ready", "unknown_version"),
    ("POST", "/v2/models/income/versions/9/infer", "unknown_version"),
    ("DELETE", "/v2/models/income", "wrong_method"),
    ("GET", "/predict", "wrong_method"),
    ("PUT", "/feedback", "wrong_method"),
]


@pytest.mark.parametrize(("method", "path", "code"), PATHS)
def test_paths_that_lead_nowhere(income, method, path, code):
    answer = income.ask(method, path, b"" if method == "POST" else None)
    assert answer.code == code
    check(answer)
    assert answer.status != 405 or answer.headers["allow"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content_type": "application/pdf"}, "unknown_media"),
        ({"content_type": "image/png"}, "unknown_media"),
        ({"x_deadline_ms": "soon"}, "bad_request"),
        ({"x_deadline_ms": "-1"}, "bad_request"),
        ({"content_encoding": "gzip"}, "bad_request"),
        ({"content_encoding": "br"}, "unknown_media"),
    ],
)
def test_heads_that_do_not_do(income, headers, code):
    answer = income.post("/predict", json.dumps(ROW), **headers)
    assert answer.code == code
    check(answer)


@pytest.mark.parametrize("body", [b"age,hours\n1,2,3\n", b"\xff\xfe", b'age,"hours\n'])
def test_tables_that_are_none(income, body):
    answer = income.post("/predict", body, content_type="text/csv")
    assert answer.code == "bad_csv"
    check(answer)


def test_a_gigabyte_is_refused_before_it_is_sent(income):
    head = f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1 << 30}\r\n\r\n"
    assert code_of(income, head.encode()) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/predict", V2, "/feedback"])
def test_a_body_of_no_told_length_is_refused_when_it_has_grown_too_long(income, path):
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"%x\r\n%s\r\n" % (MOST // 2, b" " * (MOST // 2))
    assert code_of(income, head.encode() + chunk * 3) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/predict", V2, "/feedback"])
def test_a_small_body_that_unpacks_to_a_large_one_is_refused(income, path):
    body = gzip.compress(b" " * 50_000_000)
    answer = income.post(path, body, content_encoding="gzip", content_type="application/json")
    assert (answer.status, answer.code) == (413, "body_too_large")


def test_a_packed_row_is_a_row(income):
    assert income.post("/predict", PACKED, content_encoding="gzip").told["prediction"]["income"]["label"] == "<=50K"
    assert income.post("/predict", PACKED[:-9], content_encoding="gzip").code == "bad_request"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"hello there\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70_000, 431, "head_too_large"),
    ],
)
def test_what_is_no_request(income, sent, status, code):
    assert code_of(income, sent) == (status, code)


def code_of(running, sent):
    """Status and code of the answer to raw bytes."""
    with socket.create_connection(("localhost", running.port), 30) as made:
        made.sendall(sent)
        told = b""
        while part := made.recv(65536):
            told += part
            if b"}" in told:
                break
    head, _, body = told.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["code"]


def check(answer):
    """An answer that refuses has its form and tells nothing of the inside."""
    assert {*answer.told} <= {"error", "code", "where"}
    assert answer.status == PROBLEMS[answer.code].status
    assert 400 <= answer.status < 500
    assert isinstance(answer.told["error"], str)
    assert "Traceback" not in answer.told["error"]
    assert ".py" not in answer.told["error"]
    assert answer.headers["content-type"] == "application/json"


def test_it_serves_on(income):
    assert income.post("/predict", ROW).status == 200
