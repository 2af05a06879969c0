"""A sealed test set from end to end: opened by `run.score_test` alone, counted before it is, shown, judged by the gate."""

import json
import subprocess
import sys

import pytest
from cli_process import CommandLine

from daybreak.audit.outcome import Finding
from daybreak.audit.registry import RULES
from daybreak.client.client import Client
from daybreak.validation import gate, records, summing
from daybreak.validation import policy as policies
from daybreak.validation.report import Answer, Report
from daybreak.validation.subject import of_run

TRAIN = """
import os, time
from pathlib import Path

def score(path):
    if os.environ.get("KILL") and not (flag := Path(os.environ["KILL"]).with_name("killed")).exists():
        flag.touch()
        os.kill(int(Path(os.environ["KILL"]).read_text()), 9)
        time.sleep(60)  # this process is ended before that: its agent is gone
    if os.environ.get("DIE_AT") and not (flag := Path(os.environ["DIE_AT"])).exists():
        flag.touch()
        os.kill(os.getpid(), 9)
    cells = [float(line.split(",")[0]) for line in path.read_text().splitlines()[1:]]
    return {"accuracy": sum(cell > 0.5 for cell in cells) / len(cells)}

def main(run):
    run.keep(state={"n": 1})
    for epoch in run.epochs(2):
        run.report(accuracy=0.5 + run.params.lr * epoch)
    print("told of", sorted(run.data), [name for name in os.environ if "DAYBREAK_DATA" in name])
    print("test", run.score_test(score))

def changing(run):
    open(os.environ["TEST"], "a").write("0.9,1\\n")
    main(run)

def gang(run):
    for epoch in run.epochs(1):
        run.report(accuracy=0.5)
    run.score_test(lambda path: {"rank": run.rank})

def plain(run):
    run.keep(state={"n": 1})
    for epoch in run.epochs():
        run.report(accuracy=0.5 + run.params.lr * (epoch + 1))

def final(run):
    state = {"n": 0}
    run.keep(state=state)
    assert state == {"n": 1}
    run.score_test(score)

def wrong(run):
    run.score_test(score, data="tset")

if __name__ == "__main__":
    import daybreak
    daybreak.run(main, lr=0.1)
"""
EXPERIMENT = {
    "run": "train:main",
    "objective": {"maximize": "accuracy"},
    "space": {"lr": {"uniform": [0.01, 0.1]}},
    "search": {"method": "random", "max_trials": 2},
    "data": {"train": "./train.csv", "test": {"path": "./test.csv", "sealed": True}},
    "audit": "y",
    "baseline": 0.1,
}
POLICY = """
audits: {overlap.exact: block}
test_looks: 2
metrics: {accuracy: ">= 0.5"}
"""


@pytest.fixture(scope="module")
def daybreak(tmp_path_factory):
    command_line = CommandLine(tmp_path_factory.mktemp("sealed"))
    folder = command_line.folder
    (folder / "train.py").write_text(TRAIN)
    (folder / "policy.yaml").write_text(POLICY)
    for name in ("train", "test"):
        rows = [f"{i / 10},{i % 2}" for i in range(10)]
        (folder / f"{name}.csv").write_text("\n".join(["a,y", *rows]) + "\n")
    command_line.environment["DAYBREAK_DATA_TEST"] = str(
        folder / "test.csv"
    )  # of whoever starts it: no attempt sees it
    yield command_line
    command_line.shut_down()


def written(daybreak, name, **changes):
    """An experiment file of this name."""
    (daybreak.folder / f"{name}.yaml").write_text(json.dumps(EXPERIMENT | changes))
    return f"{name}.yaml"


LEAK = Finding("overlap.exact", "error", "3 of 10 test rows stand in train", "certain")
ONE = {"method": "single", "max_trials": 1}


@pytest.fixture(scope="module")
def search(daybreak):
    """Two trials, each of which looked once."""
    return daybreak.json("run", written(daybreak, "digits"), "--slots", "2")


def audited(daybreak, run, *findings):
    """An audit of the run as `daybreak audit RUN` keeps it."""
    with Client(daybreak.home) as client:
        subject = of_run(client, run)
    binding = subject.binding
    answers = tuple(Answer(name, "clean") for name in (*(rule.name for rule in RULES), "code"))
    found = summing.findings(findings, binding.data, binding.code)
    report = Report(findings=found, answers=answers, rows={"train": 10, "test": 10}, code=binding.code, at=1.0)
    records.keep(subject, report)
    return [one.fingerprint for one in found]


