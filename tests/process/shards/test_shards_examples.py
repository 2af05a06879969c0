"""The examples over logical shards, on real data: one checkpoint, whole on one worker, or in parts on others."""

from pathlib import Path

import pytest
from launching import Forked, checkpoint, fresh, train

pytest.importorskip("torch")
pytestmark = pytest.mark.timeout(300)  # up to four processes on whatever cores there are

EXAMPLES = Path(__file__).parents[3] / "examples"
RECORDINGS = EXAMPLES.parents[1] / "shared/data/fsdd/recordings"


@pytest.fixture(autouse=True)
def loopback(socket_enabled):
    """To find a free port."""


def saved(folder, workers, example, epochs):
    by = fresh if workers == 1 else Forked
    train(workers, "--checkpoint", str(folder), "--epochs", str(epochs), program=EXAMPLES / example, by=by)
    return checkpoint(folder)


def test_digits(tmp_path):
    whole = saved(tmp_path / "1", 1, "digits/train_shards.py", 2)
    saved(tmp_path / "4", 4, "digits/train_shards.py", 1)
    assert saved(tmp_path / "4", 2, "digits/train_shards.py", 2) == whole


def test_spoken_digits(tmp_path, monkeypatch):
    if not RECORDINGS.exists():
        pytest.skip("needs ../shared/data/fsdd/recordings")
    few = tmp_path / "recordings"
    few.mkdir()
    for recording in RECORDINGS.glob("*_?.wav"):  # takes 0 to 9 and as many to train on
        (few / recording.name).symlink_to(recording)
    for recording in RECORDINGS.glob("*_1?.wav"):
        (few / recording.name).symlink_to(recording)
    monkeypatch.setenv("DAYBREAK_FSDD", str(few))
    example = "spoken_digits/train_shards.py"
    whole = saved(tmp_path / "whole", 1, example, 2)
    saved(tmp_path / "parts", 2, example, 1)
    assert saved(tmp_path / "parts", 4, example, 2) == whole
