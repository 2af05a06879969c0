"""One finished search, looked at with every command that looks."""

import csv
import io
import json
import re

import pytest
from cli_process import wait_until

import daybreak as library

pytestmark = pytest.mark.xdist_group("cli_results")


@pytest.fixture(scope="module")
def search(daybreak):
    """A search of 6 trials, done, and the document that `run --json` ended with."""
    return daybreak.run("--slots", "2")


def test_run_json_is_the_experiment_its_trials_and_its_notices(search):
    assert sorted(search) == ["audited", "experiment", "notices", "test_looks", "trials"]
    experiment = search["experiment"]
    assert (experiment["state"], experiment["trials"], experiment["baseline"]) == ("done", 6, 0.1)
    best = next(t for t in search["trials"] if t["trial"] == experiment["best_trial"])
    assert best["score"] == max(t["score"] for t in search["trials"])
    assert best["units"] == 9


def test_ls_lists_it(daybreak, search):
    assert [row["name"] for row in daybreak.json("ls")] == ["toy"]
    line = daybreak("ls").stdout.splitlines()[1].split()
    assert line[:4] == ["1", "toy", "done", "6"]


def test_show_tells_rungs_trials_and_budget(daybreak, search):
    found = daybreak.json("show")
    assert sorted(found) == [
        "audited",
        "certificates",
        "experiment",
        "front",
        "notices",
        "status",
        "test_looks",
        "trials",
    ]
    assert found["status"]["budget"]["trials"] == [6.0, 6.0]
    text = daybreak("show", "toy").stdout
    assert re.search(r"^ *9 +\d+ +0", text, re.MULTILINE), text
    assert text.count("sampler:density") == 6


def test_best_is_the_best_and_says_its_lift(daybreak, search):
    score = max(t["score"] for t in search["trials"])
    assert daybreak.json("best")["score"] == score
    assert f"lift {score - 0.1:+.4g}" in daybreak("best", "1").stdout


def test_compare_shows_only_what_differs(daybreak, search):
    found = daybreak.json("compare", "1.1", "1.2")
    assert found["x"].keys() == {"1.1", "1.2"}
    assert found["x"]["1.1"] != found["x"]["1.2"]
    assert not any(name.startswith("spec.") for name in found), "both are of one experiment"
    assert "x" in daybreak("compare", "1.1", "1.2").stdout


def test_attach_to_what_is_over_shows_the_result(daybreak, search):
    assert "best trial 1." in daybreak("attach", "1").stdout


def test_every_result_says_that_its_score_was_not_audited(daybreak, search):
    number = search["experiment"]["best_trial"]
    for words in (("attach", "1"), ("show", "1"), ("best", "1")):
        assert f"not audited: daybreak audit 1.{number}" in daybreak(*words).stdout
    assert search["audited"] == "not audited"


def test_logs_of_all_of_one_trial_and_by_pattern(daybreak, search):
    everything = daybreak("logs").stdout
    assert everything.count("unit 0 of x=") == 6
    assert re.search(r"^1\.1\.1 \| unit 0 of x=", everything, re.MULTILINE)
    one = daybreak("logs", "1.2").stdout
    assert one.startswith("unit 0 of x=")
    x = next(t["point"]["x"] for t in search["trials"] if t["trial"] == 2)
    assert f"x={x:.3f}" in one
    assert daybreak("logs", "--grep", "unit 8").stdout.count("\n") == sum(t["units"] == 9 for t in search["trials"])
    assert daybreak("logs", "--since", "10m").stdout == everything
    found = daybreak.json("logs", "1.1", "--grep", "unit 0")
    assert [(f["attempt"], len(f["lines"])) for f in found] == [("1.1.1", 1)]


@pytest.mark.parametrize("kind", ["csv", "parquet", "json"])
def test_export_trials(daybreak, search, kind):
    file = daybreak.folder / f"trials.{kind}"
    assert f"6 rows to {file}" in daybreak("export", "-o", str(file)).stderr.replace("\n", "")
    rows = read(file)
    assert len(rows) == 6
    assert float(rows[0]["param.x"]) == search["trials"][0]["point"]["x"]
    assert {"trial", "state", "units", "score", "last.cost", "best.value"} <= set(rows[0])


def test_export_learning_curves_to_several_files_at_once(daybreak, search):
    files = [daybreak.folder / "points.csv", daybreak.folder / "points.json"]
    found = daybreak.json("export", "--points", "-o", str(files[0]), "-o", str(files[1]))
    assert [entry["path"] for entry in found] == [str(file) for file in files]
    first, second = (read(file) for file in files)
    assert len(first) == len(second) == found[0]["rows"]
    steps = [int(row["step"]) for row in first if row["trial"] == "1" and row["metric"] == "value"]
    assert steps == list(range(1, search["trials"][0]["units"] + 1))