def test_attempts_are_not_told_of_it_and_their_look_is_counted_and_shown(daybreak, search):
    assert [look["metrics"] for look in search["test_looks"]] == [{"accuracy": 0.4}] * 2
    assert {look["family"] for look in search["test_looks"]} == {"digits"}
    printed = daybreak("logs", "digits").stdout
    assert "told of ['train'] []" in printed
    assert "test {'accuracy': 0.4}" in printed
    assert "test looked at 2 times" in daybreak("show", "digits").stdout


def test_test_scores_are_no_metrics_of_the_search(daybreak, search):
    assert all(set(trial["last"]) == {"accuracy"} and trial["last"]["accuracy"] > 0.5 for trial in search["trials"])
    assert daybreak("ledger", "check").stdout.strip() == "the ledger is sound"


def test_a_training_that_dies_while_it_looks_has_looked_and_looks_again(daybreak, search):
    die = {"DIE_AT": str(daybreak.folder / "died")}
    done = daybreak.json("run", written(daybreak, "mortal", search=ONE, space={"lr": 0.1}, environment=die))
    epochs = [(look["epoch"], look["metrics"]) for look in done["test_looks"]]
    assert epochs == [(1, {}), (2, {"accuracy": 0.4})]


def test_a_look_is_in_the_log_when_the_controller_is_killed_while_it_lasts(daybreak, search):
    """What was counted stays counted; the trial goes on, and looks once more."""
    kill = {"KILL": str(daybreak.home / "run" / "controller.lock")}
    daybreak("run", written(daybreak, "orphan", search=ONE, space={"lr": 0.1}, environment=kill), code=4)
    done = daybreak.json("resume", "orphan")
    assert [(look["epoch"], look["metrics"]) for look in done["test_looks"]] == [(1, {}), (2, {"accuracy": 0.4})]
    assert daybreak("ledger", "check").stdout.strip() == "the ledger is sound"


def test_a_gang_looks_once_and_rank_0_says_what_came_of_it(daybreak, search):
    gang = {"run": "train:gang", "search": ONE, "space": {"lr": 0.1}, "resources": {"slots": 2}}
    done = daybreak.json("run", written(daybreak, "gang", **gang))
    assert [look["metrics"] for look in done["test_looks"]] == [{"rank": 0.0}]


def test_a_name_that_is_not_sealed_is_told_with_what_there_is(daybreak, search):
    wrong = {"run": "train:wrong", "search": ONE, "space": {"lr": 0.1}, "retry": 0}
    done = daybreak("run", written(daybreak, "wrong", **wrong), code=3)
    assert "the experiment has test: write `data: {tset:" in daybreak("logs", "wrong").stdout + done.stderr
    assert daybreak.json("show", "wrong")["test_looks"] == []
    assert "has no trial with a score" in daybreak("gate", "wrong", code=2).stderr


def test_data_that_is_not_what_was_handed_in_is_not_opened(daybreak, search):
    """Its score would be of something else."""
    test = daybreak.folder / "test.csv"
    kept = test.read_bytes()
    changing = {
        "run": "train:changing",
        "search": ONE,
        "space": {"lr": 0.1},
        "retry": 0,
        "environment": {"TEST": str(test)},
    }
    try:
        daybreak("run", written(daybreak, "changing", **changing), code=3)
    finally:
        test.write_bytes(kept)
    assert "is not what it was when the experiment was handed in" in daybreak("logs", "changing").stdout
    assert daybreak.json("show", "changing")["test_looks"] == []


def test_off_the_platform_it_works_and_says_that_nobody_counts(daybreak):
    words = [sys.executable, "train.py", "--epochs", "1"]
    told = daybreak.environment | {"DAYBREAK_DATA_TEST": "test.csv"}
    done = subprocess.run(words, cwd=daybreak.folder, env=told, capture_output=True, text=True, timeout=60, check=True)
    assert "test   accuracy=0.4000" in done.stdout
    assert "nobody counts this look" in done.stderr


def test_a_fork_is_of_the_family_and_its_looks_count_together(daybreak, search):
    daybreak("run", written(daybreak, "parent", search=ONE, space={"lr": 0.1}))
    done = daybreak.json("fork", "parent")
    assert [look["family"] for look in done["test_looks"]] == ["parent", "parent"]


