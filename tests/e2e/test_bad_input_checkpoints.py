"""Checkpoints that were damaged or deleted behind our back: noticed by their hash, told, and the trial goes on from what is left."""

import json
import time
from pathlib import Path

import pytest
from bad_input import serving

TRAIN = """
import time

def main(run):
    kept = {"units": 0}
    run.keep(state=kept)
    for _ in run.epochs(60):
        time.sleep(0.1)
        kept["units"] += 1
        run.report(acc=run.params.width * kept["units"])
"""


@pytest.fixture
def paused(tmp_path):
    """A search that was frozen while its best trial trained on."""
    with serving(tmp_path) as daybreak:
        daybreak.write("train.py", TRAIN)
        words = ("--space", "width=uniform:0..1", "--maximize", "acc", "--max-units", "60", "--baseline", "0")
        daybreak("run", "train:main", *words, "--budget", "3 trials", "--detach", code=0)
        wait(lambda: trained(daybreak) > 8)
        freeze(daybreak)
        before = trained(daybreak)
        daybreak("resume", "--detach", code=0)
        wait(lambda: trained(daybreak) > before + 2)
        freeze(daybreak)  # a second time: the trial that trained on has two checkpoints
        yield daybreak


def trained(daybreak):
    """Units that were reported so far."""
    return len(json.loads(daybreak("export", "--points", "--format", "json", code=0).out))


def freeze(daybreak):
    daybreak("pause", code=0)
    wait(lambda: not json.loads(daybreak("show", "--json", code=0).out)["status"]["slots_busy"])


def wait(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"


def saved(daybreak):
    """trial -> its checkpoints, the newest first."""
    rows = [row for row in json.loads(daybreak("checkpoint", "ls", "--json", code=0).out) if row["state"] == "saved"]
    rows.sort(key=lambda row: -row["units"])
    return {row["trial"]: [r for r in rows if r["trial"] == row["trial"]] for row in rows}


def file_of(daybreak, row) -> Path:
    return next(daybreak.home.glob(f"vault/{row['digest'][:2]}/{row['digest'][2:]}*"))


def test_a_damaged_checkpoint_is_noticed_and_the_one_before_is_used(paused):
    number, (latest, before, *_) = next((n, of) for n, of in saved(paused).items() if len(of) > 1)
    file = file_of(paused, latest)
    file.chmod(0o644)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)

    said = paused("checkpoint", "get", f"1.{number}", code=0)
    assert (
        f"warning: the checkpoint at {latest['units']} units cannot be used: a file's hash must be its name" in said.err
    )
    assert f"trial 1.{number} at {before['units']} units, blake3 {before['digest']}, verified" in said.out

    said = paused("resume", code=0)
    assert said.times(f"a checkpoint of trial {number} is damaged") == 1
    assert f"the one at {latest['units']} units; the one before it is used, at {before['units']} units" in said.out
    assert "done: budget of 3 trials used" in said.out


def test_without_any_checkpoint_left_the_trial_starts_again(paused):
    for of in saved(paused).values():
        for row in of:
            file_of(paused, row).unlink()

    said = paused("checkpoint", "get", "1", code=6)
    assert "must be in the vault" in said.err

    said = paused("resume", code=0)
    assert "there is none before it: the trial starts afresh" in said.out
    assert "done: budget of 3 trials used" in said.out
