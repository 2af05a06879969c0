"""The digits example over logical shards as trials of 1, 2 and 4 slots: one checkpoint, also when a rank of a gang is killed."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.timeout(300)  # three trainings, one with a gang of four

EXAMPLE = Path(__file__).parents[2] / "examples/digits"
KILLED = '''
"""The example, but one rank ends once, by SIGKILL, in the middle of a unit."""
import os, signal
from pathlib import Path
import train_shards
from train_shards import prepare
from daybreak.train.shards.exact import Exact

step = Exact.step

def fails_once(trainer, *arguments, **options):
    marker = Path("was_killed")  # in the experiment's folder
    if trainer.steps == 30 and trainer.share[0] == 1 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return step(trainer, *arguments, **options)

def main(run):
    Exact.step = fails_once
    train_shards.main(run)
'''


def trained(daybreak, slots, run="train_shards:main"):
    """The digest of the last checkpoint of one trial with so many slots."""
    (daybreak.folder / "train_shards.py").write_text((EXAMPLE / "train_shards.py").read_text())
    (daybreak.folder / "killed.py").write_text(KILLED)
    file = daybreak.folder / f"shards{slots}.yaml"
    file.write_text(
        f"name: shards\nrun: {run}\nresources: {{slots: {slots}}}\nseed: 7\nobjective: {{maximize: accuracy}}\n"
        "space: {lr: {log: [1e-3, 3e-2]}, width: {choice: [4, 8]}, dropout: {uniform: [0.0, 0.5]}}\n"
        "points: [{lr: 0.01, width: 8, dropout: 0.2}]\nsearch: {method: random, max_units: 3}\nbudget: {trials: 1}\n"
        "checkpoint_every: 0.01\n"
    )
    number = json.loads(daybreak("run", str(file), "--slots", "4", "--json").stdout)["experiment"]["experiment"]
    saved = json.loads(daybreak("checkpoint", "ls", str(number), "--json").stdout)
    return max(saved, key=lambda one: one["units"])


def test_one_checkpoint_on_1_2_and_4_slots_and_after_the_kill_of_a_rank(daybreak):
    whole = trained(daybreak, 1)
    assert whole["units"] == 3
    assert trained(daybreak, 2)["digest"] == whole["digest"]
    assert trained(daybreak, 4, "killed:main")["digest"] == whole["digest"]
    assert (daybreak.folder / "was_killed").exists()
