"""KServe's own client over V2 (REST as JSON and binary, gRPC). Skipped where `kserve` is not installed: it brings 450 MB.

To run it: a virtual environment of its own with `pip install kserve -e .[serve,grpc] --group test`.
"""

import asyncio

import numpy as np
import pytest
from protocol_cases import deployed, free_port

from daybreak.testing import packages

kserve = pytest.importorskip("kserve", reason="kserve is not installed, which brings 450 MB")

pytestmark = [pytest.mark.enable_socket, pytest.mark.filterwarnings("ignore")]

ROWS = np.random.default_rng(0).normal(size=(7, 64)).astype(np.float32)


@pytest.fixture(scope="module")
def mlp(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package") / "mlp"
    packages.mlp(folder)
    with deployed(tmp_path_factory.mktemp("home"), folder, grpc_port=free_port()) as running:
        yield running


def labels(mlp):
    told = mlp.post("/predict", [{"features": row} for row in ROWS.tolist()]).told["predictions"]
    return [one["digit"]["label"] for one in told]


def request(*, binary):
    sent = kserve.InferInput("features", [*ROWS.shape], "FP32")
    sent.set_data_from_numpy(ROWS, binary_data=binary)
    return kserve.InferRequest("mlp", [sent], parameters={"binary_data_output": binary})


def told(response):
    return response.outputs[0].as_numpy().argmax(axis=1).astype(str).tolist()


@pytest.mark.parametrize("binary", [True, False])
def test_over_rest(mlp, binary):
    url = f"http://localhost:{mlp.port}"

    async def ask():
        async with kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2")) as client:
            assert await client.is_server_live(url)
            assert await client.is_server_ready(url)
            assert await client.is_model_ready(url, "mlp")
            assert not await client.is_model_ready(url, "nope")
            return await client.infer(url, request(binary=binary), model_name="mlp")

    assert told(asyncio.run(ask())) == labels(mlp)


@pytest.mark.parametrize("binary", [True, False])
def test_over_grpc(mlp, binary):
    async def ask():
        async with kserve.InferenceGRPCClient(f"localhost:{mlp.grpc}") as client:
            assert await client.is_server_ready()
            assert await client.is_model_ready("mlp")
            return await client.infer(request(binary=binary))

    assert told(asyncio.run(ask())) == labels(mlp)
