"""Checkpoints written behind training hold what was there when they were taken, however training changes it meanwhile."""

import threading

import numpy as np
import pytest
from fake_agent import FakeAgent

from daybreak.base.errors import VaultError
from daybreak.train.behind import Behind
from daybreak.train.codec import encode
from daybreak.train.reading import decode
from daybreak.vault.store import Incoming, Vault
from daybreak.wire import worker as wire


@pytest.fixture
def gate(monkeypatch):
    """Holds whoever writes to a vault until it is opened."""
    opened, write = threading.Event(), Incoming.write
    monkeypatch.setattr(Incoming, "write", lambda self, data: (opened.wait(30), write(self, data))[1])
    return opened


def test_training_goes_on_in_place_and_the_file_does_not_show_it(tmp_path, gate):
    vault, weights = Vault(tmp_path), np.zeros(100_000)
    behind, told = Behind(vault), []
    for unit in (1, 2):
        gate.clear()
        weights += 1
        behind.begin(encode({"units": unit, "weights": weights}), unit, 0.0, told.append)
        assert behind.busy
        weights += 1000  # while it is written
        assert behind.outcome(wait=False) is None
        gate.set()
        written = behind.outcome(wait=True)
        weights -= 1000
        assert told[-1] == written, "it was told of when it was there, not when it was asked for"
        tree = decode(vault.read(written.ref.digest))
        assert (tree["units"], written.ref.units) == (unit, unit)
        assert np.array_equal(tree["weights"], np.full(100_000, unit))


def test_what_it_holds_is_what_would_have_been_written_at_once(tmp_path):
    tree = {"units": 1, "weights": np.arange(50.0).reshape(5, 10).T, "seen": [1, 2]}
    behind = Behind(Vault(tmp_path))
    behind.begin(encode(tree), 1, 0.0, lambda _: None)
    digest = behind.outcome(wait=True).ref.digest
    assert digest == Vault(tmp_path).put_bytes(b"".join(map(bytes, encode(tree).chunks())))


def test_a_disk_that_cannot_be_written_is_told_and_the_next_one_is_tried(tmp_path):
    (tmp_path / "vault").write_text("a file where the folder should be")
    behind = Behind(Vault(tmp_path / "vault"))
    behind.begin(encode({"x": np.ones(3)}), 1, 0.0, lambda _: None)
    with pytest.raises(VaultError):
        behind.outcome(wait=True)
    (tmp_path / "vault").unlink()
    assert not behind.busy
    behind.begin(encode({"x": np.ones(3)}), 2, 0.0, lambda _: None)
    assert behind.outcome(wait=True).ref.units == 2
    assert behind.outcome(wait=True) is None, "told once"


GOES_ON = """
import time

def main(run):
    state = {"x": 0}
    run.keep(state=state)
    for _ in run.epochs(50):
        state["x"] += 1
        time.sleep(0.02)
"""


def test_an_attempt_says_that_a_checkpoint_behind_it_could_not_be_written_and_goes_on(tmp_path):
    (tmp_path / "goes_on.py").write_text(GOES_ON)
    (tmp_path / "vault").write_text("a file where the folder should be")
    with FakeAgent(tmp_path, "goes_on:main") as agent:
        worker = agent.launch(checkpoint_every=0.01)
        unsaved = worker.next(wire.Unsaved)
        assert str(tmp_path / "vault") in unsaved.why
        assert worker.end().reason == "completed"
        assert unsaved.units < 50
