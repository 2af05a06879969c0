"""The last layer is fitted to local feedback: found, improved where it can be, patched at its place, and nothing else changed."""

import hashlib

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from daybreak.base.errors import UsageError, WrongKey
from daybreak.edge.device.folder import DeviceFolder
from daybreak.edge.tuning import feedback, local, refitting
from daybreak.edge.tuning.fitting import Rows, fit
from daybreak.edge.tuning.head import find
from daybreak.edge.tuning.initializers import places
from daybreak.edge.tuning.order import Judged, Order
from daybreak.edge.tuning.patch import Span, make
from daybreak.edge.wrapping import DeviceKey
from daybreak.inference.loading import load
from daybreak.serving.events import Captured, Feedback, Writer
from daybreak.testing import packages


@pytest.fixture
def draws():
    """The same for each test, whichever ran before."""
    return np.random.default_rng(5)


@pytest.fixture
def files(tmp_path):
    """A small network's package, in memory."""
    packages.mlp(tmp_path / "mlp", features=12, hidden=24, classes=4)
    return content(tmp_path / "mlp")


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def answers(files, x):
    model = load(files)
    scores = model.predict({"features": x})["digit"]
    model.close()
    return scores.argmax(axis=1)


def planted(files, rows, draws):
    """A sensor that drifted: what it gives now, and what the model said of what it gave before."""
    x = draws.normal(size=(rows, 12)).astype(np.float32)
    return (0.6 * x + 0.7).astype(np.float32), answers(files, x)


def judged(x, truth):
    return [Judged({"features": row.tolist()}, str(label)) for row, label in zip(x, truth, strict=True)]


def tuned(files, answer):
    return {**files, "model.onnx": answer.patch.apply(files["model.onnx"])}


def test_a_planted_shift_is_mended_on_rows_that_it_never_saw(files, draws):
    answer = refitting.refit(
        Order(files, judged(*planted(files, 240, draws)), feedback.from_examples(files["examples.jsonl"]))
    )
    x, truth = planted(files, 1000, draws)
    before, after = (float((answers(each, x) == truth).mean()) for each in (files, tuned(files, answer)))
    assert before < 0.65
    assert after > before + 0.15
    assert abs(answer.report.after - after) < 0.1, "what it says of itself is what comes"
    assert answer.report.anchors == 8


def test_nothing_but_the_last_layer_changes(files, draws):
    answer = refitting.refit(Order(files, judged(*planted(files, 120, draws))))
    before, after = files["model.onnx"], tuned(files, answer)["model.onnx"]
    changed = [at for at in range(len(before)) if before[at] != after[at]]
    found = places(before)
    last = [found["w1"], found["b1"]]
    assert all(any(place.start <= at < place.end for place in last) for at in changed)
    assert answer.report.rest
    untouched = [each for each in onnx.load_from_string(after).graph.initializer if each.name in ("w0", "b0")]
    original = {each.name: each for each in onnx.load_from_string(before).graph.initializer}
    assert all(each == original[each.name] for each in untouched)


def test_feedback_that_agrees_changes_nothing(files, draws):
    x = draws.normal(size=(60, 12)).astype(np.float32)
    answer = refitting.refit(Order(files, judged(x, answers(files, x))))
    assert (answer.patch, answer.report.strength, answer.report.before) == (None, None, 1.0)


def test_labels_of_pure_chance_are_not_learnt(files, draws):
    x = draws.normal(size=(40, 12)).astype(np.float32)
    answer = refitting.refit(Order(files, judged(x, draws.integers(0, 4, 40))))
    assert answer.patch is None or answer.report.after < 0.6, "about one fit in twenty looks better by chance, a little"


def test_numbers_are_fitted_in_their_own_unit(tmp_path, draws):
    folder = tmp_path / "price"
    packages.regression(folder)
    record = msgspec.json.decode((folder / "package.json").read_bytes())
    record["signature"]["outputs"][0].pop("interval")
    record["after"] = [{"name": "number", "options": {"of": "logits", "scale": 50.0, "offset": 200.0}}]
    (folder / "package.json").write_bytes(msgspec.json.encode(record))
    files = content(folder)
    drawn = draws.uniform(0, 9, size=(80, 4))
    rows = [dict(zip(("area", "rooms", "floor", "age"), map(float, row), strict=True)) for row in drawn]
    answer = refitting.refit(Order(files, [Judged(row, 100 + 10 * row["rooms"]) for row in rows]))
    assert answer.report.task == "numbers"
    assert answer.report.after < answer.report.before / 2
    assert answer.report.before > 1000, "squared, in the unit that people gave"


