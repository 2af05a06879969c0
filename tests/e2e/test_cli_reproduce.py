"""Reproduce: a whole search trained again comes to the same bits; what does not is told trial by trial."""

import contextlib
import shutil
import sqlite3
import struct

import pytest
from cli_process import wait_until

pytestmark = pytest.mark.xdist_group("cli_reproduce")

NOISE = """
import numpy as np

def main(run):
    kept = {"at": np.zeros(2)}
    run.keep(state=kept)
    noise = np.random.default_rng()
    for _ in run.epochs(3):
        kept["at"] += noise.normal(size=2)
        run.report(value=float(kept["at"].sum()))
"""

DIGGER = """
import numpy as np

class Digger:
    def __init__(self, step):
        self.step, self.at = step, np.full(4, 10.0)

def main(run):
    digger = Digger(run.params.step)
    run.keep(digger=digger)
    for _ in run.epochs(16):
        if digger.step != run.params.step:
            raise ValueError("a clone digs with its source's step")
        digger.at *= 1 - digger.step
        run.report(loss=float(np.square(digger.at).sum()))
"""

POPULATION = """
name: population
run: digger:main
space: {step: {log: [0.001, 0.3]}}
objective: {minimize: loss}
search: {method: pbt, population: 6, perturb_every: 2, max_units: 16, sampler: random}
budget: {trials: 6}
seed: 1
"""


@pytest.fixture(scope="module")
def searched(daybreak):
    """A search of four trials over the toy function: how `show` tells it."""
    daybreak.run(trials=4, name="searched")
    return daybreak.json("show", "searched")


@pytest.fixture(scope="module")
def noise(daybreak):
    """A search whose training draws from a generator that nobody seeded; its number."""
    (daybreak.folder / "noise.py").write_text(NOISE)
    words = ["noise:main", "--space", "x=uniform:0..1", "--maximize", "value", "--max-units", "3", "--budget"]
    return str(daybreak.json("run", *words, "2 trials", "--name", "noise")["experiment"]["experiment"])


def reproductions(daybreak, number):
    """Folders of reproductions that are not done."""
    return list((daybreak.home / "experiments" / str(number) / "reproductions").glob("*"))


def test_every_trial_of_a_search_comes_out_again(daybreak, searched):
    found = daybreak.json("reproduce", "searched", "--here")
    assert (found["same"], found["stepped"], found["log"], found["differs"]) == (True, True, [], [])
    assert (found["experiment"], found["trial"]) == (searched["experiment"]["experiment"], None)
    told = {trial["trial"]: (trial["units"], trial["same"], trial["weights"]) for trial in found["trials"]}
    assert told == {trial["trial"]: (trial["units"], True, "same") for trial in searched["trials"] if trial["units"]}
    assert reproductions(daybreak, found["experiment"]) == [], "what was trained again is gone when all is done"


def test_one_trial_alone_is_trained_again_and_no_other(daybreak, searched):
    number = searched["experiment"]["best_trial"]
    found = daybreak.json("reproduce", f"searched.{number}", "--here")
    assert [(trial["trial"], trial["units"]) for trial in found["trials"]] == [(number, 9)]
    assert (found["same"], found["trial"], found["stepped"]) == (True, number, False)


def test_people_are_told_the_same(daybreak, searched):
    said = daybreak("reproduce", "searched", "--here").stdout
    assert said.startswith(f"reproduced: {searched['experiment']['experiment']} (searched), 4 of 4 trials")
    assert "the recorded log: stepped again: the same decisions" in said


def test_clones_are_trained_from_what_their_sources_came_to_here(daybreak):
    (daybreak.folder / "digger.py").write_text(DIGGER)
    (daybreak.folder / "population.yaml").write_text(POPULATION)
    trials = daybreak.json("run", "population.yaml", "--slots", "2")["trials"]
    clone = next(trial for trial in trials if len(trial["history"]) > 1)
    assert {trial["state"] for trial in trials} == {"finished"}, "a clone's own point is what its object has"
    found = daybreak.json("reproduce", "population", "--here")
    assert found["same"] is True
    assert len(found["trials"]) == len(trials)
    alone = daybreak.json("reproduce", f"population.{clone['trial']}", "--here")
    assert alone["same"] is True
    assert len(alone["trials"]) > 1, "its source is trained again, too"


