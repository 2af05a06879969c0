"""Searches that are followed, paused, gone on with and ended while they run, and what Ctrl-C does to each command."""

import json
import re

import pytest
from cli_process import wait_until

pytestmark = pytest.mark.xdist_group("cli_steering")

# Units of 0.1 s: long enough to be met running.
SLOW = (
    "toy:main",
    "--space",
    "x=uniform:0..1",
    "--space",
    "pause=0.1",
    "--maximize",
    "value",
    "--max-units",
    "9",
    "--baseline",
    "0.1",
)


def begin(daybreak, name, trials=200):
    """A search that would run for minutes, handed in and running."""
    number = daybreak.json("run", *SLOW, "--budget", f"{trials} trials", "--name", name, "--slots", "2", "--detach")[
        "experiment"
    ]
    wait_until(lambda: daybreak.json("show", str(number))["status"]["slots_busy"])
    return str(number)


def test_pause_resume_with_another_budget_and_stop(daybreak):
    number = begin(daybreak, "steered")
    assert daybreak.json("pause", number) == {"experiment": int(number), "state": "paused"}
    status = wait_until(lambda: (s := daybreak.json("show", number)["status"])["slots_busy"] == 0 and s)
    assert status["states"].get("running") is None, "what ran was frozen"
    assert daybreak.json("resume", "--detach") == {"experiment": int(number), "state": "running"}, (
        "the newest, when none is named"
    )
    assert daybreak("stop", number).stdout.startswith("steered #")
    wait_until(lambda: daybreak.state(number) == "stopped")


def test_slots_that_come_too_late_are_told(daybreak):
    first = begin(daybreak, "slotted")
    late = daybreak("run", *SLOW, "--budget", "1 trials", "--name", "late", "--slots", "3", "--detach")
    assert "a controller runs here already" in late.stderr
    for number in (first, re.search(r"experiment (\d+) runs", late.stdout)[1]):
        daybreak("stop", number)


def test_done_goes_on_with_a_larger_budget_and_a_farther_horizon(daybreak):
    first = daybreak.run(trials=3, name="grown")["experiment"]
    number = str(first["experiment"])
    assert "daybreak resume" in daybreak("resume", number, code=2).stderr, "it is done and was given nothing more"
    grown = daybreak.json("resume", number, "--budget", "6 trials")
    assert (grown["experiment"]["trials"], grown["experiment"]["state"]) == (6, "done")
    farther = daybreak.json("resume", number, "--max-units", "27", "--budget", "7 trials")
    assert farther["experiment"]["spec"]["search"]["max_units"] == 27


def test_ctrl_c_on_run_freezes_the_experiment_and_resume_goes_on(daybreak):
    with daybreak.started("run", *SLOW, "--budget", "200 trials", "--name", "cut", "--slots", "2") as process:
        wait_until(lambda: any(row["name"] == "cut" and row["units"] for row in daybreak.json("ls")))
        output, said = daybreak.interrupt(process)
    assert process.returncode == 130
    number = re.search(r"daybreak resume (\d+)", said)[1]
    assert "running" in output
    assert daybreak.json("show", number)["status"]["slots_busy"] == 0
    assert daybreak.state(number) == "paused"
    units = daybreak.json("show", number)["experiment"]["units"]
    daybreak("resume", number, "--detach")
    wait_until(lambda: daybreak.json("show", number)["experiment"]["units"] > units)
    daybreak("stop", number)


def test_a_paused_search_goes_on_when_it_is_given_more(daybreak):
    number = begin(daybreak, "more", trials=3)
    daybreak("pause", number)
    found = daybreak.json("resume", number, "--budget", "4 trials")
    assert (found["experiment"]["state"], found["experiment"]["trials"]) == ("done", 4)


def test_ctrl_c_on_attach_only_stops_looking(daybreak):
    number = begin(daybreak, "watched")
    with daybreak.started("attach", number) as process:
        assert "watched" in process.stdout.readline()
        _, said = daybreak.interrupt(process)
    assert process.returncode == 130
    assert "goes on" in said
    assert daybreak.state(number) == "running"
    with daybreak.started("attach", number, "--json") as process:
        daybreak("pause", number)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 3, "it was paused by somebody else before it was done"
    assert json.loads(output)["experiment"]["state"] == "paused"
    daybreak("stop", number)


def test_logs_are_followed_while_it_runs(daybreak):
    number = begin(daybreak, "followed", trials=3)
    with daybreak.started("logs", number, "-f", "--grep", "unit") as process:
        first = process.stdout.readline()
        rest = process.stdout.read()
        process.wait(60)
    assert re.fullmatch(r"\d+\.\d+\.\d+ \| unit \d of x=0\.\d+\n", first)
    assert process.returncode == 0, "it ends with the experiment"
    lines = [first, *rest.splitlines()]
    assert len(lines) == daybreak.json("show", number)["experiment"]["units"]


def test_two_experiments_share_the_slots_by_priority(daybreak):
    low = begin(daybreak, "low")
    high = daybreak.json("run", *SLOW, "--budget", "4 trials", "--name", "high", "--priority", "5")["experiment"]
    assert high["state"] == "done"
    assert daybreak.state(low) == "running", "the other waited meanwhile, and goes on"
    daybreak("stop", low)


def test_a_program_is_told_at_once_that_no_machine_has_so_many_slots(daybreak):
    (daybreak.folder / "wide.yaml").write_text(
        "run: toy:main\nspace: {x: {uniform: [0, 1]}}\nobjective: {maximize: value}\nsearch: {method: random, max_units: 3}\n"
        "budget: {trials: 1}\nresources: {slots: 4096}\n"
    )
    with daybreak.started("run", "wide.yaml", "--name", "wide", "--json") as process:
        told = json.loads(process.stderr.readline())["notice"]
        assert told["level"] == "warning"
        assert "a trial wants 4096 slots" in told["text"]
        daybreak("stop", "wide")
        assert json.loads(process.communicate(timeout=60)[0])["experiment"]["name"] == "wide"
