"""`verify`: a trial is trained again and every bit compared; where bits part, the first step, the tensor and the cause are named."""

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("cli_verify")

DIGITS = Path(__file__).parents[2] / "examples/digits"
WILD = """
import numpy as np

def main(run):
    noise = np.random.default_rng()
    weights = np.zeros(8)
    run.keep(weights=weights)
    for unit in run.epochs(3):
        weights += noise.standard_normal(8) * run.params.x
        run.report(value=float(weights.sum()))
"""


def searched(daybreak, name, *words):
    return daybreak.json("run", *words, "--budget", "2 trials", "--name", name)["experiment"]


def test_a_training_is_proved_by_hash_and_the_certificate_is_kept(daybreak):
    pytest.importorskip("torch")
    shutil.copy(DIGITS / "train_torch.py", daybreak.folder)
    space = ("lr=0.01", "width=16", "weight_decay=1e-4", "batch=64")
    flags = [word for part in space for word in ("--space", part)]
    searched(daybreak, "torch", "train_torch:main", *flags, "--maximize", "accuracy", "--max-units", "6")
    found = daybreak.json("verify", "torch")
    assert found["verified"] is True
    assert found["level"] == "resume"
    assert len(found["sha256"]) == 64
    assert "same file" in daybreak("verify", "torch").stdout
    assert found["sha256"][:12] in daybreak("verify", "torch", "--show").stdout


def test_an_unseeded_generator_is_found(daybreak):
    (daybreak.folder / "wild.py").write_text(WILD)
    searched(daybreak, "wild", "wild:main", "--space", "x=uniform:0..1", "--maximize", "value", "--max-units", "3")
    told = daybreak("verify", "wild", code=1).stdout
    assert "first at step 1, tensor kept.weights" in told
    assert "unseeded generator, numpy.random.default_rng(), at wild.py:5" in told


def test_captured_code_that_was_altered_is_not_taken_for_what_ran(daybreak):
    (daybreak.folder / "honest.py").write_text(WILD.replace("default_rng()", "default_rng(run.seed)"))
    row = searched(
        daybreak, "honest", "honest:main", "--space", "x=uniform:0..1", "--maximize", "value", "--max-units", "3"
    )
    captured = daybreak.home / "code" / row["spec"]["code"] / "honest.py"
    before = captured.read_text()
    captured.write_text(before.replace("* run.params.x", "* run.params.x * 1.01"))
    try:
        for command in ("verify", "reproduce"):
            assert "honest.py" in daybreak(command, "honest", code=2).stderr
    finally:
        captured.write_text(before)  # equal folders of other tests have the same captured code


def test_a_script_is_verified_as_far_as_its_output_tells(daybreak):
    daybreak(
        "run", "--space", "x=uniform:0..1", "--maximize", "value", "--budget", "2 trials", "--name", "script",
        "--", "python", "script.py", "{x}",
    )  # fmt: skip
    assert daybreak.json("verify", "script")["level"] == "rerun"
    assert "training state is not known to Daybreak" in daybreak("verify", "script").stdout
