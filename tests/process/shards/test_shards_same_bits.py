"""One training has one SHA-256 on 1, 2 and 4 workers, also when it is killed on some and goes on on others. Real gloo processes."""

import signal

import pytest
from launching import PATIENCE, Forked, checkpoint, fresh, start, train

pytest.importorskip("torch")
pytestmark = pytest.mark.timeout(300)  # up to four processes on whatever cores there are

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


@pytest.fixture(scope="module")
def on():
    """Hashes of all configurations on a number of workers, trained once."""
    known = {}

    def hashes(workers):
        if workers not in known:
            words = " then ".join(f"--epochs 2 {flags}" for flags in CONFIGURATIONS.values()).split()
            by = fresh if workers == 1 else Forked
            known[workers] = dict(zip(CONFIGURATIONS, train(workers, *words, by=by), strict=True))
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
            train(1, "--checkpoint", str(folder), by=fresh)
        return checkpoint(folder)

    return digest


def killed(workers, words, rank, step):
    """One epoch is trained and saved; in the next, one rank is killed, and the others end by themselves."""
    processes = start(workers, *words, "--epochs", "1", "then", *words, "--kill", f"{rank}:{step}")
    outputs = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    assert processes[rank].returncode == -signal.SIGKILL
    assert all(process.returncode for process in processes), outputs


def test_killed_on_one_worker_and_resumed_on_four(whole, tmp_path):
    keep = ("--checkpoint", str(tmp_path))
    killed(1, keep, rank=0, step=5)
    train(4, *keep)
    assert checkpoint(tmp_path) == whole()


def test_one_rank_of_four_killed_and_resumed_on_two_then_on_one(whole, tmp_path):
    keep = ("--checkpoint", str(tmp_path))
    killed(4, (*keep, "--bucket", "1000"), rank=2, step=5)
    train(2, *keep, "--bucket", "1000", "--epochs", "2")
    train(1, *keep)  # a checkpoint names the flags it was trained with: the last one has those of the whole training
    assert checkpoint(tmp_path) == whole()


def test_the_fast_mode_is_ordinary_ddp_and_takes_over_from_the_exact_one_and_back(tmp_path):
    keep = ("--checkpoint", str(tmp_path), "--accumulate", "2")
    fast = (*keep, "--exact", "false", "--epochs", "2")
    assert len(set(train(2, *keep, "--epochs", "1", "then", *fast, "then", *keep))) == 3


def test_workers_that_begin_with_different_weights_are_told():
    workers = start(2, "--seed", "1", others=("--seed", "2"))
    for worker in workers:
        said = worker.communicate(timeout=PATIENCE)[1]
        assert "all workers must begin with the same weights, those of rank 1 differ from rank 0's" in said
        assert worker.returncode
