"""ONNX files of others."""

import dataclasses
import gzip
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

pytest.importorskip("onnx")
import onnx
from onnx import TensorProto, helper, numpy_helper

from daybreak.base.errors import BadRows, DamagedFile, ModelFailed, NotFound, UsageError
from daybreak.export import graph
from daybreak.export.exporting import export
from daybreak.export.frameworks.onnx import File
from daybreak.export.options import Options
from daybreak.export.samples import Samples
from daybreak.export.source import Way
from daybreak.registry.package import Step

MNIST = Path(__file__).parents[4] / "shared/data/mnist/mnist.onnx"


def written(file: Path, nodes, constants, inputs, outputs):
    """A small graph."""
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in ends]
        for ends in (inputs, outputs)
    ]
    held = [numpy_helper.from_array(np.asarray(values), name) for name, values in constants.items()]
    made = helper.make_graph([helper.make_node(*node) for node in nodes], "test", *ends, held)
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(made, opset_imports=opsets, ir_version=8), str(file))
    return file


@pytest.fixture
def one_row(tmp_path):
    """A graph for one picture of 2 x 2 at a time: its four pixels by weights to three scores."""
    weights = np.arange(12, dtype=np.float32).reshape(4, 3)
    nodes = [("Reshape", ["picture", "flat"], ["row"]), ("MatMul", ["row", "weights"], ["scores"])]
    constants = {"flat": np.array([1, 4], np.int64), "weights": weights}
    return written(tmp_path / "one.onnx", nodes, constants, [("picture", [1, 2, 2])], [("scores", [1, 3])]), weights


def test_a_graph_for_one_row_is_freed_where_that_answers_alike(one_row, tmp_path):
    file, weights = one_row
    rows = np.random.default_rng(0).normal(size=(40, 2, 2)).astype(np.float32)
    right = (rows.reshape(40, 4) @ weights).argmax(axis=1)
    exported = export(file, Samples(rows, right), tmp_path / "package")
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.metrics["accuracy"] == 1.0
    (limit,) = exported.limits
    assert "some are beyond 0..1, so the step `softmax` was derived" in limit
    session = graph.session(tmp_path / "package" / "model.onnx")
    assert session.run(None, {"picture": rows})[0].shape == (40, 3)


def test_a_graph_that_mixes_rows_stays_at_one_row_and_says_so(tmp_path):
    """Freed it would answer by its batch: the mean over the first axis is of one row only as long as there is one."""
    nodes = [("ReduceMean", ["x"], ["mean"]), ("Add", ["x", "mean"], ["y"])]
    file = written(tmp_path / "one.onnx", nodes, {}, [("x", [1, 3])], [("y", [1, 3])])
    rows = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    exported = export(file, Samples(rows, names=("x",)), tmp_path / "package")
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.limits[0].startswith("Its graph takes 1 row at a time")
    assert exported.limits[1].startswith("ONNX with rows freed was tried and answers otherwise: at batch size 2")


@pytest.fixture
def as_they_are(tmp_path):
    """A graph that gives its rows back, so that rows are scores."""
    return written(tmp_path / "same.onnx", [("Identity", ["x"], ["y"])], {}, [("x", ["n", 3])], [("y", ["n", 3])])


def sure(rows):
    """Probabilities (rows, 3) of one class after the other."""
    return np.where(np.arange(3) == np.arange(rows)[:, None] % 3, 0.8, 0.1).astype(np.float32)


def test_scores_are_probabilities_where_all_rows_look_so(as_they_are, tmp_path):
    rows = sure(600)
    (limit,) = export(as_they_are, Samples(rows, np.arange(600) % 3, names=("x",)), tmp_path / "a").limits
    assert "all are within 0..1 and sum to 1 in each row, so the step `probabilities` was derived" in limit
    rows[500] = [-2.0, 3.0, 0.0]
    exported = export(as_they_are, Samples(rows, np.arange(600) % 3, names=("x",)), tmp_path / "b")
    assert [step.name for step in exported.after] == ["softmax"], "one row of six hundred shows that these are logits"


