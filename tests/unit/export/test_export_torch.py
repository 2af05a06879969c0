"""Torch as ONNX; and exports that are wrong in the ways in which exporters have been wrong, each of which parity must fail."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
import onnx
import torch
from sklearn.datasets import load_digits
from torch import nn

from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.export.exporting import export
from daybreak.export.frameworks import torch as framework
from daybreak.export.options import Options
from daybreak.export.samples import Samples
from daybreak.registry.package import Step
from daybreak.release.reviving import of_others
from daybreak.wire.reviving import Foreign

pytestmark = pytest.mark.xdist_group("export")  # one process traces, which has loaded torch and its exporter

NETWORK = """
from torch import nn

def build(hidden):
    return nn.Sequential(
        nn.Linear(64, hidden), nn.ReLU(), nn.BatchNorm1d(hidden), nn.Dropout(0.5), nn.Linear(hidden, 10)
    )
"""


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    return (x / 16).astype(np.float32), y


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    folder = tmp_path_factory.mktemp("code")
    (folder / "digits_network.py").write_text(NETWORK)
    return folder


@pytest.fixture(scope="module")
def network(digits, code):
    """Trained, and left in training mode with its dropout, as training loops leave it."""
    torch.set_num_threads(1)  # waiting threads cost more than they bring
    torch.manual_seed(0)
    scope = {}
    exec(NETWORK, scope)
    made = scope["build"](32)
    optimizer = torch.optim.Adam(made.parameters(), 1e-2)
    x, y = torch.from_numpy(digits[0][:1200]), torch.from_numpy(digits[1][:1200])
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(made(x), y).backward()
        optimizer.step()
    return made


@pytest.fixture(scope="module")
def samples(digits):
    return Samples(digits[0][1200:], digits[1][1200:], names=("pixels",), output="digit")


@pytest.fixture(scope="module")
def exported(network, samples, tmp_path_factory):
    """One export for all: tracing takes seconds."""
    folder = tmp_path_factory.mktemp("package")
    return export(network, samples, folder), folder


@pytest.fixture
def rewritten(exported, monkeypatch):
    """Exports that write this very graph, altered; a call says how."""

    def by(alter):
        def convert(network, feeds, file, *, free, opset=None):
            model = onnx.load(exported[1] / "model.onnx")
            alter(model)
            file.write_bytes(model.SerializeToString())

        monkeypatch.setattr(framework, "convert", convert)

    return by


def test_a_network_becomes_one_file_with_a_free_batch(exported, network, samples):
    made, folder = exported
    assert made.parity.verdict == "passed", made.parity.why
    assert made.parity.batches == (1, 2, 7, 64)
    assert made.metrics["accuracy"] > 0.9
    assert network.training, "the user's network is as it was"
    graph = onnx.load(folder / "model.onnx", load_external_data=False).graph
    assert [graph.input[0].type.tensor_type.shape.dim[0].dim_param] == ["rows"]
    assert sorted(file.name for file in folder.iterdir()) == [
        "examples.jsonl",
        "model.onnx",
        "parity.json",
        "reference.json",
    ]


def test_logits_become_probabilities_of_the_classes_that_targets_show(exported):
    made, _ = exported
    (output,) = made.signature.outputs
    assert (output.name, output.kind, output.classes) == ("digit", "label", tuple("0123456789"))
    assert [step.name for step in made.after] == ["softmax"]


def _weight(model, shape):
    return next(tensor for tensor in model.graph.initializer if tuple(tensor.dims) == shape)


def _replace(tensor, values):
    tensor.CopyFrom(onnx.numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))


def _swapped_classes(model):
    for shape in ((10, 32), (10,)):
        tensor = _weight(model, shape)
        values = onnx.numpy_helper.to_array(tensor).copy()
        values[[3, 8]] = values[[8, 3]]
        _replace(tensor, values)


def _shifted_bias(model):
    tensor = _weight(model, (10,))
    _replace(tensor, onnx.numpy_helper.to_array(tensor) + np.linspace(0, 0.02, 10, dtype=np.float32))


def _in_front(model, *nodes):
    """Nodes that make `altered` of the input, which all others then read."""
    name = model.graph.input[0].name
    for node in model.graph.node:
        node.input[:] = ["altered" if given == name else given for given in node.input]
    for node in reversed(nodes):
        model.graph.node.insert(0, node)


def _rows_of_the_trace(model):
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([3, 64], np.int64), "dims"))
    _in_front(model, onnx.helper.make_node("Reshape", [model.graph.input[0].name, "dims"], ["altered"]))


def _statistics_of_the_batch(model):
    """As a normalization in training mode: rows are centred by the mean of their batch, and a batch of 64 looks almost right."""
    name = model.graph.input[0].name
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([0], np.int64), "rows"))
    mean = onnx.helper.make_node("ReduceMean", [name, "rows"], ["mean"], keepdims=1)
    _in_front(model, mean, onnx.helper.make_node("Sub", [name, "mean"], ["altered"]))


@pytest.mark.parametrize(
    ("alter", "why"),
    [
        (_swapped_classes, "rows otherwise"),
        (_shifted_bias, "differs by up to"),
        (_rows_of_the_trace, "at batch size 1 the export fails"),
        (_statistics_of_the_batch, "rows otherwise"),
    ],
    ids=["swapped classes", "a bias off by 0.02", "the trace's batch baked in", "statistics of the batch"],
)
def test_a_wrong_graph_fails(alter, why, network, samples, rewritten, tmp_path):
    rewritten(alter)
    made = export(network, samples, tmp_path)
    assert made.parity.verdict == "failed"
    assert why in made.parity.why
    assert '"failed"' in (tmp_path / "parity.json").read_text()


def test_a_dropped_preparation_of_rows_fails(network, digits, rewritten, tmp_path):
    """Steps that forget to divide by 16 feed original and export alike: what training itself answered tells them apart."""
    rewritten(lambda model: None)
    x, y = digits[0][1200:], digits[1][1200:]
    right = framework.answer(network, {"x": x})["output_0"]
    raw = Samples(x * 16, y, names=("pixels",))
    assert export(network, raw, tmp_path / "a").parity.verdict == "passed", "nobody knows better"
    told = Samples(x * 16, y, names=("pixels",), answers=right.argmax(axis=1))
    assert export(network, told, tmp_path / "b").parity.verdict == "failed"
    accuracy = float((right.argmax(axis=1) == y).mean())
    reached = export(network, Samples(x * 16, y, metrics={"accuracy": accuracy}), tmp_path / "c").parity
    assert reached.verdict == "failed"
    assert "not prepared as in training" in reached.why
    declared = (Step("standardize", {"of": "pixels", "mean": 0, "std": 16, "to": "input"}),)
    mended = Samples(x * 16, y, names=("pixels",), before=declared, metrics={"accuracy": accuracy})
    assert export(network, mended, tmp_path / "d").parity.verdict == "passed"


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_lower_precision_is_smaller_and_judged_by_decisions(precision, network, digits, exported, rewritten, tmp_path):
    rewritten(lambda model: None)
    samples = Samples(digits[0][1200:], digits[1][1200:], calibration=digits[0][:200])
    made = export(network, samples, tmp_path, options=Options(precision=precision))
    assert made.parity.verdict == "passed", made.parity.why
    assert made.runtime.precision == precision
    assert made.parity.rows == 597
    assert made.parity.allowed["difference"] is None
    kinds = {
        tensor.data_type for tensor in onnx.load(tmp_path / "model.onnx").graph.initializer if len(tensor.dims) == 2
    }
    assert kinds == {onnx.TensorProto.FLOAT16 if precision == "float16" else onnx.TensorProto.INT8}


def test_rows_that_measure_ranges_are_not_those_that_judge(network, samples, rewritten, tmp_path):
    rewritten(lambda model: None)
    made = export(network, samples, tmp_path, options=Options(precision="int8", calibration=100))
    assert made.parity.rows == 597 - 100


def test_an_optimised_graph_holds_operators_of_onnx_alone(network, samples, rewritten, tmp_path):
    rewritten(lambda model: None)
    made = export(network, samples, tmp_path, options=Options(optimise=True))
    assert made.parity.verdict == "passed", made.parity.why
    assert {node.domain for node in onnx.load(tmp_path / "model.onnx").graph.node} <= {"", "ai.onnx"}


def test_a_checkpoint_comes_with_the_code_that_builds_its_network(network, samples, code, rewritten, tmp_path):
    rewritten(lambda model: None)
    torch.save({"state_dict": network.state_dict()}, tmp_path / "weights.pt")
    checkpoint = framework.Checkpoint(tmp_path / "weights.pt", "digits_network:build", code, {"hidden": 32})
    made = export(checkpoint, samples, tmp_path / "package")
    assert made.parity.verdict == "passed", made.parity.why
    wider = framework.Checkpoint(tmp_path / "weights.pt", "digits_network:build", code, {"hidden": 16})
    with pytest.raises(UsageError, match="does not fit what digits_network:build builds"):
        framework.load(wider)
    with pytest.raises(NotFound, match="no such checkpoint"):
        framework.load(framework.Checkpoint(tmp_path / "other.pt", "digits_network:build", code, {"hidden": 32}))


class _Loud:
    def __reduce__(self):
        return print, ("this must not run",)


def test_code_in_a_checkpoint_does_not_run(code, tmp_path, capsys):
    import pickle

    (tmp_path / "weights.pt").write_bytes(pickle.dumps(_Loud()))
    with pytest.raises(DamagedFile, match="save a state_dict"):
        framework.load(framework.Checkpoint(tmp_path / "weights.pt", "digits_network:build", code, {"hidden": 32}))
    assert capsys.readouterr().out == ""


def test_what_torch_cannot_trace_is_told_in_its_own_words(tmp_path):
    class Deciding(nn.Module):
        def forward(self, x):
            return x * 2 if x.sum() > 0 else x

    with pytest.raises(UsageError, match="torch could not export Deciding"):
        export(Deciding(), Samples(np.ones((8, 4), np.float32)), tmp_path)


def test_registering_weights_takes_the_function_that_builds_their_network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    order = Foreign(str(tmp_path / "weights.pt"), "package", function="digits_network:build")
    assert of_others(order) == framework.Checkpoint(tmp_path / "weights.pt", "digits_network:build", tmp_path)
    with pytest.raises(
        UsageError, match=r"--with builds the network of weights \(\.pt, \.pth, \.safetensors\), got m\.onnx"
    ):
        of_others(Foreign("m.onnx", "package", function="digits_network:build"))


def test_preparing_rows_by_the_users_own_function_goes_into_the_package(network, digits, rewritten, tmp_path):
    """Original and export are both asked behind it; it runs in a process of its own."""
    rewritten(lambda model: None)
    (tmp_path / "preparing.py").write_text("def scaled(columns):\n    return {'input': columns['pixels'] / 16}\n")
    samples = Samples(
        digits[0][1200:1400] * 16,
        digits[1][1200:1400],
        names=("pixels",),
        before=(Step("python", {"function": "preparing:scaled", "fields": ["pixels"]}),),
        code=tmp_path / "preparing.py",
        answers=lambda columns: framework.answer(network, {"x": columns["pixels"] / 16})["output_0"].argmax(axis=1),
    )
    made = export(network, samples, tmp_path / "package", options=Options(batches=(1, 200), rows=20))
    assert made.parity.verdict == "passed", made.parity.why
    assert (tmp_path / "package" / "code" / "preparing.py").exists()
    with pytest.raises(UsageError, match="needs `code`"):
        export(network, dataclasses.replace(samples, code=None), tmp_path / "again")
