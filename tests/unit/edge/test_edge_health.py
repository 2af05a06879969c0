"""A model is healthy where it loads, has what it needs, and answers its own examples as it did."""

import msgspec
import pytest

from daybreak.base.errors import UnhealthyBundle
from daybreak.edge.health import open_healthy, same
from daybreak.edge.requirements import missing, needed
from daybreak.edge.tuning.initializers import places
from daybreak.testing import packages as small

HALVES = {"probabilities": {"a": 0.5, "b": 0.5}}
NOT_A_NUMBER = bytes.fromhex("0000c07f")  # a quiet NaN, little-endian


@pytest.fixture
def files(tmp_path):
    small.mlp(tmp_path / "mlp", features=4, hidden=6, classes=3)
    return {path.name: path.read_bytes() for path in (tmp_path / "mlp").iterdir()}


def test_a_model_that_answers_as_it_did_is_opened_from_memory(files):
    model = open_healthy(files, ("onnxruntime>=1.0",))
    assert model.read("examples.jsonl") == files["examples.jsonl"]
    model.close()


def test_another_answer_than_before_is_told_but_of_a_tuned_model(files):
    lines = [msgspec.json.decode(line) for line in files["examples.jsonl"].splitlines()]
    lines[1]["prediction"]["digit"]["probabilities"]["0"] += 0.2
    files["examples.jsonl"] = b"\n".join(map(msgspec.json.encode, lines))
    with pytest.raises(UnhealthyBundle, match="answers example 2 otherwise than where it was bundled"):
        open_healthy(files, ())
    open_healthy(files, (), tuned=True).close()


def test_a_model_that_does_not_load_or_gives_no_numbers_is_told(files):
    with pytest.raises(UnhealthyBundle, match="does not load here"):
        open_healthy({**files, "model.onnx": files["model.onnx"][:-40]}, ())
    model = files["model.onnx"]
    place = places(model)["w1"].start
    broken = model[:place] + NOT_A_NUMBER + model[place + 4 :]
    with pytest.raises(UnhealthyBundle, match="numbers that are none"):
        open_healthy({**files, "model.onnx": broken}, (), tuned=True)


def test_what_a_machine_lacks_is_told_with_the_way_to_get_it(files):
    with pytest.raises(
        UnhealthyBundle, match=r"lacks what the model needs: onnxruntime>=99 \(here: .*pip install onnxruntime>=99"
    ):
        open_healthy(files, ("onnxruntime>=99",))


@pytest.mark.parametrize(
    ("line", "met"),
    [
        ("numpy", True),
        ("numpy>=1", True),
        ("numpy>=99.1", False),
        ("numpy==0.1", False),
        ("no-such-package", False),
        ("numpy~=1.0; python_version < '3'", True),
    ],
)
def test_requirements_are_judged_where_they_are_plain(line, met):
    assert (missing([line]) == []) is met


def test_a_python_model_needs_what_it_declares_and_no_runtime(tmp_path):
    record = small.python(tmp_path / "python")
    declared = msgspec.structs.replace(record.runtime, requirements=("numpy==2.0",))
    assert needed(msgspec.structs.replace(record, runtime=declared)) == ("numpy==2.0",)


@pytest.mark.parametrize(
    ("here", "there", "agree"),
    [
        ({"y": 1.0}, {"y": 1.004}, True),
        ({"y": 1.0}, {"y": 1.1}, False),
        ({"y": "a"}, {"y": "b"}, False),
        (
            {"label": "a", "score": 0.5, "probabilities": {"a": 0.5, "b": 0.5}},
            {"label": "b", "score": 0.5, "probabilities": {"a": 0.5, "b": 0.5}},
            True,
        ),
        ({"x": [1, 2]}, {"x": [1, 2, 3]}, False),
        ({"x": [1, True]}, {"x": [1, True]}, True),
        ({"x": 1}, {}, False),
    ],
)
def test_answers_agree_up_to_another_machines_arithmetic(here, there, agree):
    assert same(here, there) is agree
