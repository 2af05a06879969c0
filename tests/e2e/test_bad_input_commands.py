"""Commands that are wrong: refused where they cannot be started, told once where they fail."""

import pytest
from bad_input import serving

SCRIPT = """
import sys, time
mode, width = sys.argv[1], float(sys.argv[2])
if mode == "sleeps":
    time.sleep(60)
if mode == "fails":
    print("usage: train.py MODE")
    sys.exit(2)
if mode == "sometimes" and width < 0.4:
    raise ValueError(f"width {width} is too small")
for epoch in range(1, 4):
    if mode != "silent":
        print(f"epoch={epoch} {'accuracy' if mode == 'other' else 'acc'}={'nan' if mode == 'nan' and width < 0.4 else width}")
"""


@pytest.fixture(scope="module")
def daybreak(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("commands")) as made:
        made.write("train.py", SCRIPT)
        yield made


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["pyton", "train.py"], "error: there is no program 'pyton' on the PATH; did you mean 'python'?\n"),
        (["python", "trian.py"], "error: there is no file trian.py in {folder}; did you mean train.py?\n"),
        (["./train.py", "x"], "error: the command's program must be executable, {folder}/train.py is not: chmod +x"),
        (["./start.sh", "x"], "error: the command's program must be there: there is no file {folder}/start.sh"),
    ],
)
def test_a_command_that_cannot_be_started_is_refused(daybreak, command, words):
    said = daybreak.run("--", *command, code=2)
    assert said.err.startswith(words.format(folder=daybreak.folder))


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("silent", "the objective 'acc' must be reported, but no metric was; report it with daybreak.log or print it"),
        ("other", "the objective 'acc' must be reported, but only accuracy was seen; did you mean 'accuracy'?"),
    ],
)
def test_a_metric_that_is_never_printed(daybreak, mode, told):
    said = daybreak.run("--", "python", "train.py", mode, "{width}", code=3)
    assert said.out.count(told) == 1
    assert f"failed: {told}" in said.err


def test_a_script_that_fails_at_once_ends_the_search_early(daybreak):
    said = daybreak.run("--", "python", "train.py", "fails", "{width}", code=3, trials=50)
    assert said.times("(told once per cause)") == 1
    assert "failed: ended with exit code 2 (told once per cause)\nusage: train.py MODE\n" in said.out
    assert "failed: the first 5 trials all failed, none reported anything: ended with exit code 2" in said.err


def test_a_script_that_fails_for_some_configurations_fails_those(daybreak):
    said = daybreak.run("--", "python", "train.py", "sometimes", "{width}", code=0)
    assert said.times("(told once per cause)") == 1
    assert "best trial" in said.out


def test_nan_is_the_worst_and_no_error(daybreak):
    said = daybreak.run("--", "python", "train.py", "nan", "{width}", code=0)
    assert said.times("diverged: acc = nan") == 1
    assert "error" not in said.text


def test_a_budget_in_which_nothing_was_reported(daybreak):
    words = ("--space", "width=uniform:0..1", "--maximize", "acc", "--max-units", "3", "--budget", "0.3s")
    said = daybreak("run", *words, "--", "python", "train.py", "sleeps", "{width}", code=3)
    assert (
        "failed: budget of 0.3 s used before any trial reported 'acc'; raise the budget, or report more often"
        in said.err
    )
