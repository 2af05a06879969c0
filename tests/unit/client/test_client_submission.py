"""What is written down of the submitter when a spec is handed in."""

import sys

import pytest

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.client.submission import resolve
from daybreak.spec.models import SHELL_VARIABLES, Experiment, Objective


@pytest.fixture
def submit(tmp_path, monkeypatch):
    for name in SHELL_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    (tmp_path / "code").mkdir()

    def make(**changes):
        spec = Experiment(
            name="t", run="train:main", folder=str(tmp_path / "code"), objectives=(Objective(metric="a"),), **changes
        )
        return resolve(Home(tmp_path / "home"), spec)[0]

    return make


def test_the_interpreter_and_the_shell_of_the_submitter_are_written_down(submit, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", "/project/venv")
    monkeypatch.setenv("SECRET", "not for the ledger")
    spec = submit()
    assert spec.python == sys.executable
    assert spec.environment == {"PATH": "/usr/bin:/bin", "VIRTUAL_ENV": "/project/venv"}


def test_what_the_spec_says_itself_wins(submit, tmp_path):
    own = tmp_path / "code" / "python"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    spec = submit(environment={"PATH": "/mine", "DATA": "/data"}, python="./python")
    assert spec.environment == {"PATH": "/mine", "DATA": "/data"}
    assert spec.python == str(own)


def test_an_interpreter_is_found_on_the_path_and_must_exist(submit):
    assert submit(python="sh").python in ("/usr/bin/sh", "/bin/sh")
    with pytest.raises(UsageError, match="`python` must be an interpreter that can be run, got venv/bin/python"):
        submit(python="venv/bin/python")
