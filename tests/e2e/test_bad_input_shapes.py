"""A checkpoint of another model shape: the fork fails with the tensor and both shapes, and what it was forked from stays as it was."""

import hashlib
import json

import pytest
from bad_input import serving

TRAIN = """
import torch

WIDTH = 16

def main(run):
    model = torch.nn.Sequential(torch.nn.Linear(4, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 1))
    run.keep(model=model)
    for _ in run.epochs(3):
        run.report(acc=run.params.width)
"""


@pytest.fixture
def searched(tmp_path):
    with serving(tmp_path) as daybreak:
        daybreak.write("train.py", TRAIN)
        daybreak.run("train:main", code=0, trials=1)
        yield daybreak


def test_a_fork_whose_new_code_builds_another_model_fails_with_the_tensor_and_both_shapes(searched):
    before = stands(searched)
    searched.write("train.py", TRAIN.replace("WIDTH = 16", "WIDTH = 24"))

    said = searched("fork", "1.1@3", "--new-code", "--max-units", "5")
    assert said.code == 3, said
    shapes = "0.weight has shape (24, 4) here and (16, 4) in the checkpoint"
    assert f"the checkpoint must fit the Sequential it is loaded into: {shapes}" in said.text
    assert "build the same model, or start afresh" in said.text
    assert searched.state("2") == "failed"
    assert stands(searched) == before

    searched.write("train.py", TRAIN)
    searched("fork", "1.1@3", "--new-code", "--max-units", "5", code=0)  # the checkpoint is as good as before


def stands(daybreak):
    """What a run is: its row, its trials, its checkpoints and the bytes of their files."""
    shown = json.loads(daybreak("show", "1", "--json", code=0).out)
    rows = json.loads(daybreak("checkpoint", "ls", "1", "--json", code=0).out)
    files = [daybreak.home / "vault" / row["digest"][:2] / row["digest"][2:] for row in rows if row["state"] == "saved"]
    kept = [{name: row[name] for name in ("trial", "units", "digest", "state")} for row in rows]
    return shown["experiment"], shown["trials"], kept, [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
