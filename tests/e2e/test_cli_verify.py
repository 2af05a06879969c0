"""`verify`: a trial is trained again and every bit compared; where bits part, the first step, the tensor and the cause are named."""

import json
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
    ends = [check["states"][-1] for check in found["checks"]]
    assert {check["level"] for check in found["checks"]} == {"rerun", "resume"}
    assert {(end["units"], end["standing"], end["sha256"]) for end in ends} == {(6, "same file", found["sha256"])}
    assert not {"parting", "cause"} & {name for name, told in found.items() if told}
    (shown,) = daybreak.json("verify", "torch", "--show")
    assert shown == found
    assert json.loads(Path(found["path"]).read_text())["sha256"] == found["sha256"]
    assert found["sha256"][:12] in daybreak("verify", "torch", "--show").stdout


def test_a_recorded_checkpoint_with_a_flipped_byte_is_told_although_the_training_leads_to_its_hash(daybreak):
    daybreak.run(trials=2, name="calm")
    best = daybreak.json("show", "calm")["experiment"]["best_trial"]
    saved = [one for one in daybreak.json("checkpoint", "ls", "calm") if one["trial"] == best]
    last = max(saved, key=lambda one: one["units"])
    file = daybreak.home / "vault" / last["digest"][:2] / last["digest"][2:]
    before = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        told = daybreak("verify", "calm", code=1).stdout
    finally:
        file.write_bytes(before)  # what other tests train may have the same bytes
    assert f"the recorded checkpoint {last['digest'][:12]} at {last['units']} units is damaged" in told
    assert "same file  same bits" in daybreak("verify", "calm", "--level", "rerun").stdout


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


PRIVATE = """
import os

def main(run):
    run.keep(state={"key": 0})
    for _ in run.epochs(2):
        if not os.environ["STORE_KEY"].startswith("open") or os.path.exists("fail"):
            raise ValueError(f"no entry with {os.environ['STORE_KEY']}")
        run.report(value=1.0)
"""


def test_credentials_are_given_again_and_are_in_no_certificate(daybreak):
    daybreak.home.mkdir(exist_ok=True)
    profiles = daybreak.home / "profiles.toml"
    profiles.write_text('[store]\nvariables = {STORE_KEY = "open sesame"}\n')
    profiles.chmod(0o600)
    (daybreak.folder / "private.py").write_text(PRIVATE)
    (daybreak.folder / "private.yaml").write_text(
        "run: private:main\nobjective: {maximize: value}\nsearch: {method: single, max_units: 2}\ncredentials: [store]\n"
    )
    daybreak("run", "private.yaml")
    assert daybreak.json("verify", "private")["level"] == "resume"
    (daybreak.folder / "fail").touch()
    failed = daybreak("verify", "private", code=2)
    assert "no entry with [redacted]" in failed.stdout
    profiles.unlink()
    assert "there is no credentials profile store" in daybreak("verify", "private", code=2).stderr
    written = [file for file in daybreak.home.rglob("*") if file.is_file() and b"open sesame" in file.read_bytes()]
    assert written == []


SHARDED = """
import torch
import daybreak

def main(run):
    if run.world_size == 2:
        raise RuntimeError("two of us cannot work")
    torch.manual_seed(run.seed)
    model = torch.nn.Linear(2, 1)
    trainer = daybreak.sharded(model, shards=2, run=run)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    said = lambda: {"limits": ["bits part at full moon"]}, lambda state: None
    run.keep(model=model, optimizer=optimizer, trainer=trainer, adapter=said)
    for _ in run.epochs(2):
        optimizer.zero_grad()
        loss = trainer.step(lambda part: model(part).square().mean(), torch.ones(4, 2))
        optimizer.step()
        run.report(value=float(loss))
"""


def test_a_size_that_crashes_is_not_proven_and_limits_of_adapters_are_told(daybreak):
    pytest.importorskip("torch")
    (daybreak.folder / "sharded.py").write_text(SHARDED)
    words = ["--space", "x=uniform:0..1", "--minimize", "value", "--max-units", "2", "--budget", "1 trials"]
    daybreak.json("run", "sharded:main", *words, "--name", "sharded")
    told = daybreak("verify", "sharded", code=2).stdout
    assert "not proven: " in told
    assert "level reached: resume" in told
    assert "could not be trained again on 2 processes: two of us cannot work" in told
    assert "limit: adapter: bits part at full moon" in told
    assert "not on 4 processes: 2 shards are computed by a power of two of workers, at most 2" in told
    ((row, shown),) = ((found["experiment"], found["certificates"]) for found in [daybreak.json("show", "sharded")])
    assert [(one["level"], one["outcome"], one["units"]) for one in shown] == [("resume", "not proven", 2)]
    line = f"certificate of {row['experiment']}.{shown[0]['trial']}: not proven, level resume, 2 of 2 units"
    assert line in daybreak("show", "sharded").stdout


def test_a_certificate_that_was_altered_is_shown_as_that(daybreak):
    daybreak.run(trials=1, name="altered")
    file = Path(daybreak.json("verify", "altered", "--level", "rerun")["path"])
    assert [one["outcome"] for one in daybreak.json("show", "altered")["certificates"]] == ["verified"]
    file.write_text(file.read_text().replace("rerun", "elastic"))
    assert (
        f"certificate: damaged, a certificate must match the hash in its name, {file} does not"
        in daybreak("show", "altered").stdout
    )
