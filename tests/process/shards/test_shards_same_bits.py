"""One training has one SHA-256 on 1, 2 and 4 workers, also when it is killed on some and goes on on others. Real gloo processes."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

PROGRAM = Path(__file__).parent / "trainings.py"
PATIENCE = 100.0
CONFIGURATIONS = {
    "cnn with batch norm, dropout and augmentation, AdamW": "--kind cnn",
    "the same in many buckets, sent during the backward pass": "--kind cnn --bucket 1000",
    "each worker reads its own rows": "--kind cnn --own true",
    "SGD with momentum, clipping, accumulation within shards": "--optimizer sgd --clip 0.5 --accumulate 2",
    "gradients of several batches added up": "--optimizer sgd --every 3 --bucket 1000",
    "bfloat16 autocast, 8 shards": "--precision bfloat16 --shards 8 --clip 1.0",
    "float16 with a scaler that overflows at first": "--precision float16 --scale 30",
    "transformer, SGD with momentum": "--kind transformer --optimizer sgd --bucket 4000",
    "transformer, AdamW, clipping, bfloat16": "--kind transformer --precision bfloat16 --clip 0.5",
}
ALIKE = 3  # the first configurations differ in how, not in what


@pytest.fixture(autouse=True)
def loopback(socket_enabled):
    """To find a free port."""


def start(workers, *words, others=None):
    """All workers of one training; all but the first may get other words."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    rendezvous = {"WORLD_SIZE": str(workers), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    return [
        subprocess.Popen(
            [sys.executable, str(PROGRAM), *(others if others and rank else words)],
            env={**os.environ, **(rendezvous | {"RANK": str(rank)} if workers > 1 else {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(workers)
    ]


def train(workers, *words):
    """Hashes of what was learnt, one per training."""
    processes = start(workers, *words)
    outputs = [process.communicate(timeout=PATIENCE) for process in processes]
    assert [process.returncode for process in processes] == [0] * workers, outputs
    return re.findall(r"sha256 (\w{64})", outputs[0][0])


def checkpoint(folder):
    """The digest of the file that was saved last."""
    return json.loads((folder / "latest.json").read_text())["digest"]


@pytest.fixture(scope="module")
def on():
    """Hashes of all configurations on a number of workers, trained once."""
    known = {}

    def hashes(workers):
        if workers not in known:
            words = " then ".join(f"--epochs 2 {flags}" for flags in CONFIGURATIONS.values()).split()
            known[workers] = dict(zip(CONFIGURATIONS, train(workers, *words), strict=True))
        return known[workers]

    return hashes


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_one_hash_on_1_2_and_4_workers(on, configuration):
    assert len({on(workers)[configuration] for workers in (1, 2, 4)}) == 1


def test_what_is_trained_decides_the_hash_how_it_is_sent_does_not(on):
    assert len(set(list(on(1).values())[:ALIKE])) == 1
    assert len(set(on(1).values())) == len(CONFIGURATIONS) - ALIKE + 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The digest of the checkpoint of a training that was never interrupted."""
    folder = tmp_path_factory.mktemp("whole")

    def digest():
        if not (folder / "latest.json").exists():
            train(1, "--checkpoint", str(folder))
        return checkpoint(folder)

    return digest


def test_killed_on_one_worker_and_resumed_on_four(whole, tmp_path):
    keep = ("--checkpoint", str(tmp_path))
    train(1, *keep, "--epochs", "1")
    (killed,) = start(1, *keep, "--kill", "0:5")
    killed.communicate(timeout=PATIENCE)
    assert killed.returncode == -signal.SIGKILL
    train(4, *keep)
    assert checkpoint(tmp_path) == whole()


def test_begun_on_two_one_rank_of_four_killed_and_resumed_on_four_then_on_one(whole, tmp_path):
    keep = ("--checkpoint", str(tmp_path), "--bucket", "1000")
    train(2, *keep, "--epochs", "1")
    ranks = start(4, *keep, "--kill", "2:5")
    outputs = [rank.communicate(timeout=PATIENCE)[1] for rank in ranks]  # the others end by themselves
    assert ranks[2].returncode == -signal.SIGKILL
    assert all(rank.returncode for rank in ranks), outputs
    train(4, *keep, "--epochs", "2")
    train(1, *keep)
    assert checkpoint(tmp_path) == whole()


def test_the_fast_mode_is_ordinary_ddp_and_goes_on_from_the_same_checkpoint(tmp_path):
    keep = ("--checkpoint", str(tmp_path), "--accumulate", "2")
    train(2, *keep, "--epochs", "1")
    fast = train(2, *keep, "--exact", "false", "--epochs", "2")
    assert fast != train(1, "--accumulate", "2", "--epochs", "2")
    assert len(train(1, *keep)) == 1


def test_workers_that_begin_with_different_weights_are_told():
    workers = start(2, "--seed", "1", others=("--seed", "2"))
    for worker in workers:
        said = worker.communicate(timeout=PATIENCE)[1]
        assert "all workers must begin with the same weights, those of rank 1 differ from rank 0's" in said
        assert worker.returncode
