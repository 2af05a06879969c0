"""A deployment with tokens, TLS and one welcome origin; what a browser is told; Triton's gRPC client through TLS with a token."""

import contextlib
import datetime as dt
import ipaddress
import ssl
import time

import grpc
import msgspec
import numpy as np
import pytest
import tritonclient.grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from protocol_cases import deployed, free_port
from tritonclient.utils import InferenceServerException

from daybreak.serving import tokens
from daybreak.testing import packages

pytestmark = pytest.mark.enable_socket

ROW = {"features": [0.0] * 64}
APP = "https://app.example"


def certificate(folder):
    """For localhost, signed by itself; key and certificate in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """The deployment, and tokens by what they are for."""
    base = tmp_path_factory.mktemp("secured")
    home, folder = base / "home", base / "package"
    packages.mlp(folder)
    texts = {scope: tokens.create(home / "tokens.json", scope, (scope,))[1] for scope in tokens.SCOPES}
    texts["elsewhere"] = tokens.create(home / "tokens.json", "elsewhere", ("admin",), deployments=("spam",))[1]
    texts["late"] = late(home / "tokens.json")
    pem = str(certificate(base))
    wanted = {"certificate": pem, "key": pem, "origins": (APP,), "grpc_port": free_port()}
    with deployed(home, folder, **wanted) as running:
        running.context = ssl.create_default_context(cafile=pem)
        yield running, texts


def late(file):
    """A token whose time is over."""
    token, text = tokens.create(file, "late", ("admin",), days=1)
    known = [
        msgspec.structs.replace(one, expires=time.time() - 1) if one == token else one for one in tokens.every(file)
    ]
    file.write_bytes(msgspec.json.encode(known))
    return text


@pytest.mark.parametrize(
    ("method", "path", "scope", "status"),
    [
        ("POST", "/predict", "predict", 200),
        ("POST", "/v2/models/mlp/infer", "predict", 400),
        ("POST", "/feedback", "feedback", 400),
        ("GET", "/metrics", "read", 200),
        ("GET", "/openapi.json", "read", 200),
        ("GET", "/v2/models/mlp", "read", 200),
        ("GET", "/nothing", "read", 404),
    ],
)
def test_each_route_asks_for_its_scope(opened, method, path, scope, status):
    running, texts = opened
    body = ROW if path == "/predict" else None if method == "GET" else []

    def ask(token):
        return running.ask(method, path, body, authorization=token and f"Bearer {token}")

    assert ask(texts[scope]).status == status
    assert ask(texts["admin"]).status == status
    assert (ask(None).status, ask(None).code) == (401, "token_missing")
    assert ask(None).headers["www-authenticate"] == 'Bearer realm="daybreak"'
    assert (ask("nonsense").status, ask("nonsense").code) == (401, "token_invalid")
    assert ask(texts["elsewhere"]).code == "token_invalid"
    assert ask(texts["late"]).code == "token_expired"
    other = "feedback" if scope != "feedback" else "read"
    assert (ask(texts[other]).status, ask(texts[other]).code) == (403, "scope_missing")


def test_whether_it_lives_needs_no_token(opened):
    running, _ = opened
    assert running.get("/v2/health/live").told == {"live": True}
    assert running.get("/v2/health/ready").told == {"ready": True}


def test_a_browser_is_told_how_to_treat_every_answer(opened):
    running, texts = opened
    headers = running.get("/openapi.json", authorization=f"Bearer {texts['read']}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["strict-transport-security"].startswith("max-age=")


def test_a_page_that_is_welcome_may_call_and_others_may_not(opened):
    running, texts = opened
    bearer = f"Bearer {texts['predict']}"
    answer = running.post("/predict", ROW, authorization=bearer, origin=APP)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, APP)
    asked = {"origin": APP, "access_control_request_method": "POST", "access_control_request_headers": "authorization"}
    leave = running.ask("OPTIONS", "/predict", **asked)
    assert leave.status == 204
    assert leave.headers["access-control-allow-origin"] == APP
    assert "authorization" in leave.headers["access-control-allow-headers"].lower()
    for origin in ("https://evil.example", "null"):
        refused = running.post("/predict", ROW, authorization=bearer, origin=origin)
        assert (refused.status, refused.code) == (403, "foreign_origin")
        assert "access-control-allow-origin" not in refused.headers
        assert running.ask("OPTIONS", "/predict", **(asked | {"origin": origin})).status == 403


def test_a_name_that_was_rebound_is_refused(opened):
    running, texts = opened
    answer = running.get("/metrics", host="evil.example", authorization=f"Bearer {texts['admin']}")
    assert (answer.status, answer.code) == (403, "wrong_host")


def test_grpc_by_tls_asks_for_the_same_tokens(opened):
    running, texts = opened
    trusted = str(running.folder.parents[2] / "server.pem")
    address = f"localhost:{running.grpc}"
    tensor = tritonclient.grpc.InferInput("features", [1, 64], "FP32").set_data_from_numpy(
        np.zeros((1, 64), np.float32)
    )
    with contextlib.closing(
        tritonclient.grpc.InferenceServerClient(address, ssl=True, root_certificates=trusted)
    ) as client:
        assert client.is_server_live()
        bearer = {"authorization": f"Bearer {texts['predict']}"}
        assert client.infer("mlp", [tensor], headers=bearer).as_numpy("digit").shape == (1, 10)
        with pytest.raises(InferenceServerException, match="UNAUTHENTICATED"):
            client.infer("mlp", [tensor])
        with pytest.raises(InferenceServerException, match="PERMISSION_DENIED"):
            client.get_model_metadata("mlp", headers=bearer)
    with pytest.raises(grpc.RpcError), grpc.insecure_channel(address) as plain:
        plain.unary_unary("/inference.GRPCInferenceService/ServerLive")(b"", timeout=10)


def test_answers_name_no_file_of_the_server(opened):
    running, texts = opened
    for path in ("/openapi.json", "/v2", "/v2/models/mlp", "/metrics"):
        told = running.get(path, authorization=f"Bearer {texts['read']}").body.decode()
        assert str(running.folder.parents[2]) not in told
