"""A warm parent whose start goes wrong, at every stage of it: the experiment is told that it cannot run, and why, in seconds."""

import sys
import textwrap

import pytest
from programs import FUNCTION, bench_of

from daybreak.lifecycle.events import AttemptEnded, Prepared, PrepareFailed

PATIENCE = 0.5  # seconds that a parent has to begin, in these tests

BREAKS_AT_THE_FIRST_FORK = """
import sys
from daybreak.train import forking, parent

def start(self, order):
    raise AttributeError("half of this code is newer than the rest")

forking.Forking.start = start
sys.exit(parent.main(sys.argv[1:]))
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setattr("daybreak.executors.local.parents.BACKOFF", 0.01)
    benches = []

    def make_bench(program=FUNCTION, **changes):
        benches.append(bench_of(tmp_path, "starting_program:main", textwrap.dedent(program), **changes))
        return benches[-1]

    yield make_bench
    for bench in benches:
        bench.close()


def told(bench):
    """What is said of an experiment that cannot run; an attempt that waited for it has ended."""
    key = bench.launch()
    failure = bench.wait_for(PrepareFailed).failure
    assert bench.wait_for(AttemptEnded, key).reason in {"crashed", "lost"}
    return f"{failure.message}\n{failure.tail}"


@pytest.mark.parametrize("start", ["missing", "not to be executed", "with a null byte"])
def test_an_interpreter_that_cannot_be_started(make, tmp_path, start):
    words = {
        "missing": str(tmp_path / "no-python"),
        "not to be executed": str(tmp_path / "text"),
        "with a null byte": sys.executable,
    }
    (tmp_path / "text").write_text("no program")
    elsewhere = {"environment": {"WITH_A_NULL": "a\0b"}} if start == "with a null byte" else {}
    said = told(make(parent_command=(words[start],), **elsewhere))
    assert f"cannot start {words[start]} in {tmp_path / 'code'}" in said


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("sys.exit('no such option')", "no such option"),
        ("sys.exit(0)", "ended with exit code 0, 3 times in a row"),
        ("raise ImportError('half an installation')", "half an installation"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
def test_one_that_dies_before_its_first_word(make, statement, word):
    assert word in told(make(parent_command=(sys.executable, "-c", f"import sys; {statement}")))


def test_one_that_never_says_a_word_has_a_deadline(make, monkeypatch):
    monkeypatch.setattr("daybreak.executors.local.parents.HELLO", PATIENCE)
    bench = make(parent_command=("/bin/sh", "-c", "sleep 1000"))
    assert "/bin/sh -c sleep 1000 said nothing" in told(bench)


def test_user_code_may_take_longer_than_that(make, monkeypatch):
    monkeypatch.setattr("daybreak.executors.local.parents.HELLO", 3.0)
    bench = make(f"import time; time.sleep(3.2)\n{FUNCTION}")
    assert bench.wait_for(Prepared).how == "fork"
    assert not bench.seen(PrepareFailed)


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("raise RuntimeError('no data here')", "no data here"),
        ("raise SystemExit('enough')", "enough"),
        ("raise KeyboardInterrupt('enough')", "enough"),
        ("import os; os._exit(3)", "ended with exit code 3, 3 times in a row"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
@pytest.mark.parametrize("where", ["import", "prepare"])
def test_user_code_that_ends_the_parent_before_it_is_ready(make, statement, word, where):
    body = statement if where == "import" else f"def prepare():\n    {statement}"
    assert word in told(make(f"{body}\n{FUNCTION}"))


def test_one_that_dies_at_each_fork_is_given_up(make):
    """Each of its attempts is lost, and would be launched again: for ever, if a parent that was ready counted as sound."""
    bench = make(parent_command=(sys.executable, "-c", BREAKS_AT_THE_FIRST_FORK))
    for trial in range(1, 5):
        if not bench.seen(PrepareFailed):
            bench.wait_for(AttemptEnded, bench.launch(trial=trial))
    failure = bench.wait_for(PrepareFailed).failure
    assert (failure.kind, failure.message) == ("AttributeError", "half of this code is newer than the rest")


def test_an_attempt_that_cannot_have_its_processes_does_not_keep_others_waiting(make, monkeypatch):
    def no_port():
        raise OSError("no port is left")

    monkeypatch.setattr("daybreak.executors.local.workers.free_port", no_port)
    bench = make(f"import time; time.sleep(0.5)\n{FUNCTION}")
    gang, alone = bench.launch(trial=1, slots=(0, 1)), bench.launch(trial=2, target=None)
    ended = bench.wait_for(AttemptEnded, gang)
    assert ended.reason == "crashed"
    assert "no port is left" in ended.failure.message
    assert bench.wait_for(AttemptEnded, alone).reason == "completed"
