"""Packages as models: each of the small ones predicts, alone and in a batch alike, from a folder and from memory."""

import gzip
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from daybreak.base.errors import DamagedFile, ModelFailed, NotFound, UsageError
from daybreak.inference.loading import load
from daybreak.inference.session import Session
from daybreak.registry.package import RECORD, Package, Runtime, Step, verify
from daybreak.signature.codec import make
from daybreak.signature.columns import joined, objects
from daybreak.testing import packages

MNIST = Path(__file__).parents[4] / "shared" / "data" / "mnist"


@pytest.mark.parametrize("made", [packages.mlp, packages.mlp_columns, packages.regression])
def test_examples_predict_what_they_say_alone_and_together(tmp_path, made):
    package = made(tmp_path / "package")
    assert verify(tmp_path / "package") == package
    model, codec = load(tmp_path / "package"), make(package.signature)
    examples = [json.loads(line) for line in (tmp_path / "package" / "examples.jsonl").read_text().splitlines()]
    rows = [codec.columns(codec.decode(json.dumps(example["inputs"]).encode())) for example in examples]
    alone = [json.loads(codec.encode(model.predict(row))[0]) for row in rows]
    together = [json.loads(answer) for answer in codec.encode(model.predict(joined(rows)))]
    assert [list(answer) for answer in alone] == [list(example["prediction"]) for example in examples]
    for one, other, example in zip(alone, together, examples, strict=True):
        assert words(one) == words(other) == words(example["prediction"])
        assert numbers(one) == pytest.approx(numbers(other), rel=1e-5)
        assert numbers(one) == pytest.approx(numbers(example["prediction"]), rel=1e-5)


def leaves(answer):
    return [leaf for held in answer.values() for leaf in (leaves(held) if isinstance(held, dict) else [held])]


def words(answer):
    return [leaf for leaf in leaves(answer) if isinstance(leaf, str)]


def numbers(answer):
    return [leaf for leaf in leaves(answer) if not isinstance(leaf, str)]


def test_bytes_in_memory_predict_as_the_folder_does(tmp_path):
    folder = tmp_path / "package"
    packages.mlp(folder)
    held = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    columns = {"features": np.ones((3, 64), np.float32)}
    assert (load(held).predict(columns)["digit"] == load(folder).predict(columns)["digit"]).all()


def test_an_empty_batch_has_no_answers(tmp_path):
    packages.mlp(tmp_path / "package")
    assert load(tmp_path / "package").predict({"features": np.ones((0, 64), np.float32)})["digit"].shape == (0, 10)


@pytest.mark.skipif(not MNIST.is_dir(), reason="the MNIST test images are not at ../shared/data/mnist")
def test_the_known_model_gets_the_known_number_of_digits_right(tmp_path):
    packages.mnist(tmp_path / "package", MNIST / "mnist.onnx")
    pictures, digits = mnist()
    model = load(tmp_path / "package")
    told = np.concatenate(
        [model.predict({"image": objects(pictures[at : at + 500])})["digit"] for at in range(0, 10_000, 500)]
    )
    assert (told.argmax(axis=1) == digits).sum() == 9_891


@pytest.mark.skipif(not MNIST.is_dir(), reason="the MNIST test images are not at ../shared/data/mnist")
def test_a_model_of_one_row_at_a_time_is_run_as_often_as_there_are_rows():
    pictures, digits = mnist()
    session = Session(str(MNIST / "mnist.onnx"))
    told = session.run({"Input3": pictures[:5].transpose(0, 3, 1, 2).astype(np.float32)}, 5)["Plus214_Output_0"]
    assert told.argmax(axis=1).tolist() == digits[:5].tolist()


def mnist():
    pictures = gzip.decompress((MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    digits = gzip.decompress((MNIST / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    return np.frombuffer(pictures, np.uint8).reshape(-1, 28, 28, 1), np.frombuffer(digits, np.uint8)


def changed(folder, **what):
    package = msgspec.json.decode((folder / RECORD).read_bytes(), type=Package)
    (folder / RECORD).write_bytes(msgspec.json.encode(msgspec.structs.replace(package, **what)))
    return folder


def test_what_cannot_be_loaded_says_why(tmp_path):
    folder = tmp_path / "package"
    packages.mlp(folder)
    with pytest.raises(NotFound, match=r"has no file other\.onnx"):
        load(changed(folder, runtime=Runtime("onnx", file="other.onnx")))
    for outside in ("../package/model.onnx", str(folder / "model.onnx")):
        with pytest.raises(DamagedFile, match="files of its own"):
            load(changed(folder, runtime=Runtime("onnx", file=outside)))
    with pytest.raises(DamagedFile, match="files of its own"):
        load({RECORD: (changed(folder, runtime=Runtime("onnx", file="../secret")) / RECORD).read_bytes()})
    changed(folder, runtime=Runtime("onnx"), after=(Step("sofmax"),))
    with pytest.raises(UsageError, match="a step is one of"):
        load(folder)
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelFailed, match="cannot load the model"):
        load(folder)
    with pytest.raises(NotFound):
        load(tmp_path)


def test_columns_that_the_runtime_refuses_are_the_models_failure(tmp_path):
    packages.mlp(tmp_path / "package")
    with pytest.raises(ModelFailed, match="onnxruntime failed"):
        load(tmp_path / "package").predict({"features": np.ones((3, 63), np.float32)})
