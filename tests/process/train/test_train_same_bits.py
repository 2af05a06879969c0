"""The same bits: a trial that was frozen, killed, spawned or forked ends with exactly the weights of one that never was.

Trains the digits examples for real.
"""

import json
import os
import signal
from pathlib import Path

import pytest
from fake_agent import FakeAgent

from daybreak.base.hashing import hash_bytes
from daybreak.train.codec import encode, load_checkpoint
from daybreak.wire import worker as wire

DIGITS = Path(__file__).parents[3] / "examples/digits"
POINTS = {
    "train_torch": {"lr": 0.01, "width": 16, "weight_decay": 1e-4, "batch": 64},
    "train_sklearn": {"lr": 0.01, "width": 16, "alpha": 1e-4, "batch": 64},
}
UNITS = 6
NEW_MODULES = """
import json, sys
from {module} import *
from {module} import main as original

def main(run):
    before = set(sys.modules)
    try:
        original(run)
    finally:
        print(json.dumps(sorted(set(sys.modules) - before)), flush=True)
"""


@pytest.fixture(scope="module", params=sorted(POINTS))
def module(request):
    if request.param == "train_torch":
        pytest.importorskip("torch")
    return request.param


@pytest.fixture(scope="module")
def agent(module, tmp_path_factory):
    with FakeAgent(DIGITS, f"{module}:main", home=tmp_path_factory.mktemp("home")) as agent:
        agent.module = module
        yield agent


def train(agent, target, start=None, action="finish", **fields):
    """One attempt up to `target`; the checkpoint it left."""
    worker = agent.launch(POINTS[agent.module], target=target, horizon=UNITS, checkpoint=start, **fields)
    worker.answer(action)
    worker.end()
    assert agent.reaped() == 0
    saved = worker.saved()[-1]
    return wire.CheckpointRef(saved.digest, saved.units)


def weights(agent, ref):
    """A hash of everything that was learnt."""
    kept = load_checkpoint(agent.vault / ref.digest[:2] / ref.digest[2:])
    model = kept["model"]
    if agent.module == "train_sklearn":
        model = [model.coefs_, model.intercepts_, model._optimizer.ms, model._optimizer.vs, model._optimizer.t]
    return hash_bytes(b"".join(map(bytes, encode([model, kept.get("optimizer")]).chunks())))


@pytest.fixture(scope="module")
def uninterrupted(agent):
    return train(agent, UNITS)


def test_the_same_seed_gives_the_same_bits(agent, uninterrupted):
    assert weights(agent, train(agent, UNITS)) == weights(agent, uninterrupted)


def test_another_seed_does_not(agent, uninterrupted):
    assert weights(agent, train(agent, UNITS, seed=8)) != weights(agent, uninterrupted)


def test_freezing_changes_no_bit(agent, uninterrupted):
    ref = None
    for target in (1, 3, 4):
        ref = train(agent, target, ref, "freeze")
    ref = train(agent, UNITS, ref)
    assert weights(agent, ref) == weights(agent, uninterrupted)
    if agent.module == "train_torch":  # no pickle in it: even the files are equal, random states and metrics included
        assert ref.digest == uninterrupted.digest


def test_being_killed_in_the_middle_of_a_unit_changes_no_bit(agent, uninterrupted):
    worker = agent.launch(POINTS[agent.module], target=2, horizon=UNITS)
    worker.answer("go", target=UNITS, save=True)
    saved = worker.next(wire.Saved)
    os.kill(worker.hello.pid, signal.SIGKILL)
    assert agent.reaped() == -signal.SIGKILL
    ref = train(agent, UNITS, wire.CheckpointRef(saved.digest, saved.units))
    assert weights(agent, ref) == weights(agent, uninterrupted)


def test_a_spawned_process_has_the_bits_of_a_forked_one(agent, uninterrupted, tmp_path):
    with FakeAgent(DIGITS, agent.run, home=tmp_path, how="spawn") as spawning:
        spawning.module = agent.module
        spawning.vault = agent.vault
        assert spawning.ready.how == "spawn"
        forked = train(agent, 2, action="freeze")
        assert weights(agent, train(spawning, UNITS, forked)) == weights(agent, uninterrupted)


def test_a_forked_child_imports_nothing_more(module, tmp_path):
    """What the warm parent did not import, every child would import again."""
    (tmp_path / "watched.py").write_text(NEW_MODULES.format(module=module))
    (tmp_path / f"{module}.py").write_text((DIGITS / f"{module}.py").read_text())
    with FakeAgent(tmp_path, "watched:main") as agent:
        agent.module = module
        train(agent, 2, action="freeze")
        assert json.loads(agent.output()) == []
