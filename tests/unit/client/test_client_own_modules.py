"""Processes of ours import no file that happens to lie where a command is typed: `random.py` beside a script hides no library."""

import ast
from pathlib import Path

import pytest

import daybreak
from daybreak.base.errors import ControllerError, DaybreakError, UnhealthyBundle
from daybreak.client import jobs
from daybreak.edge import probing
from daybreak.edge.opening import Access

SOURCES = Path(daybreak.__file__).parent


@pytest.fixture
def hiding(tmp_path, monkeypatch):
    """A folder whose file hides a library that every process of ours imports."""
    (tmp_path / "msgspec.py").write_text("raise SystemExit('a file of the user hides a library')")
    monkeypatch.chdir(tmp_path)


def starts_modules(tree):
    """Commands that run a module by name, written as lists or tuples: their parts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.List | ast.Tuple):
            words = [one.value if isinstance(one, ast.Constant) else None for one in node.elts]
            if "-m" in words[1:] and words[words.index("-m") + 1 :] != ["pip"]:
                yield node.lineno, words


def test_every_process_of_ours_is_started_without_the_folder_it_is_started_in():
    found = [
        (f"{file.relative_to(SOURCES)}:{line}", words)
        for file in SOURCES.rglob("*.py")
        if '"-m"' in (text := file.read_text())
        for line, words in starts_modules(ast.parse(text))
    ]
    commands = {place: words for place, words in found if not place.startswith("client/command_check.py")}
    assert len(commands) > 10
    assert [place for place, words in commands.items() if words[words.index("-m") - 1] != "-P"] == []


@pytest.mark.usefixtures("hiding")
def test_a_job_is_our_own_module_wherever_it_is_asked_for():
    with pytest.raises(DaybreakError) as caught:
        jobs.run_job("ledger", ["check"], None)
    assert "hides a library" not in str(caught.value)
    assert not isinstance(caught.value, ControllerError) or "usage" in str(caught.value)


@pytest.mark.usefixtures("hiding")
def test_a_bundle_is_tried_by_our_own_module_wherever_it_lies(tmp_path):
    with pytest.raises(DaybreakError) as caught:
        probing.probe(tmp_path / "none.dbk", Access(()))
    assert not isinstance(caught.value, UnhealthyBundle)
