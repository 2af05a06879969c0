"""What is not served fails as every other command that loads a package does: 6 for one that was altered, 7 for a model that fails."""

import pytest

from daybreak.registry.package import Package, Runtime, seal
from daybreak.serving import deploying, desired, status
from daybreak.serving.deployment import Deployment, Served
from daybreak.signature.fields import Field, Output, Signature

SIGNATURE = Signature((Field("x", "tensor", shape=(4,)),), (Output("y", "number"),))


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"weights")
    seal(folder, Package("digits", 1, 0.0, SIGNATURE, Runtime("onnx")))
    return folder


@pytest.fixture
def wanted(package):
    return Deployment("digits", (Served("champion", "digits", 1, str(package)),))


def test_a_whole_package_that_cannot_be_served_is_a_model_that_failed(wanted):
    found = deploying.failed(wanted, "onnxruntime cannot load the model")
    assert (found.exit_code, str(found)) == (7, "onnxruntime cannot load the model")


@pytest.mark.parametrize("alter", [lambda f: f.write_bytes(b"others"), lambda f: f.unlink()])
def test_an_altered_package_is_a_damaged_file_and_says_which(wanted, package, alter):
    alter(package / "model.onnx")
    found = deploying.failed(wanted, "it does not serve")
    assert found.exit_code == 6
    assert "model.onnx" in str(found)


def test_whoever_waits_for_an_altered_version_hears_so(tmp_path, wanted, package):
    (package / "model.onnx").write_bytes(b"others")
    written = desired.write(tmp_path, wanted)
    with pytest.raises(Exception, match=r"model\.onnx") as caught:
        deploying.settled(tmp_path, written.generation, 5.0, alive=lambda: False)
    assert caught.value.exit_code == 6
    assert status.read(tmp_path) is None
