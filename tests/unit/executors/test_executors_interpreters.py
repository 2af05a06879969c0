"""Which program `python` is, and what an attempt inherits."""

import sys
import venv

import pytest

from daybreak.executors.local.interpreters import inherited, lacks_daybreak, program
from daybreak.spec.models import Experiment, Objective


def spec(python):
    return Experiment(name="t", run=("python", "x.py"), python=str(python), objectives=(Objective(metric="a"),))


@pytest.fixture
def bare(tmp_path):
    venv.create(tmp_path / "bare", symlinks=True)
    return tmp_path / "bare/bin/python"


def test_python_is_the_activated_one(bare):
    shell = {"PATH": str(bare.parent), "VIRTUAL_ENV": str(bare.parent.parent)}
    assert program("python", spec(sys.executable), shell) == "python"


def test_python_is_that_of_daybreak_where_no_environment_is_activated(bare):
    for word in ("python", "python3"):
        assert program(word, spec(bare), {"PATH": "/usr/bin:/bin"}) == str(bare)


def test_python_is_that_of_daybreak_where_the_path_has_none(tmp_path):
    python = tmp_path / "opt/python"
    assert program("python", spec(python), {"PATH": str(tmp_path)}) == str(python)


def test_python_of_the_path_is_used_where_daybreak_has_no_environment_of_its_own(tmp_path, bare):
    assert program("python", spec(tmp_path / "opt/bin/python"), {"PATH": str(bare.parent)}) == "python"


def test_any_other_program_stays_what_it_is(bare):
    for word in ("python3.11", "bash", "/usr/bin/python3", "./python"):
        assert program(word, spec(bare), {"PATH": "/nowhere"}) == word


def test_the_shell_in_which_the_controller_was_started_is_not_inherited(monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", "/somebody/elses")
    monkeypatch.setenv("LANGUAGE", "en")
    assert inherited({})["VIRTUAL_ENV"] == "/somebody/elses"  # nobody said whose shell it is
    kept = inherited({"PATH": "/usr/bin"})
    assert "VIRTUAL_ENV" not in kept
    assert kept["LANGUAGE"] == "en"


def test_an_interpreter_without_daybreak_is_told_from_other_failures():
    assert "install it there (/x/python -m pip install daybreak)" in lacks_daybreak(
        "/x/python",
        "/x/python: Error while finding module specification (ModuleNotFoundError: No module named 'daybreak')",
    )
    assert lacks_daybreak("/x/python", "ModuleNotFoundError: No module named 'daylight'") == ""