def test_what_cannot_be_judged_is_told(files, tmp_path, draws):
    x, truth = planted(files, 20, draws)
    with pytest.raises(UsageError, match="at least 10 judged rows, got 3"):
        refitting.refit(Order(files, judged(x, truth)[:3]))
    with pytest.raises(UsageError, match="the right answer is one of 0, 1, 2, 3; got row 0: 'seven'"):
        refitting.refit(Order(files, judged(x, ["seven"] * 20)))
    packages.python(tmp_path / "python")
    with pytest.raises(UsageError, match="served in Python"):
        refitting.refit(Order(content(tmp_path / "python"), judged(x, truth)))


def test_an_answer_that_is_not_told_from_the_last_layer_is_not_fitted(files, draws):
    record = msgspec.json.decode(files["package.json"])
    record["signature"]["outputs"][0]["classes"] = ["a", "b", "c", "d", "e"]
    with pytest.raises(UsageError, match="the last layer gives 4 numbers a row, digit is a label of 5 classes"):
        refitting.refit(
            Order({**files, "package.json": msgspec.json.encode(record)}, judged(*planted(files, 20, draws)))
        )


@pytest.mark.parametrize("kind", ["Gemm", "Gemm transB", "MatMul", "reshaped", "float16"])
def test_every_way_to_write_a_last_layer_is_found_and_patched(kind):
    weight, bias = np.arange(6, dtype=np.float32).reshape(3, 2), np.array([5, 6], np.float32)
    model = network(kind, weight, bias)
    head = find(model)
    assert head.features == "h"
    assert np.array_equal(head.values[0], weight)
    assert np.array_equal(head.values[1], bias)
    spans = refitting._spans(model, head, (weight * 2.0, bias - 1.0))
    again = find(make(model, spans).apply(model))
    assert np.array_equal(again.values[0], weight * 2)
    assert np.array_equal(again.values[1], bias - 1)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("relu", "this one has 0 such layers"),
        ("shared", "shares w with other layers"),
        ("alpha", "transA, alpha or beta"),
    ],
)
def test_a_last_layer_that_cannot_be_fitted_is_told(kind, says):
    with pytest.raises(UsageError, match=says):
        find(network(kind, np.ones((3, 3), np.float32), np.ones(3, np.float32)))


