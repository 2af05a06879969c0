"""A controller starts while its client does something else."""

import fcntl
import os
import select
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from daybreak.base.errors import ConnectionLost
from daybreak.base.home import Home
from daybreak.client.client import Client
from daybreak.client.connection import Connection
from daybreak.client.starting import begin, wait_until_gone
from daybreak.server import serve


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    yield home
    with Client(home) as client:
        client.call("shutdown")
    assert wait_until_gone(home)


def pid(client):
    return client.call("hello")["pid"]


def test_what_was_begun_is_what_is_reached_whatever_files_lie_where_the_command_was_typed(home, tmp_path, monkeypatch):
    (tmp_path / "msgspec.py").write_text("raise SystemExit('a file of the user hides a library')")
    monkeypatch.chdir(tmp_path)
    begun = begin(home, slots="1")
    assert begun is not None
    with Client(home, begun=begun) as client:
        assert pid(client) == int(home.lock.read_text())
        assert begin(home) is None  # one answers
        with Client(home) as other:
            assert pid(other) == pid(client)


def test_controllers_that_ended_are_no_zombies_of_who_started_them(home):
    pids = []
    for _ in range(3):
        with Client(home) as client:
            pids.append(pid(client))
            client.call("shutdown")
        assert wait_until_gone(home)
    with Client(home):
        assert not [pid for pid in pids[:-1] if psutil.pid_exists(pid)]  # the last may have ended just now


def test_of_two_that_begin_at_once_one_serves_both(home):
    first, second = begin(home), begin(home)
    with Client(home, begun=second) as client, Client(home, begun=first) as other:
        assert pid(client) == pid(other)


def test_a_controller_outlives_a_client_that_left_before_it_was_ready(home):
    program = "import sys; from pathlib import Path; from daybreak.base.home import Home\n"
    program += "from daybreak.client.starting import begin\nbegin(Home(Path(sys.argv[1])))"
    subprocess.run([sys.executable, "-c", program, str(home.path)], check=True)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with Connection(home.socket) as connection:
                assert connection.call("hello")["pid"] == int(home.lock.read_text())
                return
        except ConnectionLost:
            time.sleep(0.05)
    pytest.fail(home.controller_log.read_text())


def test_one_that_ends_before_it_accepts_is_no_controller(home):
    """It listened when it was asked, and took the connections that it had not accepted along."""
    home.run.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as ending, home.lock.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ending.bind(str(home.socket))
        ending.listen()

        def end():
            select.select([ending], [], [])  # a client has connected
            home.socket.unlink()
            ending.close()
            lock.close()

        ends = threading.Thread(target=end)
        ends.start()
        with Client(home) as client:
            assert pid(client) == int(home.lock.read_text())
        ends.join()


def test_a_home_that_is_looked_at_just_now_is_not_busy(home, monkeypatch):
    home.run.mkdir(parents=True)
    looking = home.lock.open("a+")
    fcntl.flock(looking, fcntl.LOCK_SH)
    monkeypatch.setattr(serve.time, "sleep", lambda _: looking.close())
    with serve._lock(home):
        assert home.lock.read_text() == str(os.getpid())


def test_where_nothing_can_be_started_nothing_is_begun(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert begin(Home(tmp_path / "file" / "home")) is None
