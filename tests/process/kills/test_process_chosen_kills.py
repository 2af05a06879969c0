"""Killed where it hurts: while a checkpoint is taken, between a checkpoint and its event, during a rung's decision.

Every trial ends with the weights and the history of an uninterrupted search, bit by bit.
"""

import json
import subprocess
import sys

import pytest
from chaos import ALONE, GANG, TRIALS, carried_out, end, finish, orders, submit, what_came_of_it

from daybreak.base.home import Home
from daybreak.client.client import Client

SMALL = {"learner": "network", "search": {"max_units": 9}}


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


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The search of gangs, uninterrupted, with one worker a trial: the number of workers changes no bit either."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("alone")
    home = Home(folder / "home")
    number = submit(home, folder, **SMALL)
    finish(home, 60)
    yield what_came_of_it(home, number)
    end(home)


def test_twenty_kills_at_chosen_moments_change_no_bit(home, tmp_path, uninterrupted):
    kill_and_compare(home, tmp_path, uninterrupted, kills=20, least=15, unit=0.03)


def test_a_deterministic_search_is_the_same_as_a_whole(tmp_path):
    """Same trials, same decisions, same best, also on one slot instead of two: what was decided does not depend on timing."""
    found = []
    for name, kills, slots in (("calm", 0, "2"), ("killed", 20, "2"), ("narrow", 0, "1")):
        folder = tmp_path / name
        folder.mkdir()
        home = Home(folder / "home")
        orders(folder / "plan", kills)
        with Client(home, slots=slots):
            pass
        number = submit(home, folder, 0.03 if kills else 0.0, folder / "plan", deterministic=True)
        finish(home, 60 + 5 * kills)
        assert len(carried_out(folder / "plan")) >= 0.75 * kills
        assert_sound(home, number)
        found.append((best(home, number), decisions(home, number)))
        end(home)
    assert found[1] == found[0]
    assert found[2] == found[0]


def best(home, number):
    with Client(home) as client:
        row = client.experiment(number)
    return row.best_trial, row.best


def decisions(home, number):
    """Of each trial where it stands, what it reported at each rung, and every metric of every unit."""
    with Client(home) as client:
        rungs = {row.trial: (row.state, row.units, row.rungs, row.score, row.source) for row in client.trials(number)}
    came = what_came_of_it(home, number)
    return {trial: (rungs[trial], came[trial]["point"], came[trial]["metrics"]) for trial in rungs}


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_hundred_kills_at_chosen_moments_change_no_bit(home, tmp_path, uninterrupted):
    """More orders than kills are asked for: so few rungs are decided that some of those for that moment are left over."""
    kill_and_compare(home, tmp_path, uninterrupted, kills=320, least=200, unit=0.1, chance=160)


def test_one_rank_of_a_gang_is_killed_and_no_bit_changes(home, tmp_path, alone):
    kill_and_compare(home, tmp_path, alone, 8, 6, kinds=GANG, resources={"slots": 2}, chance=40, **SMALL)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_sixty_kills_of_single_ranks_change_no_bit(home, tmp_path, alone):
    fields = {"unit": 0.1, "chance": 60, "resources": {"slots": 2}}
    kill_and_compare(home, tmp_path, alone, 100, 60, kinds=GANG, **fields, **SMALL)


def kill_and_compare(home, tmp_path, uninterrupted, kills, least, kinds=ALONE, **fields):
    plan = tmp_path / "plan"
    orders(plan, kills, kinds)
    number = submit(home, tmp_path, plan=plan, **fields)
    finish(home, 60 + 5 * kills)
    assert_equal(what_came_of_it(home, number), uninterrupted)
    assert_sound(home, number)
    done = carried_out(plan)
    assert len(done) >= least, f"sound, but the search was over after {len(done)} kills"


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
