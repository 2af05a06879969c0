"""Data of an experiment: named in the file, found by its trials, watched while it runs, and looked after by `daybreak data`."""

import shutil

import pytest
from cli_process import wait_until

TRAIN = """
import os
import sys

def main(run):
    folder = run.data["numbers"]
    values = [float(word) for file in sorted(folder.glob("*.txt")) for word in file.read_text().split()]
    for unit in run.epochs(3):
        run.report(value=run.params.x * sum(values))

def write(run):
    main(run)
    with open("numbers/a.txt", "a") as file:
        file.write(" 0")

def tell(run):
    token = os.environ["HUB_TOKEN"]
    print("the token is", token)
    sys.stdout.write(token[:4])
    sys.stdout.flush()
    sys.stdout.write(token[4:] + "\\n")
    raise ValueError("no luck with " + token)
"""
SCRIPT = """
import os
import sys
print("the data lies at", os.environ["DAYBREAK_DATA_NUMBERS"], "and it is", os.listdir(sys.argv[1]))
print("and the token is", os.environ.get("HUB_TOKEN"), flush=True)
print("value=1.0")
"""
FILE = """
run: summing:%s
objective: {maximize: value}
space: {x: {uniform: [0.0, 1.0]}}
search: {method: random, max_units: 3, max_trials: 1}
data: {numbers: %s}
"""
SECRET = "correct-horse-battery-staple"


@pytest.fixture
def folder(daybreak):
    """Three numbers in two files, whose sum is 6, and nothing that another test left among them."""
    shutil.rmtree(daybreak.folder / "numbers", ignore_errors=True)
    (daybreak.folder / "numbers").mkdir()
    (daybreak.folder / "numbers" / "a.txt").write_text("1 2")
    (daybreak.folder / "numbers" / "b.txt").write_text("3")
    (daybreak.folder / "summing.py").write_text(TRAIN)
    (daybreak.folder / "unedited.py").write_text(SCRIPT)
    return daybreak.folder


def start(daybreak, function="main", data="./numbers", more="", code=0):
    (daybreak.folder / "summing.yaml").write_text(FILE % (function, data) + more)
    return daybreak.json("run", "summing.yaml", code=code)


def with_secret(daybreak):
    """The file of credentials profiles of this home, which may not have been used yet, with the one profile `hub`."""
    daybreak.home.mkdir(exist_ok=True)
    profiles = daybreak.home / "profiles.toml"
    profiles.write_text(f'[hub]\nvariables = {{HUB_TOKEN = "{SECRET}"}}\n')
    profiles.chmod(0o600)
    return profiles


def test_trials_find_their_data_by_name_and_unchanged_data_is_not_told_of(daybreak, folder):
    result = start(daybreak)
    (trial,) = result["trials"]
    assert trial["last"]["value"] == pytest.approx(trial["point"]["x"] * 6)
    assert daybreak.json("data", "verify", str(result["experiment"]["experiment"]))[0]["same"]
    assert not any("data" in notice["text"] for notice in result["notices"])


def test_data_that_changed_during_the_run_is_told_and_verify_says_what(daybreak, folder):
    number = str(start(daybreak, "write")["experiment"]["experiment"])

    def told():
        return [one["text"] for one in daybreak.json("show", number)["notices"] if "`numbers` changed" in one["text"]]

    (text,) = wait_until(told)
    assert "data `numbers` changed since the experiment was handed in (a.txt)" in text
    (verdict,) = daybreak.json("data", "verify", number, code=1)
    assert verdict["difference"]["changed"] == ["a.txt"]
    assert "changed  a.txt" in daybreak("data", "verify", f"{number}:numbers", code=1).stdout
    assert daybreak.json("data", "diff", number, "./numbers")["numbers"]["changed"] == ["a.txt"]


