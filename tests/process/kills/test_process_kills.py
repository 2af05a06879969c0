"""Kill the controller, the warm parent and workers at random moments: no trial is lost, doubled or forgotten, the ledger is sound."""

import json
import subprocess
import sys

import pytest
from search import HORIZON, expected, is_over, kill, submit, victims, wait_until

from daybreak.base.home import Home
from daybreak.base.streams import Stream
from daybreak.client.client import Client
from daybreak.train.codec import decode
from daybreak.vault.store import Vault


@pytest.fixture
def home(tmp_path):
    """A home whose controller is gone when the test is."""
    place = Home(tmp_path / "home")
    yield place
    for processes in victims(place).values():
        for process in processes:
            kill(process)


@pytest.mark.parametrize("seed", [1, 2])
def test_search_survives_ten_kills_at_random_moments(home, tmp_path, seed):
    search_and_kill(home, tmp_path, seed, kills=10)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10, 20))
def test_search_survives_thirty_kills(home, tmp_path, seed):
    search_and_kill(home, tmp_path, seed, kills=30)


def search_and_kill(home, tmp_path, seed, kills):
    """Run the toy search, killing one process after another, then look at what the ledger holds."""
    stream = Stream(seed, "kills")
    trials = 4 * kills  # between two kills a quick machine finishes one or two
    number = submit(home, tmp_path, trials)
    killed = []
    while len(killed) < kills and not is_over(home):
        wait_until(lambda: victims(home).get("worker") or is_over(home))
        pause(stream.uniform() * 0.3)
        found = victims(home)
        if not found:
            continue
        kind = stream.choice(sorted(found))
        if kill(stream.choice(found[kind])):
            killed.append(kind)
    wait_until(lambda: is_over(home), 90)
    assert len(killed) >= kills // 2, f"the search was over after {killed}"
    assert_sound(home, number, trials)


def pause(seconds):
    """Let it run for a random time: this is the moment that is being chosen."""
    import time

    time.sleep(seconds)


def assert_sound(home, number, planned):
    with Client(home) as client:
        row, trials = client.experiment(number), client.trials(number)
        curves = {(c["trial"], c["metric"]): c for c in client.points(number)}
    assert row.state == "done", row.why
    assert [trial.trial for trial in trials] == list(range(1, planned + 1))
    assert max(trial.units for trial in trials) == HORIZON
    for trial in trials:
        assert trial.state in ("frozen", "finished"), (trial.trial, trial.state, trial.why)
        steps = curves[trial.trial, "value"]["steps"]
        assert steps[: trial.units] == list(range(1, trial.units + 1)), (trial.trial, trial.units, steps)
        for step, value, count in zip(
            steps, curves[trial.trial, "value"]["values"], curves[trial.trial, "count"]["values"], strict=True
        ):
            assert count == step
            assert value == expected(trial.point["x"], step)
    assert_weights(home, number, trials)
    answer = subprocess.run(
        [sys.executable, "-m", "daybreak.cli", "ledger", "check", "--json", "--home", str(home.path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert json.loads(answer.stdout) == []


def assert_weights(home, number, trials):
    """What each checkpoint keeps is what an uninterrupted trial has learnt by then.

    A trial killed between a rung's decision and its checkpoint has none: it would begin again, and says so (`checkpoint_units`).
    """
    points = {trial.trial: trial.point["x"] for trial in trials}
    with Client(home) as client:
        saved = [row for row in client.checkpoints(number) if row.state == "saved"]
    assert {row.trial for row in saved} == {trial.trial for trial in trials if trial.checkpoint_units}
    for row in saved:
        state = decode(Vault(home.vault).read(row.digest))["kept"]["state"]
        assert (state["count"], state["sum"]) == (row.units, expected(points[row.trial], row.units)), row
