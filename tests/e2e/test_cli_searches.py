"""Every way to say what is to be searched, and every kind of search, as real runs."""

import sys

import pytest

pytestmark = pytest.mark.xdist_group("cli_searches")

FILE = """
name: from-file
run: toy:main
space:
  x: {uniform: [0.0, 1.0]}
objective: {maximize: value}
search: {method: asha, max_units: 9, sampler: %(sampler)s}
budget: {trials: 5}
points: [{x: 0.3}]
baseline: "%(baseline)s"
confirm: {top: 1, seeds: 2}
seed: 1
"""


def test_file_with_points_baseline_function_and_confirmation(daybreak):
    (daybreak.folder / "exp.yaml").write_text(FILE % {"sampler": "density", "baseline": "toy:guess"})
    found = daybreak.json("run", "exp.yaml", "--slots", "2")
    experiment = found["experiment"]
    assert (experiment["state"], experiment["baseline"]) == ("done", 0.1)
    first = next(t for t in found["trials"] if t["trial"] == 1)
    assert (first["point"], first["source"]) == ({"x": 0.3}, "points")
    confirmed = experiment["summary"]["confirm"]["points"]
    assert [len(row["values"]) for row in confirmed] == [2]
    text = daybreak("best").stdout
    assert "again on 2 fresh seeds" in text
    assert "lift" in text


def test_flags_override_the_file(daybreak):
    (daybreak.folder / "flags.yaml").write_text(FILE % {"sampler": "density", "baseline": "toy:guess"})
    spec = daybreak.json("run", "flags.yaml", "--sampler", "tpe", "--budget", "12 trials", "--name", "other")[
        "experiment"
    ]["spec"]
    assert (spec["name"], spec["search"]["sampler"], spec["budget"]["trials"]) == ("other", "tpe", 12)


def test_command_that_knows_nothing_of_daybreak(daybreak):
    found = daybreak.json(
        "run", "--space", "x=uniform:0..1", "--maximize", "value", "--budget", "4 trials", "--max-units", "4",
        "--", sys.executable, "script.py", "{x}",
    )  # fmt: skip
    assert found["experiment"]["state"] == "done"
    assert found["experiment"]["trials"] == 4
    assert max(t["units"] for t in found["trials"]) == 4


def test_lines_for_no_terminal_end_with_a_table_and_what_to_do_next(daybreak):
    done = daybreak(
        "run", "toy:main", "--space", "x=uniform:0..1", "--maximize", "value", "--max-units", "9", "--budget", "4 trials"
    )  # fmt: skip
    assert "no baseline" in done.stderr
    assert "--baseline" in done.stderr
    assert "best trial" in done.stdout
    assert "daybreak checkpoint get" in done.stdout.splitlines()[-1]
    assert "\x1b" not in done.stdout, "no escape codes where nobody interprets them"


@pytest.mark.parametrize("method", ["hyperband", "pbt", "asha_stopping", "adaptive_asha", "random"])
def test_method(daybreak, method):
    experiment = daybreak.run("--method", method, trials=8, name=method)["experiment"]
    assert experiment["state"] == "done", experiment["why"]
    assert experiment["best_trial"] is not None


DIGGER = '''
import numpy as np

def main(run):
    """Gradient descent on a bowl: how far it came lives in the state, and a small step gets nowhere on its own."""
    kept = {"at": np.full(4, 10.0)}
    run.keep(state=kept)
    for _ in run.epochs(16):
        kept["at"] = kept["at"] * (1 - run.params.step)
        run.report(loss=float(np.square(kept["at"]).sum()))
'''


def test_population_on_fewer_slots_than_members_takes_over_the_best(daybreak):
    (daybreak.folder / "digger.py").write_text(DIGGER)
    (daybreak.folder / "population.yaml").write_text(
        "name: population\nrun: digger:main\nspace: {step: {log: [0.001, 0.3]}}\nobjective: {minimize: loss}\n"
        "search: {method: pbt, population: 6, perturb_every: 2, max_units: 16, sampler: random}\nbudget: {trials: 6}\nseed: 2\n"
        "deterministic: true\n"  # units take microseconds: else it is chance whether a member ends before another is judged
    )
    found = daybreak.json("run", "population.yaml", "--slots", "2")
    assert (found["experiment"]["state"], found["experiment"]["trials"]) == ("done", 6)
    assert {t["units"] for t in found["trials"]} == {16}
    clones = [t for t in found["trials"] if len(t["history"]) > 1]
    assert clones, "somebody took over one of the best"
    for trial in clones:
        (begun, first), *_, (units, last) = trial["history"]
        assert (begun, last) == (0, trial["point"]), "its first point and its last are both told"
        assert units > 0, "it goes on from where its source stood"
        assert first != last
        alone = 4 * (10 * (1 - first["step"]) ** 16) ** 2
        assert trial["last"]["loss"] < alone / 2, "better by far than its own first point would have come"


def test_grid_tries_every_point(daybreak):
    found = daybreak.json(
        "run", "toy:main", "--space", "x=0.1,0.3,0.5", "--space", "n=int:1..2", "--maximize", "value", "--max-units", "2",
        "--method", "grid", "--name", "grid",
    )  # fmt: skip
    points = [(t["point"]["x"], t["point"]["n"]) for t in found["trials"]]
    assert sorted(points) == [(x, n) for x in (0.1, 0.3, 0.5) for n in (1, 2)]


def test_several_objectives(daybreak):
    (daybreak.folder / "two.yaml").write_text(
        "name: two\nrun: toy:main\nspace: {x: {uniform: [0, 1]}}\nobjective: [{maximize: value}, {minimize: cost}]\n"
        "search: {method: asha, max_units: 9}\nbudget: {trials: 6}\nseed: 1\n"
    )
    found = daybreak.json("run", "two.yaml")
    assert found["experiment"]["state"] == "done"
    assert [len(values) for _, values in found["trials"][0]["rungs"]][:1] == [2]
    assert set(found["experiment"]["best"]) == {"value", "cost"}
    front = daybreak.json("show", "two")["front"]
    by_number = {t["trial"]: t["last"] for t in found["trials"]}
    assert front
    for one in front:
        assert not any(
            other["value"] > by_number[one]["value"] and other["cost"] < by_number[one]["cost"]
            for other in by_number.values()
        )
    for command in ("show", "best"):
        text = daybreak(command, "two").stdout
        assert f"no trial beats these {len(front)} in value and cost together" in text