def test_trials_of_a_snapshot_read_what_was_kept(daybreak, folder):
    daybreak("data", "add", "numbers", "--name", "kept", "--snapshot")
    (folder / "numbers" / "a.txt").write_text("100")
    (folder / "numbers").rename(folder / "elsewhere")
    try:
        (trial,) = start(daybreak, data="kept")["trials"]
    finally:
        shutil.rmtree(folder / "elsewhere")
    assert trial["last"]["value"] == pytest.approx(trial["point"]["x"] * 6)


def test_datasets_are_added_listed_compared_and_verified_by_name(daybreak, folder):
    (folder / "split.csv").write_text("sample,split\na.txt,train\nb.txt,test\n")
    added = daybreak.json("data", "add", "numbers", "--name", "first", "--split", "split.csv")
    assert (added["files"], added["bytes"], added["splits"]) == (2, 4, {"test": 1, "train": 1})
    (folder / "numbers" / "b.txt").rename(folder / "numbers" / "c.txt")
    (folder / "split.csv").write_text("sample,split\na.txt,test\nb.txt,test\n")
    daybreak("data", "add", "./numbers", "--name", "second", "--split", "split.csv")
    assert {row["name"] for row in daybreak.json("data", "ls")} >= {"first", "second"}
    (found,) = daybreak.json("data", "diff", "first", "second").values()
    assert (found["renamed"], found["moved"]) == ([["b.txt", "c.txt"]], {"a.txt": ["train", "test"]})
    assert "renamed  b.txt -> c.txt" in daybreak("data", "diff", "first", "second").stdout
    assert "no difference" in daybreak("data", "diff", "second", "numbers").stdout
    daybreak("data", "verify", "second")
    daybreak("data", "verify", "first", code=1)


def test_what_is_no_dataset_is_named_with_what_to_do(daybreak, folder):
    assert "is no dataset of this home, and no experiment" in daybreak("data", "verify", "nothing", code=2).stderr
    assert "there is no" in daybreak("data", "add", "nowhere", code=2).stderr
    assert "daybreak data add ./summing.py" in daybreak("data", "verify", "./summing.py", code=2).stderr


def test_data_on_the_command_line_of_an_unedited_script_is_captured_and_said_so(daybreak, folder):
    words = "run", "--maximize", "value", "--budget", "1 trials", "--", "python", "unedited.py", "numbers"
    done = daybreak(*words)
    assert "numbers is captured as data `numbers`" in done.stderr
    newest = daybreak.json("show")["experiment"]
    assert list(newest["spec"]["data"]) == ["numbers"]
    assert f"the data lies at {folder}/numbers" in daybreak("logs", str(newest["experiment"])).stdout


def test_credentials_reach_the_attempts_and_nothing_else(daybreak, folder):
    profiles = with_secret(daybreak)
    assert daybreak.json("data", "profiles") == [{"name": "hub", "variables": ["HUB_TOKEN"], "from": ["file"]}]
    result = start(daybreak, "tell", more="credentials: [hub]\nretry: 0\n", code=3)
    number = str(result["experiment"]["experiment"])
    log = daybreak("logs", number).stdout
    assert "the token is [redacted]" in log
    assert "ValueError: no luck with [redacted]" in log
    assert "no luck with [redacted]" in str(result)
    script = "run", "--maximize", "value", "--budget", "1 trials", "--", "python", "unedited.py", "numbers"
    daybreak(*script)
    assert "and the token is None" in daybreak("logs").stdout
    profiles.unlink()
    holders = [file for file in daybreak.folder.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
    assert holders == []


def test_an_unedited_scripts_output_is_redacted_too(daybreak, folder):
    with_secret(daybreak)
    (folder / "unedited.yaml").write_text(
        "run: python unedited.py numbers\nobjective: {maximize: value}\ncredentials: [hub]\nbudget: 1 trials\n"
    )
    daybreak("run", "unedited.yaml")
    assert "and the token is [redacted]" in daybreak("logs").stdout


def test_a_profile_that_is_missing_is_told_before_anything_runs(daybreak, folder):
    (folder / "summing.yaml").write_text(FILE % ("main", "./numbers") + "credentials: [none]\n")
    assert "there is no credentials profile none" in daybreak("run", "summing.yaml", code=2).stderr
