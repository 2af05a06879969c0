"""A frozen gang of one is resumed as two from the command line: the same trial, from its checkpoint, on more workers."""

import contextlib
import json
import subprocess
import sys
import time

import psutil
import pytest

from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.experiment import Experiment

TOY = """
import time

def main(run):
    kept = {"count": 0}
    run.keep(state=kept)
    for unit in run.steps(200):
        time.sleep(0.02)
        kept["count"] += 1
        run.report(value=kept["count"], workers=run.world_size)
"""


@pytest.fixture
def home(tmp_path):
    place = Home(tmp_path / "home")
    yield place
    with contextlib.suppress(psutil.Error, OSError, ValueError):
        psutil.Process(int(place.lock.read_text())).kill()


def daybreak(home, *words):
    command = [sys.executable, "-m", "daybreak.cli", *words, "--home", str(home.path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_trial_frozen_on_one_slot_goes_on_with_two(home, tmp_path):
    (tmp_path / "toy.py").write_text(TOY)
    experiment = Experiment(
        run="toy:main", folder=tmp_path, name="toy", objective={"maximize": "value"}, search={"method": "single", "max_units": 200},
    )  # fmt: skip
    with Client(home, slots="cpu:2x1") as client:
        number = experiment.submit(client)
        wait_until(lambda: client.points(number) and max(client.points(number)[0]["steps"]) > 3)
        client.ask(number, "pause")
        wait_until(lambda: client.trials(number)[0].state == "waiting")
        frozen_at = client.trials(number)[0].checkpoint_units

        answer = daybreak(home, "resume", str(number), "--slots-per-trial", "2", "--json")

        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert json.loads(answer.stdout)["trials"][0]["units"] == 200
        attempts = client.attempts(number)
        curves = {c["metric"]: dict(zip(c["steps"], c["values"], strict=True)) for c in client.points(number)}
    assert [len(attempt.slots) for attempt in attempts] == [1, 2]
    assert attempts[1].from_units == frozen_at > 0
    assert curves["value"] == {step: float(step) for step in range(1, 201)}
    assert (curves["workers"][1], curves["workers"][200]) == (1.0, 2.0)


def test_more_slots_than_there_may_be_are_refused(home, tmp_path):
    (tmp_path / "toy.py").write_text(TOY)
    experiment = Experiment(
        run="toy:main",
        folder=tmp_path,
        name="toy",
        objective={"maximize": "value"},
        search={"method": "single"},
        max_slots=1,
    )
    with Client(home, slots="cpu:2x1") as client:
        number = experiment.submit(client)

    answer = daybreak(home, "resume", str(number), "--slots-per-trial", "2")

    assert answer.returncode != 0
    assert "max_slots=1" in answer.stderr


def wait_until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)