def network(kind, weight, bias):
    """x -> Relu -> h -> the layer -> Softmax."""
    stored = weight.T.copy() if kind == "Gemm transB" else weight.reshape(3, 1, -1) if kind == "reshaped" else weight
    dtype = np.float16 if kind == "float16" else np.float32
    numbers = [numpy_helper.from_array(stored.astype(dtype), "w"), numpy_helper.from_array(bias.astype(dtype), "b")]
    nodes = [helper.make_node("Relu", ["x"], ["h"])]
    if kind in ("MatMul", "reshaped"):
        source = "w"
        if kind == "reshaped":
            numbers.append(numpy_helper.from_array(np.array([3, -1]), "shape"))
            nodes.append(helper.make_node("Reshape", ["w", "shape"], ["flat"]))
            source = "flat"
        nodes += [helper.make_node("MatMul", ["h", source], ["m"]), helper.make_node("Add", ["m", "b"], ["logits"])]
    elif kind == "relu":
        nodes.append(helper.make_node("Relu", ["h"], ["logits"]))
    else:
        if kind == "shared":
            nodes.append(helper.make_node("MatMul", ["x", "w"], ["other"]))
        options = {"transB": 1} if kind == "Gemm transB" else {"alpha": 0.5} if kind == "alpha" else {}
        nodes.append(helper.make_node("Gemm", ["h", "w", "b"], ["logits"], **options))
    nodes.append(helper.make_node("Softmax", ["logits"], ["y"]))
    kinds = TensorProto.FLOAT16 if kind == "float16" else TensorProto.FLOAT
    ends = [helper.make_tensor_value_info(name, kinds, ["rows", 3]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], numbers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def test_numbers_are_found_however_a_file_stores_them():
    values = np.arange(4, dtype=np.float32)
    stored = [
        helper.make_tensor("packed", TensorProto.FLOAT, [4], values.tolist()),
        numpy_helper.from_array(values, "raw"),
        numpy_helper.from_array(values.astype(np.int64), "whole"),
    ]
    graph = helper.make_graph([], "g", [], [], stored)
    model = helper.make_model(graph).SerializeToString()
    found = places(model)
    assert set(found) == {"packed", "raw"}
    assert all(np.array_equal(np.frombuffer(model[place.start : place.end], "<f4"), values) for place in found.values())


@pytest.mark.parametrize("text", [b"\xff" * 20, b"\x0b\x00", b"\x3a\x7f\x00"])
def test_what_is_no_onnx_file_is_told(text):
    with pytest.raises(UsageError, match="is no protobuf"):
        places(text)


def test_a_patch_is_for_one_file_alone():
    made = make(b"abcdef", (Span(2, b"XY"),))
    assert made.apply(b"abcdef") == b"abXYef"
    assert made.after == hashlib.sha256(b"abXYef").hexdigest()
    with pytest.raises(UsageError, match="for another model"):
        made.apply(b"abcdeg")


def test_a_tuned_layer_is_kept_sealed_and_for_one_bundle(tmp_path, people):
    device = DeviceFolder(tmp_path / "device", DeviceKey(people.device))
    layer = local.Tuned("bundle", "model.onnx", make(b"abcdef", (Span(2, b"XY"),)), 1.0, {})
    assert local.kept(device) is None
    local.keep(device, layer)
    assert local.kept(device) == layer
    assert b"XY" not in (device.folder / local.FILE).read_bytes()
    files = {"model.onnx": b"abcdef", "card.html": b""}
    assert local.applied(layer, "bundle", files)["model.onnx"] == b"abXYef"
    assert local.applied(layer, "another", files) is files
    with pytest.raises(WrongKey, match="was altered, or written by another device"):
        local.kept(DeviceFolder(tmp_path / "device2", DeviceKey(people.other)) if moved(device, tmp_path) else device)
    assert local.drop(device)
    assert not local.drop(device)


def moved(device, tmp_path):
    (tmp_path / "device2").mkdir()
    (tmp_path / "device2" / local.FILE).write_bytes((device.folder / local.FILE).read_bytes())
    return True


def test_feedback_is_joined_with_the_requests_that_were_kept(tmp_path):
    writer = Writer(tmp_path, 0)
    for name, row in (("a", {"x": 1}), ("b", {"x": 2}), ("c", {"x": 3})):
        writer.add(Captured(name, 1.0, "champion", 1, msgspec.json.encode([row]), b"[]"))
    writer.add(Captured("many", 1.0, "champion", 1, msgspec.json.encode([{"x": 4}, {"x": 5}]), b"[]"))
    for name, truth in (("a", "no"), ("a", "yes"), ("c", {"y": "no"}), ("many", "no"), ("unknown", "no")):
        writer.add(Feedback(name, 2.0, "champion", 1, "truth", truth=truth))
    writer.add(Feedback("b", 2.0, "champion", 1, "rating", value=5.0))
    writer.close()
    assert feedback.from_device(tmp_path) == [Judged({"x": 1}, "yes"), Judged({"x": 3}, "no")]


def test_a_file_of_feedback_has_two_forms_and_tells_the_line_that_has_none(tmp_path):
    path = tmp_path / "told.jsonl"
    path.write_text('{"inputs": {"x": 1}, "truth": "yes"}\n\n{"inputs": {"x": 2}, "targets": {"y": "no"}}\n')
    assert feedback.from_file(path) == [Judged({"x": 1}, "yes"), Judged({"x": 2}, "no")]
    path.write_text('{"inputs": {"x": 1}}\n')
    with pytest.raises(UsageError, match=r"told\.jsonl:1 lacks 'targets'"):
        feedback.from_file(path)


def test_a_fit_of_two_classes_moves_its_one_logit(draws):
    x = draws.normal(size=(200, 3))
    truth = (x[:, 0] > 0.5).astype(np.float64)
    start = np.array([[1.0], [0.0], [0.0]]), np.array([0.0])
    nothing = Rows(np.zeros((0, 3)), np.zeros(0))
    found = fit(start, Rows(x, truth), nothing, "two classes")
    assert found.right_after > found.right_before
    assert found.layer[0].shape == (3, 1)
