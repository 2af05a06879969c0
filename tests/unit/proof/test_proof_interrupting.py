"""A bench that is interrupted, in real processes: whoever trains on it is told at once, whatever they were waiting for."""

import threading
import time

import pytest
from bench import recorded_trial

from daybreak.base.errors import UserCodeError
from daybreak.proof.segments import path
from daybreak.proof.training import Bench

PATIENCE = 30.0  # seconds

CODE = {
    "loading its code": "open('begun', 'w').close(); import time; time.sleep(1000)\ndef main(run): ...",
    "training": "def main(run):\n    import time\n    open('begun', 'w').close()\n    time.sleep(1000)",
}


@pytest.fixture
def at_work(tmp_path):
    """A bench, and a thread that trains the recorded trial's first piece on it; what became of that is put into a list."""
    ends, threads = [], []

    def begin(code):
        (tmp_path / "train.py").write_text(code)
        recording, _ = recorded_trial(tmp_path)
        bench = Bench(recording)

        def train():
            try:
                ends.append(bench.train(path(recording.recorded, 1)[0], None).failure)
            except UserCodeError as error:
                ends.append(error)

        threads.append(threading.Thread(target=train, daemon=True))
        threads[0].start()
        return bench, threads[0], ends

    return begin


@pytest.mark.parametrize("doing", CODE)
def test_a_thread_that_trains_is_told_of_an_interruption(at_work, tmp_path, doing):
    bench, thread, ends = at_work(CODE[doing])
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    bench.interrupt()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert len(ends) == 1
    assert ends[0] is not None
    bench.close()


def test_an_interruption_closes_no_pipe_that_another_thread_may_wait_for(at_work, tmp_path):
    """Linux forgets a closed descriptor without waking who waits for it: with both cores busy reproduce then never ended."""
    bench, thread, _ = at_work(CODE["training"])
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (trainer,) = bench._all
    bench.interrupt()
    assert not trainer.process.stdout.closed
    thread.join(PATIENCE)
    bench.close()
    assert trainer.process.stdout.closed


def test_nothing_begins_on_a_bench_that_was_interrupted(tmp_path):
    (tmp_path / "train.py").write_text("def main(run): ...")
    recording, _ = recorded_trial(tmp_path)
    with Bench(recording) as bench:
        bench.interrupt()
        with pytest.raises(UserCodeError, match="interrupted"):
            bench.train(path(recording.recorded, 1)[0], None)
        with pytest.raises(UserCodeError, match="interrupted"):
            bench.compare(tmp_path, tmp_path)
