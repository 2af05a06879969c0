"""Real trials that print what a log policy knows: one is not tried again, one goes on elsewhere, one does as the user says."""

import contextlib
import time

import psutil
import pytest

from daybreak.base.home import Home
from daybreak.client.client import OVER, Client
from daybreak.client.experiment import Experiment

MODULE = """
import os, sys

def memory(run):
    run.report(value=1.0)
    raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")

def ecc(run):
    mark = os.path.join(os.environ["MARKS"], "seen")
    for unit in run.steps(2):
        if not os.path.exists(mark):
            open(mark, "w").close()
            print("CUDA error: uncorrectable ECC error encountered", flush=True)
            sys.exit(3)
        run.report(value=float(unit))

def link(run):
    print("link 3 flapped", flush=True)
    raise RuntimeError("no route")
"""


@pytest.fixture
def play(tmp_path):
    """Runs one trial of a function of the module in a home of its own; its row, its attempts, its notices."""
    home = Home(tmp_path / "home")
    (tmp_path / "faulty.py").write_text(MODULE)

    def run(function, **fields):
        experiment = Experiment(
            run=f"faulty:{function}", folder=tmp_path, name="faulty", objective={"maximize": "value"}, search={"method": "single"},
            retry={"attempts": 3}, environment={"MARKS": str(tmp_path)}, **fields,
        )  # fmt: skip
        with Client(home, slots="cpu:2x1") as client:
            number = experiment.submit(client)
            deadline = time.monotonic() + 60
            while client.status(number).state not in OVER:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            return client.trials(number)[0], client.attempts(number), [n.text for n in client.notices(number)]

    yield run
    with contextlib.suppress(psutil.Error, OSError, ValueError):
        psutil.Process(int(home.lock.read_text())).kill()


def test_out_of_memory_is_not_tried_again(play):
    trial, attempts, notices = play("memory")

    assert (trial.state, len(attempts)) == ("failed", 1)
    assert any("CUDA out of memory" in text and "not tried again" in text for text in notices)


def test_an_ecc_error_sends_the_trial_to_another_slot_without_being_a_crash(play):
    trial, attempts, _ = play("ecc")

    assert trial.state == "finished"
    assert [attempt.slots for attempt in attempts] == [[0], [1]]


def test_own_policies(play):
    trial, attempts, notices = play("link", log_policies=[{"pattern": r"link \d+ flapped", "action": "fail"}])

    assert (trial.state, len(attempts)) == ("failed", 1)
    assert any("link 3 flapped" in text for text in notices)
