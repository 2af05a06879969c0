"""Homes that are not as they should be: what is in the way, what to do, and nothing lost."""

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import time

import pytest
from bad_input import SPACE, Daybreak, serving

TRAIN = """
import time

def main(run):
    kept = {"units": 0, "ballast": [0.0] * 200}
    run.keep(state=kept)
    for _ in run.epochs(3):
        kept["units"] += 1
        run.report(acc=run.params.width)

def slow(run):
    kept = {"units": 0, "ballast": [0.0] * 200}
    run.keep(state=kept)
    for _ in run.epochs(60):
        time.sleep(0.05)
        kept["units"] += 1
        run.report(acc=run.params.width * kept["units"])
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")


@pytest.fixture
def mounted(tmp_path):
    """A small file system of its own; the function mounts it again with other options."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*words):
        done = subprocess.run(["mount", *words, str(place)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this machine does not let us mount: {done.stderr.strip()}")
        return place

    mount("-t", "tmpfs", "-o", "size=6m", "tmpfs")
    yield mount
    subprocess.run(["umount", "-l", str(place)], check=True)


def until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.05)
    return found


def units(daybreak):
    found = json.loads(daybreak("ls", "--json", code=0).out)
    return found[0]["units"] if found else 0


def test_a_ledger_of_a_newer_version(tmp_path):
    with serving(tmp_path) as daybreak:
        daybreak("ls", code=0)
    with contextlib.closing(sqlite3.connect(daybreak.home / "ledger.db")) as ledger:
        ledger.execute("update daybreak_alembic_version set version_num = '9999'")
        ledger.commit()
    before = (daybreak.home / "ledger.db").read_bytes()
    said = daybreak("ls", code=5)
    assert "this ledger was written by a newer Daybreak (its schema is '9999', this Daybreak knows up to" in said.err
    assert "`pip install -U daybreak`, or use another home" in said.err
    assert (daybreak.home / "ledger.db").read_bytes() == before


def test_a_ledger_that_is_none(tmp_path):
    daybreak = Daybreak(tmp_path)
    daybreak.home.mkdir()
    (daybreak.home / "ledger.db").write_bytes(os.urandom(9000))
    for words in (["ls"], ["ledger", "check"]):
        said = daybreak(*words, code=5)
        assert "the file is no SQLite database: move it away, or use another home" in said.err
        assert len(said.err.splitlines()) == 1


def test_a_home_that_is_a_file_and_one_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", "/proc/nowhere"):
        said = Daybreak(tmp_path, home)("ls", code=2)
        assert said.err.startswith(f"error: a home must be a folder that can be written, got {home} (")
        assert "name another with --home FOLDER or DAYBREAK_HOME" in said.err


def test_what_a_dead_controller_left_behind_is_in_nobodys_way(tmp_path):
    run = tmp_path / "home" / "run"
    run.mkdir(parents=True)
    for name in ("controller.sock", "agent.sock"):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(os.path.relpath(run / name))
    (run / "controller.lock").write_text("999999")
    with serving(tmp_path) as daybreak:
        daybreak.write("train.py", TRAIN)
        daybreak.run("train:main", code=0)


def test_commands_that_start_at_the_same_moment_share_one_controller(tmp_path):
    with serving(tmp_path) as daybreak:
        daybreak.write("train.py", TRAIN)
        words = ("run", "train:main", *SPACE, "--budget", "3 trials")
        started = [daybreak.start(*words) for _ in range(3)]
        told = [process.communicate(timeout=60) for process in started]
        assert [process.returncode for process in started] == [0, 0, 0], told
        assert len(json.loads(daybreak("ls", "--json").out)) == 3


@needs_root
def test_a_read_only_home(mounted, tmp_path):
    place = mounted("-o", "remount,ro")
    said = Daybreak(tmp_path, place / "home")("ls", code=2)
    assert f"got {place / 'home'} (Read-only file system); name another with --home FOLDER or DAYBREAK_HOME" in said.err


@needs_root
def test_a_full_disk_stops_nothing_for_good(mounted, tmp_path):
    place = mounted("-o", "remount,rw")
    with serving(tmp_path, place / "home") as daybreak:
        daybreak.write("train.py", TRAIN)
        words = ("--space", "width=uniform:0..1", "--maximize", "acc", "--max-units", "60", "--baseline", "0")
        told = tmp_path / "told"
        follower = daybreak.start("run", "train:slow", *words, "--budget", "4 trials", told=told)
        until(lambda: units(daybreak) > 3)
        with (place / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        until(lambda: "error: the log cannot be written; everything waits until it can: " in told.read_text())
        acknowledged = units(daybreak)

        (place / "filler").unlink()
        until(lambda: follower.poll() is not None)

        said = told.read_text()
        assert follower.returncode == 0, said
        assert said.count("no space is left on the disk: free some") == 1
        assert said.count("info: the trouble is over: everything goes on") == 1
        assert "done: budget of 4 trials used" in said
        assert units(daybreak) >= acknowledged
        assert "the ledger is sound" in daybreak("ledger", "check", code=0).out
