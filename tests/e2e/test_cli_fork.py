"""Forks: from an experiment, from a trial, and from the exact point where a trial stood."""

import pytest

pytestmark = pytest.mark.xdist_group("cli_fork")


@pytest.fixture(scope="module")
def searched(daybreak):
    """A search of six trials; the row of its best."""
    found = daybreak.run(name="searched")
    number = found["experiment"]["best_trial"]
    return next(trial for trial in found["trials"] if trial["trial"] == number)


def checkpoints(daybreak, experiment, trial):
    rows = daybreak.json("checkpoint", "ls", str(experiment))
    return {row["units"]: row["digest"] for row in rows if row["trial"] == trial and row["state"] == "saved"}


def test_a_fork_without_a_change_trains_to_the_same_bits(daybreak, searched):
    number, kept = searched["trial"], checkpoints(daybreak, "searched", searched["trial"])
    early = min(kept)
    fork = daybreak.json("fork", f"searched.{number}@{early}")
    experiment = fork["experiment"]
    assert experiment["spec"]["parent"] == f"{searched['experiment']}.{number}@{early}"
    assert [trial["units"] for trial in fork["trials"]] == [9]
    assert experiment["units"] == 9 - early, "what was done before the fork is not charged to it"
    assert checkpoints(daybreak, experiment["experiment"], 1)[9] == kept[9]


def test_a_fork_with_a_space_is_a_search_from_that_point(daybreak, searched):
    early = min(checkpoints(daybreak, "searched", searched["trial"]))
    fork = daybreak.json(
        "fork", f"searched.{searched['trial']}@{early}", "--space", "x=uniform:0.2..0.4", "--budget", "3 trials", "--name", "near"
    )  # fmt: skip
    assert fork["experiment"]["name"] == "near"
    assert len(fork["trials"]) == 3
    assert all(trial["units"] > early for trial in fork["trials"])


def test_a_fork_of_an_experiment_searches_again_with_the_best_points_first(daybreak, searched):
    fork = daybreak.json("fork", "searched", "--budget", "7 trials", "--seed", "2")
    assert fork["experiment"]["spec"]["parent"] == str(searched["experiment"])
    assert fork["trials"][0]["point"] == searched["point"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["searched.1@7777"], "no checkpoint 7777"),
        (["searched.99"], "no trial 99"),
        (["nothing"], "no experiment 'nothing'"),
        (["searched.1@xyz"], "a point of one (3.17@9"),
        (["searched", "--set", "y=1"], "it has x"),
        (["searched", "--data", "digits=./x"], "none declared"),
    ],
)
def test_what_cannot_be_forked_is_told(daybreak, searched, words, told):
    assert told in daybreak("fork", *words, code=2).stderr


def test_a_finished_trial_goes_on_with_a_farther_horizon(daybreak, searched):
    name = f"searched.{searched['trial']}"
    assert "--max-units" in daybreak("fork", name, code=2).stderr
    fork = daybreak.json("fork", name, "--max-units", "12", "--set", "x=0.5")
    assert fork["trials"][0]["point"]["x"] == 0.5


def test_diff_shows_what_differs_and_only_that(daybreak, searched):
    daybreak("fork", "searched", "--set", "x=0.25", "--budget", "1 trials", "--name", "other", "--detach")
    assert daybreak.json("diff", "searched", "searched")["settings"] == []
    found = daybreak.json("diff", "searched", "other", code=1)
    assert [change["what"] for change in found["hyperparameters"]] == ["x"]
    assert {"what": "budget.trials", "a": 6, "b": 1} in found["settings"]
    assert (found["code"], found["environment"], found["data"]) == ([], [], [])


