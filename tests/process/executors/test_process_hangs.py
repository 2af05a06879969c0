"""A worker that hangs, alone or as one rank of a gang, is noticed, told and survived: the trial goes on from its checkpoint."""

import contextlib
import time

import psutil
import pytest

from daybreak.base.home import Home
from daybreak.client.client import OVER, Client
from daybreak.client.experiment import Experiment

MODULE = """
import os, time

def main(run):
    kept = {"count": 0}
    run.keep(state=kept)
    mark = os.path.join(os.environ["MARKS"], "hung")
    for unit in run.steps(6):
        if unit == 3 and run.rank == int(os.environ["HANGS"]) and not os.path.exists(mark):
            open(mark, "w").close()
            time.sleep(1000)
        open(os.path.join(os.environ["MARKS"], f"{run.rank} came to {unit}"), "w").close()
        for other in range(run.world_size):  # as a gang's ranks wait for each other in every step
            while not os.path.exists(os.path.join(os.environ["MARKS"], f"{other} came to {unit}")):
                time.sleep(0.01)
        time.sleep(0.05)  # so that checkpoints come due between units, and are written before the hang
        kept["count"] += 1
        run.report(value=float(kept["count"]))
"""


@pytest.fixture
def home(tmp_path):
    place = Home(tmp_path / "home")
    yield place
    with contextlib.suppress(psutil.Error, OSError, ValueError):
        psutil.Process(int(place.lock.read_text())).kill()


@pytest.mark.parametrize(("slots", "rank"), [(1, 0), (2, 1)])
def test_a_hang_is_noticed_told_and_survived(home, tmp_path, slots, rank):
    (tmp_path / "hangs.py").write_text(MODULE)
    experiment = Experiment(
        run="hangs:main", folder=tmp_path, name="hangs", objective={"maximize": "value"}, search={"method": "single", "max_units": 6},
        resources={"slots": slots}, retry={"attempts": 1, "stalled_after": 2.0}, checkpoint_every=0.001,
        environment={"MARKS": str(tmp_path), "HANGS": str(rank)},
    )  # fmt: skip
    with Client(home, slots="cpu:2x1") as client:
        number = experiment.submit(client)
        deadline = time.monotonic() + 60
        while client.status(number).state not in OVER:
            assert time.monotonic() < deadline, client.trials(number)
            time.sleep(0.05)
        (trial,), attempts = client.trials(number), client.attempts(number)
        notices = [notice.text for notice in client.notices(number)]
    assert (trial.state, trial.units, trial.score) == ("finished", 6, 6.0)
    assert [attempt.reason for attempt in attempts] == ["crashed", "reached"]
    assert attempts[1].from_units > 0, "it goes on from its checkpoint"
    assert any("a report was due within 2 s" in text for text in notices)
