"""Attempts run in the interpreter and the environment of who submitted them, whoever started the agent."""

import sys
import venv

import pytest
from programs import bench_of, experiment

from daybreak.lifecycle.commands import Prepare
from daybreak.lifecycle.events import AttemptEnded, PrepareFailed

TELLS = """
import os, sys

def main(run):
    run.report(score=float(os.environ.get("VIRTUAL_ENV") == "/mine"))
"""
BARE = "import importlib.util\nprint('score=' + str(float(importlib.util.find_spec('daybreak') is not None)))\n"


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", "/somebody/elses")
    benches = []

    def make_bench(run, program, **changes):
        benches.append(bench_of(tmp_path, run, program, **changes))
        return benches[-1]

    yield make_bench
    for bench in benches:
        bench.close()


@pytest.fixture
def bare(tmp_path):
    venv.create(tmp_path / "bare", symlinks=True)
    return str(tmp_path / "bare/bin/python")


def test_two_experiments_of_one_controller_have_their_own_environments(make, tmp_path):
    bench = make("tells:main", TELLS, environment={"PATH": "/usr/bin", "VIRTUAL_ENV": "/mine"}, python=sys.executable)
    first = bench.launch(target=None)
    assert bench.wait_for(AttemptEnded, first).metrics == {"score": 1.0}
    bench.executor.execute(
        Prepare(1, experiment(tmp_path / "code", "tells:main", environment={"PATH": "/usr/bin"}, python=sys.executable))
    )
    second = bench.launch(trial=2, target=None)
    assert bench.wait_for(AttemptEnded, second).metrics == {"score": 0.0}


def test_an_interpreter_without_daybreak_says_what_to_do(make, bare):
    bench = make("tells:main", TELLS, python=bare)
    failure = bench.wait_for(PrepareFailed).failure
    assert failure.message.startswith(f"{bare} has no daybreak: install it there")


def test_an_interpreter_that_is_gone_is_named(make):
    bench = make("tells:main", TELLS, python="/nowhere/python")
    assert "cannot start /nowhere/python in" in bench.wait_for(PrepareFailed).failure.message


def test_a_command_finds_its_python_on_the_submitters_path(make, bare):
    shell = {"PATH": bare.removesuffix("/python"), "VIRTUAL_ENV": bare.removesuffix("/bin/python")}
    bench = make(("python", "script.py"), BARE, environment=shell, python=sys.executable)
    key = bench.launch(target=None)
    assert bench.wait_for(AttemptEnded, key).metrics == {"score": 0.0}


def test_a_commands_python_is_daybreaks_own_where_none_is_activated(make):
    bench = make(("python", "script.py"), BARE, environment={"PATH": "/usr/bin:/bin"}, python=sys.executable)
    key = bench.launch(target=None)
    assert bench.wait_for(AttemptEnded, key).metrics == {"score": 1.0}