def test_diff_shows_changed_code_line_by_line(daybreak, searched):
    code = daybreak.folder / "toy.py"
    before = code.read_text()
    code.write_text(before.replace("- 0.5 /", "- 0.4 /"))
    try:
        daybreak.json("fork", "searched", "--new-code", "--budget", "1 trials", "--name", "changed")
    finally:
        code.write_text(before)
    files = {file["path"]: file for file in daybreak.json("diff", "searched", "changed", code=1)["code"]}
    assert [files["toy.py"][name] for name in ("how", "plus", "minus")] == ["changed", 1, 1]
    assert (
        "+        run.report(value=1 - (run.params.x - 0.3) ** 2 - 0.4 /"
        in daybreak("diff", "searched", "changed", "--patch", code=1).stdout
    )


def test_lineage_draws_the_family(daybreak, searched):
    daybreak("fork", "searched", "--budget", "1 trials", "--name", "child", "--detach")
    found = daybreak.json("lineage", "child")
    assert found["experiment"] == searched["experiment"]
    assert f"from {searched['experiment']}" in daybreak("lineage", "searched").stdout


def test_a_fork_reads_other_data_and_diff_names_the_files(daybreak):
    for folder, text in (("one", "1 2 3"), ("two", "4 5 6")):
        (daybreak.folder / folder).mkdir()
        (daybreak.folder / folder / "rows.txt").write_text(text)
    (daybreak.folder / "reads.py").write_text(
        "def main(run):\n"
        "    rows = (run.data['rows'] / 'rows.txt').read_text().split()\n"
        "    for unit in run.epochs(2):\n"
        "        run.report(value=sum(map(int, rows)) * run.params.x)\n"
    )
    (daybreak.folder / "reads.yaml").write_text(
        "run: reads:main\nspace: {x: {constant: 1.0}}\nobjective: {maximize: value}\n"
        "search: {method: random, max_units: 2}\nbudget: {trials: 1}\ndata: {rows: ./one}\n"
    )
    first = daybreak.json("run", "reads.yaml")["experiment"]
    fork = daybreak.json("fork", str(first["experiment"]), "--data", "rows=./two")["experiment"]
    assert (first["best"]["value"], fork["best"]["value"]) == (6.0, 15.0)
    found = daybreak.json("diff", str(first["experiment"]), str(fork["experiment"]), code=1)
    assert [change["what"] for change in found["data"]] == ["rows/rows.txt"]
    assert "reads.py" not in {file["path"] for file in found["code"]}


LINEAR = """
import numpy as np
from sklearn.linear_model import SGDRegressor

def main(run):
    model = SGDRegressor(eta0=run.params.lr, learning_rate="constant", random_state=0)
    run.keep(model=model)
    x_NF = np.linspace(-1, 1, 40).reshape(20, 2)
    for _ in run.epochs(6):
        model.partial_fit(x_NF, x_NF.sum(1))
        run.report(error=float(np.square(model.predict(x_NF) - x_NF.sum(1)).mean()))
"""

LINEAR_FILE = """
name: linear
run: linear:main
space: {lr: {choice: [0.01]}}
objective: {minimize: error}
search: {method: grid, max_units: 6}
checkpoint_every: 1 ms
"""


def test_a_fork_trains_with_the_hyperparameters_that_it_sets(daybreak):
    (daybreak.folder / "linear.py").write_text(LINEAR)
    (daybreak.folder / "linear.yaml").write_text(LINEAR_FILE)
    daybreak.json("run", "linear.yaml")
    early = min(checkpoints(daybreak, "linear", 1))
    same, other = (
        daybreak.json("fork", f"linear.1@{early}", "--set", f"lr={lr}", "--name", f"linear at {lr}")
        for lr in (0.01, 0.001)
    )
    parent, ours, theirs = (
        daybreak.json("show", name)["trials"][0]["last"]["error"]
        for name in ("linear", "linear at 0.01", "linear at 0.001")
    )
    assert ours == parent
    assert theirs > ours
    assert "model.eta0 0.01 -> 0.001" in daybreak("logs", f"{other['experiment']['experiment']}.1").stdout
    assert "eta0" not in daybreak("logs", f"{same['experiment']['experiment']}.1").stdout
    assert daybreak.json("verify", str(other["experiment"]["experiment"]))["level"] in {"rerun", "resume"}
