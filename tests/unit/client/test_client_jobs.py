"""Work in a process of its own: what it says, and what it fails with."""

import sys

import pytest

from daybreak.base.errors import ControllerError, LedgerBusy
from daybreak.client import jobs


@pytest.fixture
def program(monkeypatch, tmp_path):
    """Let a small program stand for a job."""

    def use(text):
        file = tmp_path / "job"
        file.write_text(f"#!{sys.executable}\n{text}")
        file.chmod(0o755)
        monkeypatch.setattr(jobs.sys, "executable", str(file))

    return use


def test_progress_then_the_result(program):
    program(
        'import sys, json\ng = json.load(sys.stdin)\nprint(json.dumps({"progress": {"n": 1}}))\nprint(json.dumps({"result": g["x"] * 2}))'
    )
    said = []
    assert jobs.run_job("any", [], {"x": 21}, said.append) == 42
    assert said == [{"n": 1}]


def test_an_error_has_the_class_it_had_over_there(program):
    program('print(\'{"error": "LedgerBusy", "message": "held"}\')')
    with pytest.raises(LedgerBusy, match="held"):
        jobs.run_job("any", [], None)


def test_an_error_of_no_known_class_is_the_controllers(program):
    program('print(\'{"error": "SystemExit", "message": "odd"}\')')
    with pytest.raises(ControllerError, match="odd"):
        jobs.run_job("any", [], None)


def test_a_job_that_dies_shows_its_last_words(program):
    program("import sys\nsys.exit('it broke')")
    with pytest.raises(ControllerError, match=r"daybreak\.bootstrap\.any ended without an answer:\nit broke"):
        jobs.run_job("any", [], None)


def test_a_job_that_does_not_read_its_input_is_heard_all_the_same(program):
    program("import os, sys\nos.close(0)\nsys.exit('no thanks')")
    with pytest.raises(ControllerError, match="no thanks"):
        jobs.run_job("any", [], "x" * 2_000_000)
