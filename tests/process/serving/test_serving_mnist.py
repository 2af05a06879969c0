"""mnist.onnx of the ONNX examples: exactly 9,891 of the 10,000 test images right, by every protocol. Pictures that are none are refused."""

import base64
import contextlib
import gzip
import io
from pathlib import Path

import msgspec
import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http
from PIL import Image
from protocol_cases import deployed, free_port

from daybreak.testing import packages

DATA = Path(__file__).parents[4] / "shared/data/mnist"
RIGHT = 9_891
STEP = 500

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(not DATA.is_dir(), reason="the shared data with MNIST is not here"),
]


def unpacked(name, offset):
    return np.frombuffer(gzip.decompress((DATA / name).read_bytes()), np.uint8, offset=offset)


@pytest.fixture(scope="module")
def test_set():
    images = unpacked("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)
    return images, unpacked("t10k-labels-idx1-ubyte.gz", 8)


@pytest.fixture(scope="module")
def mnist(tmp_path_factory, test_set):
    folder = tmp_path_factory.mktemp("package") / "mnist"
    packages.mnist(folder, DATA / "mnist.onnx", list(test_set[0][:2, :, :, 0]))
    with deployed(tmp_path_factory.mktemp("home"), folder, grpc_port=free_port()) as running:
        yield running


def right(test_set, answer):
    """How many of all images are answered right, `STEP` a request."""
    images, labels = test_set
    parts = [answer(images[begin : begin + STEP]) for begin in range(0, len(images), STEP)]
    return int((np.concatenate(parts) == labels).sum())


def png(image):
    held = io.BytesIO()
    Image.fromarray(image[:, :, 0]).save(held, "PNG")
    return held.getvalue()


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_as_binary_tensors(mnist, test_set, protocol):
    module = getattr(tritonclient, protocol)
    port = mnist.port if protocol == "http" else mnist.grpc
    with contextlib.closing(module.InferenceServerClient(f"localhost:{port}")) as client:

        def answer(images):
            tensor = module.InferInput("image", list(images.shape), "UINT8").set_data_from_numpy(images)
            return client.infer("mnist", [tensor]).as_numpy("digit").argmax(axis=1)

        assert right(test_set, answer) == RIGHT


def test_as_json_tensors(mnist, test_set):
    def answer(images):
        tensor = {"name": "image", "datatype": "UINT8", "shape": images.shape, "data": images.ravel().tolist()}
        answer = mnist.post("/v2/models/mnist/infer", msgspec.json.encode({"inputs": [tensor]}))
        output = answer.told["outputs"][0]
        return np.reshape(output["data"], output["shape"]).argmax(axis=1)

    assert right(test_set, answer) == RIGHT


def test_rows_with_pictures_in_base64_get_the_answers_of_tensors(mnist, test_set):
    images = test_set[0][:STEP]
    rows = [{"image": base64.b64encode(png(image)).decode()} for image in images]
    told = mnist.post("/predict", rows).told["predictions"]
    tensor = {"name": "image", "datatype": "UINT8", "shape": images.shape, "data": images.ravel().tolist()}
    wanted = {"name": "digit", "parameters": {"classification": 1}}
    output = mnist.post("/v2/models/mnist/infer", {"inputs": [tensor], "outputs": [wanted]}).told["outputs"][0]
    assert [one["digit"]["label"] for one in told] == [best.rsplit(":", 1)[1] for best in output["data"]]


def test_a_picture_as_the_body(mnist, test_set):
    images, labels = test_set
    told = mnist.post("/predict", png(images[0]), content_type="image/png").told
    assert told["prediction"]["digit"]["label"] == str(labels[0])


@pytest.mark.parametrize("whole", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", None])
def test_a_picture_that_is_none(mnist, test_set, whole):
    body = png(test_set[0][0])[:-30] if whole is None else whole
    answer = mnist.post("/predict", body, content_type="image/png")
    assert (answer.status, answer.code, answer.told["where"]) == (400, "bad_media", "image")
    assert "BytesIO" not in answer.told["error"]
    row = mnist.post("/predict", [{"image": base64.b64encode(body).decode()}])
    assert (row.status, row.code, row.told["where"]) == (400, "bad_media", "row 0, image")
    tensor = {"name": "image", "datatype": "BYTES", "shape": [1], "data": [base64.b64encode(body).decode()]}
    assert mnist.post("/v2/models/mnist/infer", {"inputs": [tensor]}).code == "bad_media"


def test_too_many_pictures_are_refused_before_one_is_unpacked(mnist):
    answer = mnist.post("/predict", [{"image": "no picture"}] * 10_001)
    assert (answer.status, answer.code) == (413, "too_many_rows")


def test_a_picture_of_too_many_pixels_is_refused_unread(mnist):
    held = io.BytesIO()
    Image.new("1", (8_000, 8_000)).save(held, "PNG")
    answer = mnist.post("/predict", held.getvalue(), content_type="image/png")
    assert (answer.status, answer.code) == (400, "bad_media")
    assert "pixels" in answer.told["error"]
