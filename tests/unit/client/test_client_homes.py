"""Which home a command means, and what a home must be."""

import os
from pathlib import Path

import pytest

from daybreak.base.errors import ControllerError, UsageError
from daybreak.base.home import Home
from daybreak.client.homes import find_home, home_option, make_home


@pytest.fixture(autouse=True)
def nobody_told(monkeypatch, tmp_path):
    monkeypatch.delenv("DAYBREAK_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))


def test_what_was_told_wins_over_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("DAYBREAK_HOME", "/from/environment")
    assert find_home().path == Path("/from/environment")
    assert find_home(tmp_path / "told").path == tmp_path / "told"
    assert find_home("~/mine").path == tmp_path / "user" / "mine"


def test_the_nearest_folder_above_is_found(tmp_path):
    (tmp_path / "project" / ".daybreak").mkdir(parents=True)
    deep = tmp_path / "project" / "src" / "train"
    deep.mkdir(parents=True)
    assert find_home(start=deep).path == tmp_path / "project" / ".daybreak"
    (deep / ".daybreak").mkdir()
    assert find_home(start=deep).path == deep / ".daybreak"


def test_else_it_is_in_the_users_own_folder(tmp_path):
    assert find_home(start=tmp_path).path == tmp_path / "user" / ".daybreak"


def test_a_suggested_command_names_a_home_that_would_not_be_found(monkeypatch, tmp_path):
    told = find_home(tmp_path / "my home")
    assert home_option(told) == f" --home '{tmp_path}/my home'"
    monkeypatch.setenv("DAYBREAK_HOME", str(tmp_path / "my home"))
    assert home_option(told) == ""


def test_a_home_is_made_with_sockets_for_its_owner_only(tmp_path):
    home = Home(tmp_path / "deep" / "home")
    make_home(home)
    make_home(home)
    assert home.vault.is_dir()
    assert home.run.stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        UsageError, match=r"a home must be a folder that can be written, got .*; name another with --home FOLDER"
    ):
        make_home(Home(tmp_path / "file" / "home"))


def test_sockets_of_somebody_else_are_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(ControllerError, match="must belong to you"):
        make_home(Home(tmp_path / "home"))
