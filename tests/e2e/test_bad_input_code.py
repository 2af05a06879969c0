"""User code that is wrong: one clear message, told once, a search that goes on where it can, exit code 3 where it cannot."""

import json

import pytest
from bad_input import serving

TRAIN = """
import math, sys, time

def main(run):
    for _ in run.epochs(3):
        run.report(acc=run.params.width)

def misspelt(run):
    for _ in run.epochs(3):
        run.report(acc=run.params.widht)

def other_name(run):
    for _ in run.epochs(3):
        run.report(accuracy=run.params.width)

def diverging(run):
    for _ in run.epochs(3):
        run.report(acc=run.params.width if run.params.width > 0.7 else math.nan if run.params.width < 0.4 else -math.inf)

def sometimes(run):
    if run.params.width < 0.4:
        raise ValueError(f"width {run.params.width} is too small")
    main(run)

def leaves(run):
    sys.exit(3)

def two(run, more):
    pass

def no_memory(run):
    raise MemoryError

def greedy(run):
    hoard = bytearray(100_000_000)
    for _ in run.epochs(3):
        time.sleep(3)
        run.report(acc=len(hoard))

def stalls(run):
    for _ in run.epochs(3):
        if run.params.width < 0.5:
            time.sleep(60)
        run.report(acc=run.params.width)

def slow(run):
    for _ in run.epochs(3):
        time.sleep(0.4)
        run.report(acc=run.params.width)
"""


@pytest.fixture(scope="module")
def daybreak(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("code")) as made:
        made.write("train.py", TRAIN)
        made.write("needs.py", "import no_such_package_here\ndef main(run): ...\n")
        made.write("broken.py", "def main(run)\n    pass\n")
        made.write("unprepared.py", "def prepare(): open('/no/such/data.csv')\ndef main(run): ...\n")
        yield made


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (
            "nowhere:main",
            "nowhere:main cannot be loaded: `run: nowhere:main` needs a module 'nowhere', none is found in",
        ),
        ("train:mian", "needs a function 'mian' in"),
        ("train:two", "the training function takes one argument, the run: def main(run), got two(run, more)"),
        ("needs:main", "needs:main cannot be loaded: No module named 'no_such_package_here'"),
        ("broken:main", "broken:main cannot be loaded: expected ':' (broken.py, line 1)"),
        (
            "unprepared:main",
            "unprepared:main cannot be loaded: [Errno 2] No such file or directory: '/no/such/data.csv'",
        ),
    ],
)
def test_code_that_cannot_be_loaded_fails_the_experiment_at_once(daybreak, run, words):
    said = daybreak.run(run, code=3)
    [last] = [line for line in said.err.splitlines() if line.startswith("failed: ")]
    assert words in last
    assert said.times("Traceback") <= 1
    assert "importlib" not in said.text
    assert "warning" not in said.text  # not told again for the trials that waited for it


@pytest.mark.parametrize("where", ["os._exit(3)", "os.register_at_fork(before=lambda: os._exit(3))"])
def test_code_that_ends_the_process_that_imports_it_fails_the_experiment(daybreak, where):
    daybreak.write("ends.py", f"import os\n{where}\ndef main(run): ...\n")
    said = daybreak.run("ends:main", code=3)
    assert "forks its attempts ended with exit code 3, 3 times in a row: its output is in" in said.err


def test_a_hyperparameter_that_is_unknown_is_told_once_with_what_may_be_meant(daybreak):
    said = daybreak.run("train:misspelt", code=3)
    assert said.times("(told once per cause)") == 1
    assert "this trial has no hyperparameter 'widht' (did you mean 'width'?)" in said.out
    assert "params.py" not in said.text
    assert "failed: the first 5 trials all failed, none reported anything: UnknownParameter: " in said.err


def test_a_metric_that_is_never_reported(daybreak):
    said = daybreak.run("train:other_name", code=3)
    told = "the objective 'acc' must be reported, but only accuracy was seen; did you mean 'accuracy'?"
    assert said.out.count(told) == 1
    assert f"failed: {told}" in said.err


def test_nan_and_infinity_are_the_worst_and_no_error(daybreak):
    said = daybreak.run("train:diverging", code=0)
    assert said.times("diverged: acc = ") == 1
    assert "it counts as the worst at its rung" in said.out
    assert "error" not in said.text
    assert "done: budget of 6 trials used" in said.out


def test_code_that_fails_for_some_configurations_fails_those(daybreak):
    said = daybreak.run("train:sometimes", code=0)
    assert said.times("(told once per cause)") == 1
    assert "failed: ValueError: width " in said.out
    assert said.times("Traceback") == 1
    assert "best trial" in said.out


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("leaves", "the code called sys.exit(3)"),
        ("no_memory", "memory ran out (an allocation failed): make the model or its batches smaller"),
    ],
)
def test_code_that_always_fails_ends_the_search_early(daybreak, function, words):
    said = daybreak.run(f"train:{function}", code=3, trials=50)
    assert said.times("(told once per cause)") == 1
    assert f"failed: the first 5 trials all failed, none reported anything: {words}" in said.err


def test_a_trial_above_its_memory_and_one_that_stalls_are_ended_with_the_reason(daybreak):
    for name, extra in (("greedy", "resources: {memory: 50M}"), ("stalls", "retry: {attempts: 0, stalled_after: 1}")):
        daybreak.write(
            f"{name}.yaml",
            f"run: train:{name}\nspace: {{width: {{uniform: [0, 1]}}}}\nobjective: {{maximize: acc}}\nbaseline: 0\n"
            f"search: {{max_units: 3}}\nbudget: {{trials: 4}}\n{extra}\n",
        )
    both = [daybreak.start("run", f"{name}.yaml") for name in ("greedy", "stalls")]
    (greedy, why), (stalls, _) = [process.communicate(timeout=60) for process in both]
    assert greedy.count("resources.memory allows 48 MiB, its processes held") == 1
    assert "allow more, or make the model or its batches smaller" in why
    assert stalls.count("a report was due within 1 s (retry.stalled_after), none came for") == 1
    assert "best trial" in stalls
    assert [process.returncode for process in both] == [3, 0]


def test_a_space_without_a_valid_point(daybreak):
    said = daybreak.run("train:main", "--constraint", "width > 2", code=3)
    told = "failed: a space must have a valid point, got none in 10000 draws: constraint 'width > 2' rejected 10000 of them"
    assert told in said.err
    assert said.times("a space must have a valid point") == 1


def test_a_small_space_is_exhausted_and_that_is_well(daybreak):
    words = ("run", "train:main", "--space", "width=1,2,3", "--maximize", "acc", "--max-units", "3")
    said = daybreak(*words, "--budget", "20 trials", code=0)
    assert "done: the space is exhausted" in said.out


def test_a_budget_of_time_too_small_for_one_trial(daybreak):
    words = ("run", "train:slow", "--space", "width=uniform:0..1", "--maximize", "acc", "--max-units", "3")
    said = daybreak(*words, "--budget", "0.6s", code=0)
    assert "before any trial came to its end at 3 units" in said.out


def test_programs_are_told_of_failures_too(daybreak):
    said = daybreak.run("nowhere:main", "--json", code=3)
    assert json.loads(said.out)["experiment"]["why"].startswith("nowhere:main cannot be loaded: ")