def test_looks_and_audits_travel_with_a_bundle(daybreak, search, tmp_path):
    run = f"{search['experiment']['experiment']}.1"
    (name,) = audited(daybreak, run, LEAK)
    daybreak("export", run, "--bundle", str(tmp_path / "b.tar.zst"))
    other = CommandLine(tmp_path)
    try:
        other("import", str(tmp_path / "b.tar.zst"))
        found = other.json("gate", "1.1", code=1)
    finally:
        other.shut_down()
    answers = {one["what"]: one for one in found["asked"]}
    assert answers["overlap.exact"]["fingerprints"] == [name]
    assert answers["test looks"]["measured"]["looks"] == 2


def test_the_gate_blocks_until_somebody_answers_for_it(daybreak):
    number = daybreak.json("run", written(daybreak, "judged", search=ONE, space={"lr": 0.1}))["experiment"][
        "experiment"
    ]
    run, policy = f"{number}.1", ("--policy", "policy.yaml")
    first = daybreak("gate", run, *policy, code=1).stdout
    assert "never audited" in first
    assert f"next  daybreak audit {run}" in first
    names = audited(daybreak, run, LEAK)
    found = daybreak.json("gate", run, *policy, code=1)
    assert [one["what"] for one in found["asked"] if one["blocks"]] == ["overlap.exact", "accuracy >= 0.5"]
    names = [name for one in found["asked"] if one["blocks"] for name in one["fingerprints"]]
    for name in names:
        daybreak("waive", name[:12], "--reason", "a demonstration", "--until", "2d", "--author", "Ada")
    assert "passed with warnings" in daybreak("gate", run, *policy).stdout
    daybreak("waive", names[0], "--revoke", "--reason", "it was a mistake")
    daybreak("gate", run, *policy, code=1)
    assert [one["standing"] for one in daybreak.json("waive")] == ["revoked", "in force"]
    with Client(daybreak.home) as client:
        decision = gate.ask(client, run, policies.read(daybreak.folder / "policy.yaml"))
    assert [one.what for one in decision.asked if one.blocks] == ["overlap.exact"]


def test_the_winner_alone_is_scored_after_the_search(daybreak):
    """One look for one model: the search itself looks at nothing."""
    plain = {"run": "train:plain", "search": {"method": "random", "max_trials": 2, "max_units": 2}}
    done = daybreak.json("run", written(daybreak, "winner", **plain))
    assert done["test_looks"] == []
    best = f"{done['experiment']['experiment']}.{done['experiment']['best_trial']}"
    scored = daybreak.json("model", "score", best, "train:final")
    assert [(look["family"], look["units"], look["metrics"]) for look in scored["test_looks"]] == [
        ("winner", 2, {"accuracy": 0.4})
    ]
    told = {
        one["on"]: one["value"] for one in daybreak.json("model", "card", best)["scores"] if one["metric"] == "accuracy"
    }
    assert told["test"] == 0.4
    assert told["reported"] > 0.5
    assert "train:final" in daybreak("model", "score", best, "final", code=2).stderr


def test_a_card_is_a_page_that_says_what_is_known_and_what_is_not(daybreak, search):
    card = {"use": "spoken digits over a telephone", "limits": "one language"}
    number = daybreak.json("run", written(daybreak, "carded", search=ONE, space={"lr": 0.1}, card=card))["experiment"][
        "experiment"
    ]
    said = daybreak("model", "card", str(number), "-o", "card.html").stdout
    assert "never audited" in said
    page = (daybreak.folder / "card.html").read_text()
    assert "spoken digits over a telephone" in page
    assert "It does not pass" in page
    found = daybreak.json("model", "card", str(number))
    assert (found["verdict"], found["about"]["limits"], found["path"]) == ("blocked", "one language", None)
    assert found["data"][1]["sealed"] is True


def test_what_cannot_be_asked_ends_with_2_and_one_sentence(daybreak, search):
    for words in (
        ("gate", "99"),
        ("gate", "digits", "--policy", "nowhere.yaml"),
        ("waive", "0" * 12, "--reason", "x", "--until", "1d"),
    ):
        assert daybreak(*words, code=2).stderr.startswith("error: ")