def test_each_trial_that_comes_out_otherwise_says_where(daybreak, noise):
    found = daybreak.json("reproduce", noise, "--here", code=1)
    assert found["same"] is False
    assert [(trial["metrics"], trial["weights"], trial["first"]["step"]) for trial in found["trials"]] == [
        ("differ", "differ", 1)
    ] * 2
    said = daybreak("reproduce", noise, "--here", code=1).stdout
    for trial in found["trials"]:
        assert f"{noise}.{trial['trial']} at step 1: value was {trial['first']['recorded']}" in said
    assert f"daybreak verify {noise}." in said


def test_after_ctrl_c_it_goes_on_where_it_was(daybreak):
    daybreak.run("--space", "pause=constant:0.03", trials=4, name="slow")
    number = daybreak.json("show", "slow")["experiment"]["experiment"]

    def notes():
        return [file for place in reproductions(daybreak, number) for file in place.glob("pieces/*.json")]

    with daybreak.started("reproduce", "slow", "--here", "--workers", "1") as process:
        wait_until(notes)
        daybreak.interrupt(process)
    assert process.returncode != 0, "it was not done"
    done = len(notes())
    first, *_ = daybreak("reproduce", "slow", "--here", "--workers", "1").stderr.splitlines()
    assert first.startswith(f"segments trained again: {done} of ")
    assert done > 0
    assert reproductions(daybreak, number) == []


def copied(home, to):
    """The home with its ledger as of now, and without what belongs to its living controller."""
    shutil.copytree(home, to, ignore=shutil.ignore_patterns("ledger.db*", "run", "snapshot*"))
    databases = (contextlib.closing(sqlite3.connect(folder / "ledger.db")) for folder in (home, to))
    with next(databases) as source, next(databases) as copy:
        source.backup(copy)
    return to


def test_a_metric_that_was_altered_since_is_found(daybreak, searched, tmp_path):
    number = searched["experiment"]["best_trial"]
    best = next(trial for trial in searched["trials"] if trial["trial"] == number)
    true, false = (struct.pack(">d", best["last"]["value"] + more) for more in (0.0, 0.25))
    home = str(copied(daybreak.home, tmp_path / "home"))
    with contextlib.closing(sqlite3.connect(tmp_path / "home" / "ledger.db")) as ledger, ledger:
        for batch, series in ledger.execute("SELECT batch, series FROM points").fetchall():
            ledger.execute("UPDATE points SET series = ? WHERE batch = ?", (series.replace(true, false), batch))
    try:
        found = daybreak.json("reproduce", f"searched.{number}", "--here", "--home", home, code=1)
        whole = daybreak.json("reproduce", "searched", "--here", "--home", home, code=1)
    finally:
        daybreak("controller", "shutdown", "--home", home)
    (trial,) = found["trials"]
    assert (trial["metrics"], trial["weights"]) == ("differ", "same"), "what was trained is as it was"
    assert (trial["first"]["metric"], trial["first"]["step"], trial["first"]["observed"]) == (
        "value",
        9,
        best["last"]["value"],
    )
    assert trial["largest"] == pytest.approx(0.25)
    assert [one["trial"] for one in whole["trials"] if not one["same"]] == [number]
    assert whole["log"], "the ledger's own check sees it, too"


def test_of_an_imported_run_the_decisions_are_not_said_to_be_made_again(daybreak, searched, tmp_path):
    bundle, home = (
        daybreak.json("export", "searched", "--bundle", str(tmp_path / "run.tar.zst")),
        str(tmp_path / "home"),
    )
    try:
        number = str(daybreak.json("import", bundle["path"], "--home", home)["experiment"])
        found = daybreak.json("reproduce", number, "--here", "--home", home)
        said = daybreak("reproduce", number, "--here", "--home", home).stdout
    finally:
        daybreak("controller", "shutdown", "--home", home)
    assert (found["same"], found["stepped"], found["log"]) == (True, False, [])
    assert "the recorded log: not stepped again" in said


def test_an_unedited_command_is_for_verify(daybreak):
    daybreak.json(
        "run", "--space", "x=uniform:0..1", "--maximize", "value", "--max-units", "4", "--budget", "1 trials", "--name",
        "script", "--", "python", "script.py", "{x}",
    )  # fmt: skip
    assert "daybreak verify" in daybreak("reproduce", "script", "--here", code=2).stderr


def test_what_cannot_be_reproduced_is_told(daybreak, searched):
    assert "no experiment 'nothing'" in daybreak("reproduce", "nothing", code=2).stderr
    assert "no trial 99" in daybreak("reproduce", "searched.99", code=2).stderr
    assert "--workers" in daybreak("reproduce", "searched", "--workers", "0", code=2).stderr
