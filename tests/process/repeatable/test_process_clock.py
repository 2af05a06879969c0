"""The machine's clock is set back an hour while a search with a budget of time runs: it ends when it should, and says what happened."""

import subprocess
import sys
import time

import pytest

from daybreak.base.home import Home
from daybreak.client.client import OVER, Client
from daybreak.client.experiment import Experiment

TOY = """
import time

def main(run):
    for unit in run.steps(1000):
        time.sleep(0.02)
        run.report(value=1.0)
"""

# A controller whose machine's clock goes back by an hour once a file is there.
CONTROLLER = """
import os, sys, time
real = time.time
time.time = lambda: real() - (3600.0 if os.path.exists(sys.argv[1]) else 0.0)
from daybreak.server.serve import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def home(tmp_path):
    place = Home(tmp_path / "home")
    place.run.mkdir(mode=0o700, parents=True)
    mark = tmp_path / "set back"
    words = [sys.executable, "-c", CONTROLLER, str(mark), "--home", str(place.path), "--slots", "cpu:1x1"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield place
    process.kill()
    process.wait()


def test_a_clock_that_jumps_back_changes_nothing_and_is_told(home, tmp_path):
    (tmp_path / "toy.py").write_text(TOY)
    experiment = Experiment(
        run="toy:main", folder=tmp_path, name="toy", objective={"maximize": "value"}, search={"method": "single"}, budget="4s",
    )  # fmt: skip
    wait_until(home.socket.exists)  # a client that came before would start a controller of its own
    with Client(home) as client:
        number = experiment.submit(client)
        wait_until(lambda: client.status(number).slot_seconds > 0.5)
        (tmp_path / "set back").touch()
        wait_until(lambda: client.status(number).state in OVER, 30)

        row, notices = client.experiment(number), client.notices(number)
        (attempt,) = client.attempts(number)
    assert "4 s used" in row.why
    assert 3.0 < row.ended - row.started < 30.0
    assert row.submitted <= attempt.granted <= attempt.started <= attempt.ended <= row.ended
    assert any("clock was set 3600 s back" in notice.text for notice in notices)


def wait_until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)
