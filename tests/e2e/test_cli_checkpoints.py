"""`daybreak checkpoint ls`, `pin` and `unpin`: what is kept, what for, and what was saved by not keeping the rest."""

import json

import pytest
from bad_input import serving

from daybreak import load_checkpoint

# Its best value is that of unit 3; from then on it gets worse. Saves after every unit, unless the one before is still being written.
TRAIN = """
import time

def main(run):
    kept = {"units": 0}
    run.keep(state=kept)
    for unit in run.epochs(8):
        time.sleep(0.1)
        kept["units"] += 1
        run.report(acc=0.5 - 0.1 * abs(unit - 2))
"""
EXPERIMENT = """
name: toy
run: train:main
space: {width: {uniform: [0, 1]}}
objective: {maximize: acc}
search: {method: random, max_units: 8}
budget: {trials: 1}
checkpoint_every: 0.000001
baseline: {value: 0}
"""


@pytest.fixture
def daybreak(tmp_path):
    with serving(tmp_path) as daybreak:
        daybreak.write("train.py", TRAIN)
        daybreak.write("exp.yaml", EXPERIMENT)
        daybreak("run", "exp.yaml", code=0)
        yield daybreak


def kept(daybreak):
    """Units -> why the checkpoint there is kept."""
    rows = json.loads(daybreak("checkpoint", "ls", "--json", code=0).out)
    return {row["units"]: row["kept"] for row in rows if row["kept"]}, rows


def test_latest_previous_and_best_are_kept_and_whatever_is_pinned(daybreak):
    why, rows = kept(daybreak)
    best = min(rows, key=lambda row: abs(row["units"] - 3))["units"]
    assert why[8][0] == "latest"
    assert why[best] == ["best of its trial", "of the best trial"]
    assert all(row["kept"] for row in rows if row["state"] == "saved")
    assert len(why) == 3
    deleted = [row["size"] for row in rows if row["state"] == "deleted"]

    said = daybreak("checkpoint", "ls", code=0).out
    assert f"{len(deleted)} checkpoints deleted, {sum(deleted):,} bytes saved" in said

    said = daybreak("checkpoint", "pin", f"1.1@{best}", "--why", "registered as toy v1", code=0).out
    assert f"1.1@{best} is kept: best of its trial, of the best trial, pinned: registered as toy v1" in said
    assert "pinned: registered as toy v1" in daybreak("checkpoint", "ls", code=0).out

    assert "pinned" not in daybreak("checkpoint", "unpin", f"1.1@{best}", code=0).out
    said = daybreak("checkpoint", "unpin", f"1.1@{best}")
    assert said.code
    assert "is not pinned; it is kept as: best of its trial" in said.err


def test_a_checkpoint_at_a_point_is_copied_out_and_opened_elsewhere(daybreak):
    (early, *_), _ = kept(daybreak)
    said = daybreak("checkpoint", "get", f"1.1@{early}", "--output", "out.safetensors", code=0)
    assert f"trial 1.1 at {early} units" in said.out
    assert load_checkpoint(daybreak.folder / "out.safetensors") == {"state": {"units": early}}


def test_what_is_no_point_of_a_trial_or_is_gone_cannot_be_pinned(daybreak):
    said = daybreak("checkpoint", "pin", "1")
    assert said.code
    assert "a pin names a point: 1@UNITS or 1@HASH" in said.err

    said = daybreak("checkpoint", "pin", "1.1@77")
    assert said.code
    assert "has no checkpoint 77 that is still kept; there are @" in said.err
