"""Things asked for that are not there, or that cannot be had; and what interrupts a run."""

import json
import os
import signal
import time

import pytest
from bad_input import SPACE, serving

TRAIN = """
import time

def main(run):
    for _ in run.epochs(3):
        run.report(acc=run.params.width)

def slow(run):
    kept = {"units": 0}
    run.keep(state=kept)
    for _ in run.epochs(30):
        time.sleep(0.1)
        kept["units"] += 1
        run.report(acc=run.params.width)
"""
SLOW = ("train:slow", "--space", "width=uniform:0..1", "--maximize", "acc", "--max-units", "30", "--baseline", "0")


@pytest.fixture(scope="module")
def daybreak(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("asking")) as made:
        made.write("train.py", TRAIN)
        made.run("train:main", "--name", "first", code=0, trials=3)
        yield made


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("show 99", "there is no experiment 99: `daybreak ls` lists those there are"),
        ("logs nosuch", "there is no experiment 'nosuch'; the newest are "),
        ("logs 1.77", "experiment 1 has no trial 77: it has 1.1 to 1.3"),
        ("checkpoint get 1.99", "experiment 1 has no trial 99: it has 1.1 to 1.3"),
        ("checkpoint get 1.1", "the trial has no checkpoint: its code keeps nothing (run.keep)"),
        ("checkpoint get 1.x", "a trial is EXPERIMENT.TRIAL, for example 3.17, got '1.x'"),
        ("compare 1.1", "compare needs two or more trials (3.17) or experiments (3)"),
        ("compare 1.1 1.99", "experiment 1 has no trial 99"),
        ("export 1 -o /nonexistent/x.csv", "cannot write /nonexistent/x.csv: the folder /nonexistent does not exist"),
        ("report 1 -o /nonexistent/x.html", "cannot write /nonexistent/x.html: the folder /nonexistent does not exist"),
        ("logs 1 --grep [", "--grep must be a regular expression, got '['"),
        (
            "resume 1",
            "experiment 1 is done (budget of 3 trials used); give it more with: daybreak resume 1 --budget ...",
        ),
        ("resume 1 --max-units 0", "the experiment cannot be extended like that: search.max_units: "),
    ],
)
def test_what_is_not_there_is_said_with_what_is(daybreak, words, told):
    said = daybreak(*words.split(), code=2)
    assert said.err.startswith(f"error: {told}")
    assert not said.out


def test_a_word_that_is_no_command_or_flag(daybreak):
    assert 'Unknown command "runn". Did you mean "run"?' in daybreak("runn", code=2).err
    assert "Unknown option: --hom. Did you mean --home?" in daybreak("show", "--hom", "x", code=2).err


def test_more_can_be_given_to_what_is_done_but_not_less(daybreak):
    daybreak.run("train:main", "--name", "grown", code=0, trials=3)
    said = daybreak("resume", "grown", "--budget", "3 trials", code=2)
    assert "a larger budget is needed: experiment " in said.err
    assert " has used 3 trials of 3 trials; for example" in said.err
    assert " is done; nothing to pause" in daybreak("pause", "grown", code=0).out

    assert "done: budget of 5 trials used" in daybreak("resume", "grown", "--budget", "5 trials", code=0).out


def test_ctrl_c_freezes_and_says_how_to_go_on(daybreak):
    follower = daybreak.start("run", *SLOW, "--budget", "3 trials", "--name", "interrupted")
    running(daybreak, "interrupted")
    follower.send_signal(signal.SIGINT)
    _, err = follower.communicate(timeout=30)
    assert follower.returncode == 130
    assert "frozen; nothing is lost. Go on with: daybreak resume " in err
    assert daybreak.state("interrupted") == "paused"
    assert "done: budget of 3 trials used" in daybreak("resume", "interrupted", code=0).out


def test_a_controller_that_is_ended_is_told_of_and_nothing_is_lost(daybreak):
    follower = daybreak.start("run", *SLOW, "--budget", "3 trials", "--name", "cut")
    running(daybreak, "cut")
    os.kill(int((daybreak.home / "run" / "controller.lock").read_text()), signal.SIGTERM)
    out, err = follower.communicate(timeout=30)
    assert follower.returncode == 4, (out, err)
    assert "the controller went away; nothing that was acknowledged is lost. Go on with: daybreak resume " in err
    assert "done: budget of 3 trials used" in daybreak("resume", "cut", code=0).out


def test_a_name_with_markup_is_shown_as_it_is(daybreak):
    daybreak("run", "train:main", *SPACE, "--budget", "2 trials", "--name", "[bold]x[/y]", code=0)
    assert "[bold]x[/y]" in daybreak("ls", code=0).out


def running(daybreak, name):
    deadline = time.monotonic() + 30
    while (said := daybreak("show", name, "--json")).code or not json.loads(said.out)["status"]["units"]:
        assert time.monotonic() < deadline, said
