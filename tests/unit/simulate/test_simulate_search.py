"""Whole searches in simulated time: the real controller, the real decisions, invariants checked after every event."""

import json
import os
import subprocess
import sys
from statistics import geometric_mean

import msgspec
import pytest

from daybreak import lifecycle
from daybreak.base.errors import UsageError
from daybreak.bootstrap.simulate import Assumptions, simulate
from daybreak.bootstrap.simulation import run
from daybreak.controller.brain import Brain
from daybreak.ledger.memory import MemoryLedger
from daybreak.lifecycle.events import AttemptEnded
from daybreak.spec.loading import from_mapping

ASSUMED = Assumptions()


def spec(**changes):
    search = {"method": "asha", "max_units": 27, "max_trials": 40, "sampler": "random"} | changes.pop("search", {})
    given = {
        "name": "sim",
        "run": "train:main",
        "space": {
            "lr": {"log": [1e-4, 1e-1]},
            "width": {"choice": [16, 32, 64]},
            "momentum": {"uniform": [0.0, 0.99]},
        },
        "objective": {"maximize": "acc"},
        "search": search,
        "seed": 7,
    }
    return from_mapping(given | changes, folder="/nowhere")


def simulated(of, workers=4, **assumed):
    assumptions = Assumptions(**assumed)
    ledger = MemoryLedger()
    outcome = run(of, assumptions.machine(workers, of.seed), assumptions.curves, ledger=ledger, check=True)
    return outcome, ledger


@pytest.mark.parametrize("method", ["asha", "asha_stopping", "adaptive_asha", "hyperband", "pbt", "random", "single"])
def test_every_method_comes_to_its_end_and_every_slot_is_free_again(method):
    outcome, ledger = simulated(spec(search={"method": method, "population": 8}))
    assert outcome.status.state == "done"
    assert outcome.status.slots_busy == 0
    assert outcome.status.best is not None
    started = {entry.event.attempt for entry in ledger.replay() if type(entry.event).__name__ == "AttemptStarted"}
    ended = [entry.event.attempt for entry in ledger.replay() if isinstance(entry.event, AttemptEnded)]
    assert started == set(ended)
    assert len(ended) == len(set(ended))


@pytest.mark.parametrize("sampler", ["random", "density", "sobol"])
def test_the_same_seed_gives_the_same_log(sampler):
    first, second = (simulated(spec(search={"sampler": sampler}), workers=7, crash=0.1)[0] for _ in range(2))
    assert first.digest == second.digest
    assert msgspec.json.encode(first.plain()) == msgspec.json.encode(second.plain())


def test_another_seed_gives_another_log():
    assert simulated(spec())[0].digest != simulated(spec(seed=8))[0].digest


def test_the_same_bytes_come_out_of_two_processes_that_hash_differently():
    given = json.dumps(spec(search={"max_trials": 15}).model_dump(mode="json")).encode()

    def output(hash_seed):
        command = [sys.executable, "-m", "daybreak.bootstrap.simulate", "--workers", "3", "--crash", "0.1"]
        env = os.environ | {"PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, input=given, capture_output=True, env=env, check=True)
        return [line for line in done.stdout.splitlines() if b'"result"' in line]

    first = output("1")
    assert first == output("2")
    assert json.loads(first[0])["result"]["search"]["state"] == "done"


def test_crashing_attempts_are_tried_again_and_the_search_goes_on():
    outcome, ledger = simulated(spec(retry={"attempts": 3}), crash=0.2)
    reasons = [entry.event.reason for entry in ledger.replay() if isinstance(entry.event, AttemptEnded)]
    assert reasons.count("crashed") > 5
    assert outcome.status.state == "done"
    assert outcome.status.best is not None


def test_measured_time_is_the_machines_time():
    outcome, ledger = simulated(spec(search={"max_trials": 9}), workers=3)
    ended = [entry.event for entry in ledger.replay() if isinstance(entry.event, AttemptEnded)]
    assert outcome.status.slot_seconds == pytest.approx(sum(event.slot_seconds for event in ended))
    assert 0 < outcome.plain()["utilisation"] <= 1


def test_a_budget_in_slot_hours_is_kept():
    outcome, _ = simulated(spec(budget={"slot_hours": 1.0}, search={"max_trials": None}))
    assert outcome.status.state == "done"
    assert 0.7 < outcome.status.slot_seconds / 3600 < 2.0


def test_search_with_early_stopping_finds_random_searchs_best_sooner():
    found = [simulate(spec(seed=seed, search={"max_trials": 90}), 4, ASSUMED) for seed in range(4)]
    for one in found:
        assert one["random"]["slot_hours"] == pytest.approx(one["search"]["slot_hours"], rel=0.3)
        assert one["search"]["best"]["score"] >= one["random"]["best"]["score"]
    assert geometric_mean(one["speedup"] for one in found) > 1.5


def test_a_recorded_table_is_replayed(tmp_path):
    rows = ["config,unit,acc,lr"]
    rows += [f"{c},{u},{0.1 * c + 0.01 * u},{10.0 ** -(c + 1)}" for c in range(4) for u in range(1, 28)]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    found = simulate(spec(), 4, Assumptions(table=tmp_path / "t.csv", unit_seconds=1.0))
    assert found["search"]["best"]["score"] == pytest.approx(0.3 + 0.27)


def test_a_search_without_an_end_is_refused():
    with pytest.raises(UsageError, match="must have an end"):
        simulate(spec(search={"max_trials": None}), 4)


def test_the_log_of_a_simulation_replays_to_the_same_state():
    outcome, ledger = simulated(spec())
    brain = Brain(lifecycle, lambda what, error: pytest.fail(str(error)))
    for entry in ledger.replay():
        brain.apply(entry.at, entry.event)
    again = lifecycle.status(brain.state, 1, outcome.status.at)
    assert again == outcome.status


def test_a_bad_spec_is_answered_in_one_line_and_an_exit_code():
    given = json.dumps(spec(search={"max_trials": None}).model_dump(mode="json")).encode()
    command = [sys.executable, "-m", "daybreak.bootstrap.simulate"]
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 2
    said = json.loads(done.stdout)
    assert said["error"] == "UsageError"
    assert "must have an end" in said["message"]


def test_a_plan_tells_trials_per_rung_and_cost():
    given = json.dumps(spec(search={"max_trials": 27}).model_dump(mode="json")).encode()
    command = [sys.executable, "-m", "daybreak.bootstrap.plan", "--unit-seconds", "60", "--slots", "2"]
    done = subprocess.run(command, input=given, capture_output=True, check=True)
    plan = json.loads(done.stdout)["result"]
    assert plan["trials"] == 27
    assert plan["slot_hours"] > 0
    assert sum(plan["ends"].values()) == 27
