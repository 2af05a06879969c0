"""Killed where it hurts: while a checkpoint is taken, between a checkpoint and its event, during a rung's decision.

Every trial ends with the weights and the history of an uninterrupted search, bit by bit.
"""

import json
import subprocess
import sys

import pytest
from chaos import TRIALS, carried_out, end, finish, orders, submit, what_came_of_it

from daybreak.base.home import Home
from daybreak.client.client import Client


@pytest.fixture
def home(tmp_path):
    place = Home(tmp_path / "home")
    yield place
    end(place)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    home = Home(folder / "home")
    number = submit(home, folder)
    finish(home, 60)
    yield what_came_of_it(home, number)
    end(home)


def test_twenty_kills_at_chosen_moments_change_no_bit(home, tmp_path, uninterrupted):
    kill_and_compare(home, tmp_path, uninterrupted, kills=20, unit=0.03)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_hundred_kills_at_chosen_moments_change_no_bit(home, tmp_path, uninterrupted):
    kill_and_compare(home, tmp_path, uninterrupted, kills=200, unit=0.1)


def kill_and_compare(home, tmp_path, uninterrupted, kills, unit):
    plan = tmp_path / "plan"
    orders(plan, kills)
    number = submit(home, tmp_path, unit=unit, plan=plan)
    finish(home, 60 + 5 * kills)
    done = carried_out(plan)
    assert len(done) >= 0.8 * kills, f"the search was over after {done}"
    found = what_came_of_it(home, number)
    assert_equal(found, uninterrupted)
    assert_sound(home, number)


def assert_equal(found, uninterrupted):
    assert sorted(found) == list(range(1, TRIALS + 1)), "no trial is lost, none is doubled"
    compared = 0
    for number, trial in found.items():
        other = uninterrupted[number]
        assert (trial["point"], trial["seed"]) == (other["point"], other["seed"])
        for metric, values in trial["metrics"].items():
            both = values.keys() & other["metrics"][metric].keys()
            assert sorted(values)[: trial["units"]] == list(range(1, trial["units"] + 1)), "its history has no gap"
            assert {unit: values[unit] for unit in both} == {unit: other["metrics"][metric][unit] for unit in both}
            compared += len(both) if metric == "bits" else 0
        both = trial["checkpoints"].keys() & other["checkpoints"].keys()
        assert {u: trial["checkpoints"][u] for u in both} == {u: other["checkpoints"][u] for u in both}
    assert compared >= TRIALS, "weights were compared, of every trial"


def assert_sound(home, number):
    with Client(home) as client:
        row = client.experiment(number)
    assert row.state == "done", row.why
    answer = subprocess.run(
        [sys.executable, "-m", "daybreak.cli", "ledger", "check", "--json", "--home", str(home.path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert json.loads(answer.stdout) == []
