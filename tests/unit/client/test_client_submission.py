"""What is written down of the submitter when a spec is handed in."""

import os
import sys
from importlib.metadata import version

import pytest

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.client.submission import resolve
from daybreak.provenance import selection
from daybreak.provenance.interpreters import used
from daybreak.provenance.record import read
from daybreak.spec.models import SHELL_VARIABLES, Experiment, Objective
from daybreak.vault.store import Vault


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


def test_all_that_made_a_run_is_written_down_under_one_digest(submit, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["daybreak", "run", "--api-key", "hush", "exp.yaml"])
    monkeypatch.setenv("HF_TOKEN", "hush")
    (tmp_path / "code" / "train.py").write_text("a = 1\n")
    (tmp_path / "code" / ".env").write_text("hush")
    spec = submit()
    vault = Vault(tmp_path / "home" / "vault")
    record = read(vault, spec.provenance)
    assert record.code.digest == spec.code
    assert [(left.path, left.why) for left in record.code.left_out] == [(".env", "may hold secrets")]
    assert record.code.git is None
    assert record.environment.packages["msgspec"] == version("msgspec")
    assert record.machine["cpu"]["cores"] >= 1
    assert record.command == ["daybreak", "run", "--api-key", "***", "exp.yaml"]
    assert "HF_TOKEN" in record.secrets
    assert b"hush" not in bytes(vault.read(spec.provenance))
    assert submit().provenance == spec.provenance, "nothing has changed: the same record"


def test_a_secret_in_the_spec_s_environment_is_refused_by_name_and_never_stored(submit, tmp_path):
    with pytest.raises(UsageError, match=r"must hold no secrets, got WANDB_API_KEY: name a profile") as raised:
        submit(environment={"WANDB_API_KEY": "hush", "OMP_NUM_THREADS": "2"})
    assert "hush" not in str(raised.value)
    assert not (tmp_path / "home" / "vault").exists()


def test_what_cannot_be_captured_is_a_warning_and_stands_in_the_record(tmp_path, monkeypatch):
    monkeypatch.setattr(selection, "MOST_FILES", 0)
    (tmp_path / "train.py").touch()
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    spec = Experiment(
        name="t", run="train:main", folder=str(tmp_path), python=str(broken), objectives=(Objective(metric="a"),)
    )
    home = Home(tmp_path / "home")
    found, warning = resolve(home, spec)
    assert "the code is not captured: at most 0 files" in warning
    assert "the environment is not captured: " in warning
    record = read(Vault(home.vault), found.provenance)
    assert (found.code, record.code.digest) == ("", "")
    assert "at most 0 files" in record.code.note
    assert "must be able to say" in record.environment.note


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser can write everywhere")
def test_a_home_that_cannot_be_written_to_does_not_keep_a_run_from_starting(submit, tmp_path):
    (tmp_path / "home").mkdir(mode=0o500)
    assert submit().provenance == ""


def test_a_command_is_captured_with_the_python_it_names(tmp_path):
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "pyvenv.cfg").touch()
    for name in ("python", "torchrun"):
        (folder / "bin" / name).write_text("#!/bin/sh\n")
        (folder / "bin" / name).chmod(0o755)
    for word in (str(folder / "bin" / "python"), str(folder / "bin" / "torchrun")):
        spec = Experiment(
            name="t", run=(word, "train.py"), python="/its/own/python", objectives=(Objective(metric="a"),)
        )
        assert used(spec, {"PATH": "/usr/bin:/bin"}) == str(folder / "bin" / "python")
    spec = Experiment(name="t", run=("true",), python="/its/own/python", objectives=(Objective(metric="a"),))
    assert used(spec, {"PATH": "/usr/bin:/bin"}) == "/its/own/python"