def test_probabilities_of_classes_of_which_several_may_be_right_are_asked_for(as_they_are, tmp_path):
    """Softmax on top of them would tell other numbers."""
    rows = np.array([[0.9, 0.8, 0.1], [0.2, 0.1, 0.3]] * 20, np.float32)
    samples = Samples(rows, names=("x",), classes=("red", "round", "ripe"), output="fruit")
    with pytest.raises(UsageError, match="do not sum to 1: declare `after`"):
        export(as_they_are, samples, tmp_path / "a")
    declared = dataclasses.replace(samples, after=(Step("probabilities", {"of": "y", "to": "fruit"}),))
    exported = export(as_they_are, declared, tmp_path / "b")
    assert (exported.parity.verdict, exported.limits) == ("passed", ())


class Failing(File):
    """Ways that fail as runtimes, workers and steps do, in front of the one that can be gone."""

    def files(self, feeds, free, options):
        for error in (ModelFailed("out of memory"), DamagedFile("half a file"), BadRows({0: "too long"})):
            yield Way(type(error).__name__, lambda folder, error=error: self.fail(error))
        yield from super().files(feeds, free, options)

    def fail(self, error):
        """As the way does."""
        raise error


def test_a_way_that_fails_is_told_and_the_next_is_gone(as_they_are, tmp_path):
    exported = export(Failing(as_they_are), Samples(np.eye(3, dtype=np.float32), names=("x",)), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert [limit.partition(" was tried and cannot be: ")[::2] for limit in exported.limits] == [
        ("ModelFailed", "out of memory"),
        ("DamagedFile", "half a file"),
        ("BadRows", "row 0: too long"),
    ]


def test_what_the_runtime_cannot_fold_or_quantize_is_told(as_they_are, tmp_path):
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(UsageError, match=r"onnxruntime cannot run junk\.onnx"):
        graph.optimise(tmp_path / "junk.onnx")
    rows = np.eye(3, dtype=np.float32)[np.arange(40) % 3]
    with (
        mock.patch("onnxruntime.quantization.quantize_static", side_effect=IndexError("no such scale")),
        pytest.raises(UsageError, match="onnxruntime cannot make int8 of this graph: no such scale"),
    ):
        export(as_they_are, Samples(rows, names=("x",)), tmp_path / "package", options=Options(precision="int8"))


def test_without_rows_nothing_is_compared_and_the_graph_tells_its_signature(one_row, tmp_path):
    exported = export(one_row[0], Samples(None), tmp_path / "package")
    assert exported.parity.verdict == "not run"
    assert "nobody gave rows" in exported.parity.why
    (field,) = exported.signature.inputs
    assert (field.name, field.kind, field.shape) == ("picture", "tensor", (2, 2))
    assert (tmp_path / "package" / "parity.json").exists()


def test_weights_beside_the_file_go_into_it(tmp_path):
    weights = np.random.default_rng(0).normal(size=(64, 64)).astype(np.float32)
    file = written(
        tmp_path / "apart.onnx", [("MatMul", ["x", "w"], ["y"])], {"w": weights}, [("x", ["n", 64])], [("y", ["n", 64])]
    )
    onnx.save(onnx.load(str(file)), str(file), save_as_external_data=True, location="weights.bin", size_threshold=0)
    rows = np.random.default_rng(1).normal(size=(16, 64)).astype(np.float32)
    exported = export(file, Samples(rows), tmp_path / "package")
    assert exported.parity.verdict == "passed", exported.parity.why
    assert not (tmp_path / "package" / "weights.bin").exists()
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(UsageError, match="that is not beside it"):
        export(file, Samples(rows), tmp_path / "again")


def test_what_is_no_model_is_told(tmp_path):
    (tmp_path / "junk.onnx").write_bytes(b"junk")
    with pytest.raises(DamagedFile, match="no ONNX model"):
        export(tmp_path / "junk.onnx", Samples(None), tmp_path / "package")
    with pytest.raises(NotFound, match="no such model"):
        export(tmp_path / "none.onnx", Samples(None), tmp_path / "package")
    (tmp_path / "words.docx").write_bytes(b"")
    with pytest.raises(UsageError, match=r"a model is one of \.onnx"):
        export(tmp_path / "words.docx", Samples(None), tmp_path / "package")


def test_a_graph_without_weights_has_nothing_to_lower(tmp_path):
    file = written(tmp_path / "negative.onnx", [("Neg", ["x"], ["y"])], {}, [("x", ["n", 2])], [("y", ["n", 2])])
    rows = np.ones((40, 2), np.float32)
    for precision in ("float16", "int8"):
        with pytest.raises(UsageError, match="leave it in float32"):
            export(file, Samples(rows), tmp_path / precision, options=Options(precision=precision))


@pytest.mark.skipif(not MNIST.exists(), reason="../shared/data/mnist is absent")
@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_the_network_of_the_onnx_examples_in_every_precision(precision, tmp_path):
    """Made for one row, with its weights among its inputs, as files of 2018 are."""
    with gzip.open(MNIST.with_name("t10k-images-idx3-ubyte.gz")) as file:
        pictures = np.frombuffer(file.read(16 + 500 * 784)[16:], np.uint8).reshape(-1, 1, 28, 28)
    with gzip.open(MNIST.with_name("t10k-labels-idx1-ubyte.gz")) as file:
        digits = np.frombuffer(file.read(8 + 500)[8:], np.uint8)
    samples = Samples(pictures.astype(np.float32), digits)
    exported = export(MNIST, samples, tmp_path, options=Options(precision=precision, batches=(1, 64), rows=64))
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.metrics["accuracy"] > 0.97
    (pixels,) = onnx.load(str(tmp_path / "model.onnx")).graph.input
    assert pixels.type.tensor_type.shape.dim[0].dim_param == "rows"
    assert ((tmp_path / "model.onnx").stat().st_size < MNIST.stat().st_size * 0.75) == (precision != "float32")


@pytest.fixture
def of_pictures(tmp_path):
    """A graph for grey pictures of 8 x 8: their pixels by weights to three scores."""
    weights = np.random.default_rng(2).normal(size=(64, 3)).astype(np.float32)
    nodes = [("Reshape", ["picture", "flat"], ["row"]), ("MatMul", ["row", "weights"], ["scores"])]
    constants = {"flat": np.array([-1, 64], np.int64), "weights": weights}
    return written(
        tmp_path / "p.onnx", nodes, constants, [("picture", ["n", 1, 8, 8])], [("scores", ["n", 3])]
    ), weights


def test_bytes_of_pictures_become_an_image_and_the_step_that_the_graph_needs(of_pictures, tmp_path):
    file, weights = of_pictures
    pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    right = (pictures.reshape(40, 64) @ weights).argmax(axis=1)
    exported = export(file, Samples(pictures, right), tmp_path / "package")
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.metrics["accuracy"] == 1.0
    (field,), (step,) = exported.signature.inputs, exported.before
    assert (field.kind, field.shape) == ("image", (8, 8, 1))
    assert (step.name, step.options["layout"]) == ("image", "NCHW")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (np.zeros((40, 9, 9), np.uint8), "pictures of 9 x 9 x 1 .* takes any x 1 x 8 x 8"),
        (np.zeros((40, 60), np.float32), r"a row of 'picture' is \(1, 8, 8\), that of the samples \(60\)"),
    ],
)
def test_rows_that_cannot_be_what_a_graph_takes_are_refused_with_both_shapes(of_pictures, tmp_path, rows, says):
    with pytest.raises(UsageError, match=says):
        export(of_pictures[0], Samples(rows), tmp_path / "package")