def test_export_to_standard_output(daybreak, search):
    assert len(list(csv.DictReader(io.StringIO(daybreak("export").stdout)))) == 6
    assert len(daybreak.json("export")) == 6


def test_export_to_an_unknown_ending_says_which_there_are(daybreak, search):
    said = daybreak("export", "-o", "trials.xls", code=2).stderr
    assert ".csv, .parquet or .json" in said


def test_checkpoint_holds_what_was_kept(daybreak, search):
    file = daybreak.folder / "best.ckpt"
    found = daybreak.json("checkpoint", "get", "-o", str(file))
    assert (found["units"], found["path"]) == (9, str(file))
    kept = library.load_checkpoint(file)
    best = daybreak.json("best")
    assert kept["state"]["count"] == 9
    assert kept["state"]["weights"].tolist() == pytest.approx([9 * best["point"]["x"]] * 3)
    saved = [row for row in daybreak.json("checkpoint", "ls") if row["state"] == "saved"]
    assert found["digest"] in {row["digest"] for row in saved}
    assert "bytes kept" in daybreak("checkpoint", "ls").stdout


def test_checkpoint_of_one_trial(daybreak, search):
    assert daybreak.json("checkpoint", "get", "1.1")["trial"] == "1.1"
    assert "no trial 99" in daybreak("checkpoint", "get", "1.99", code=2).stderr


def test_report_is_one_file(daybreak, search):
    page = daybreak.folder / "toy-1.html"
    assert daybreak.json("report") == {"path": "toy-1.html"}
    assert "Learning curves" in page.read_text()


def test_the_ledger_is_sound_and_can_be_rebuilt(daybreak, search):
    assert daybreak.json("ledger", "check") == []
    assert "sound" in daybreak("ledger", "check").stdout
    assert "daybreak controller shutdown" in daybreak("ledger", "rebuild", code=5).stderr
    daybreak.shut_down()
    assert daybreak.json("ledger", "rebuild")["equal"] is True


def test_schema_is_a_json_schema(daybreak):
    assert daybreak.json("schema") == json.loads(daybreak("schema").stdout)
    assert "space" in daybreak.json("schema")["properties"]


def test_plan_tells_trials_per_rung_and_time(daybreak):
    words = (
        "plan",
        "toy:main",
        "--space",
        "x=uniform:0..1",
        "--maximize",
        "value",
        "--max-units",
        "9",
        "--budget",
        "27 trials",
    )
    found = daybreak.json(*words, "--unit", "60", "--slots", "2")
    assert found["brackets"][0]["lengths"] == [1, 3, 9]
    assert found["brackets"][0]["reach"][0] == 27
    assert found["wall"] >= found["slot_hours"] * 1800
    assert "trials that reach it" in daybreak(*words).stdout


def test_simulation_repeats_to_the_byte(daybreak):
    words = ("simulate", "toy:main", "--space", "x=uniform:0..1", "--maximize", "value", "--max-units", "9", "--budget",
             "20 trials", "--seed", "5", "--json")  # fmt: skip
    first = daybreak(*words).stdout
    assert daybreak(*words).stdout == first
    assert json.loads(first)


def test_errors_are_json_on_standard_error_when_json_is_asked_for(daybreak, search):
    done = daybreak("show", "nothing", "--json", code=2)
    assert done.stdout == ""
    assert json.loads(done.stderr) == {
        "error": "NotFound",
        "message": "there is no experiment 'nothing'; the newest are toy",
    }
    done = daybreak("ls", "--no-such-flag", "--json", code=2)
    assert json.loads(done.stderr)["error"] == "UsageError"


def test_controller_says_who_it_is_and_ends(daybreak, search):
    assert daybreak.json("controller", "status")["running"] is True
    assert daybreak.json("controller", "shutdown") == {"controller": "ended"}
    assert daybreak.json("controller", "status", code=1) == {"running": False, "home": str(daybreak.home)}
    assert daybreak.json("show", "1")["experiment"]["state"] == "done", "the next command starts one again"
    wait_until(lambda: daybreak.json("controller", "status")["running"])


def read(file):
    if file.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(file.read_text())))
    if file.suffix == ".json":
        return json.loads(file.read_text())
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet is an extra")
    return parquet.read_table(file).to_pylist()
