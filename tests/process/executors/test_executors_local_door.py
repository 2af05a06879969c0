"""Who may speak to the agent: its own workers, once each; others are turned away and harm nobody."""

import os
import socket
import stat

import psutil
import pytest
from programs import FUNCTION, bench_of

from daybreak.base.home import Home
from daybreak.base.ids import AttemptKey
from daybreak.lifecycle.events import AttemptEnded, AttemptStarted, RungReported
from daybreak.wire.frames import pack
from daybreak.wire.worker import Hello, Report, encode

WAITING = "import time\ndef main(run):\n    for unit in run.epochs(3): time.sleep(1000)"


@pytest.fixture
def path(tmp_path):
    return Home(tmp_path / "home").agent_socket


@pytest.fixture
def bench(tmp_path):
    bench = bench_of(tmp_path, "door_program:main", FUNCTION)
    yield bench
    bench.close()


def call(path, *bodies):
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    caller.connect(str(path))
    for body in bodies:
        caller.sendall(body)
    caller.setblocking(False)
    return caller


def turned_away(bench, caller):
    def closed():
        try:
            return caller.recv(100) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True

    with caller:
        bench.until(closed)
    return True


def test_only_its_owner_may_open_the_socket(bench, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_socket_that_a_killed_agent_left_is_replaced(tmp_path):
    path = Home(tmp_path / "home").agent_socket
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    bench = bench_of(tmp_path, "door_program:main", FUNCTION)
    assert bench.wait_for(RungReported, bench.launch()).units == 1
    bench.close()


@pytest.mark.parametrize(
    "body",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff",
        pack(b"\xc1\xc1"),
        pack(encode(Hello(AttemptKey(1, 1, 1), "not the token", 1))),
        pack(encode(Report(AttemptKey(1, 1, 1), 1, 27, {"score": 1e9}))),
    ],
    ids=["http", "absurd length", "no message", "wrong token", "no hello"],
)
def test_a_stranger_is_turned_away_and_attempts_go_on(bench, path, body):
    key = bench.launch(point=bench.endless, target=20)
    bench.wait_for(AttemptStarted, key)
    assert turned_away(bench, call(path, body))
    assert bench.wait_for(RungReported, key).units == 20


def test_a_caller_that_says_nothing_is_not_kept_for_ever(bench, path, monkeypatch):
    monkeypatch.setattr("daybreak.executors.local.door.INTRODUCTION", 0.2)
    assert turned_away(bench, call(path))


def test_a_token_opens_the_door_once(tmp_path, path):
    bench = bench_of(tmp_path, "door_program:main", WAITING)
    key = bench.launch(target=None)
    token = next(iter(bench.executor._door._expected), None)
    bench.until(lambda: (bench.executor._door._expected or {"": 0}) and bench.executor._attempts[key]._members)
    token = bench.executor._attempts[key]._members[0].token
    bench.wait_for(AttemptStarted, key)
    assert turned_away(bench, call(path, pack(encode(Hello(key, token, 1)))))
    assert bench.executor.inventory() == [key]
    bench.close()


def test_nonsense_from_a_worker_ends_its_attempt_and_no_other(tmp_path):
    program = """
import gc, os, socket
def main(run):
    if run.params.get("nonsense"):
        [agent] = [s for s in gc.get_objects() if isinstance(s, socket.socket) and s.fileno() >= 0 and "agent" in str(s.getpeername())]
        agent.sendall(b"\\xff" * 8)
    for unit in run.epochs(4):
        run.report(score=1.0)
"""
    bench = bench_of(tmp_path, "nonsense_program:main", program)
    bad = bench.launch(trial=1, point={"nonsense": True})
    good = bench.launch(trial=2, slots=(1,))
    ended = bench.wait_for(AttemptEnded, bad)
    assert ended.reason == "crashed"
    assert "no frame" in ended.failure.message
    assert bench.wait_for(RungReported, good).units == 1
    bench.close()


def test_frames_after_the_last_word_or_of_another_attempt_are_dropped(tmp_path):
    program = """
import gc, socket
from daybreak.base.ids import AttemptKey
from daybreak.wire.frames import pack
from daybreak.wire.worker import Report, encode
def main(run):
    [agent] = [s for s in gc.get_objects() if isinstance(s, socket.socket) and s.fileno() >= 0 and "agent" in str(s.getpeername())]
    agent.sendall(pack(encode(Report(AttemptKey(1, 2, 1), 1, 27, {"score": 1e9}))))
    for unit in run.epochs(4):
        run.report(score=1.0)
"""
    bench = bench_of(tmp_path, "forger_program:main", program)
    key = bench.launch()
    assert bench.wait_for(RungReported, key).units == 1
    assert [event.attempt for event in bench.seen(RungReported)] == [key]
    bench.close()


def test_no_descriptor_and_no_zombie_is_left_of_a_hundred_forks(bench):
    me = psutil.Process()
    bench.answer(bench.wait_for(RungReported, bench.launch()), "finish")
    bench.until(lambda: not bench.executor.inventory())
    before = me.num_fds()
    for trial in range(2, 102):
        key = bench.launch(trial=trial, point={"length": 1}, target=None)
        assert bench.wait_for(AttemptEnded, key).reason == "completed"
    assert me.num_fds() <= before
    living = [child for child in me.children() if child.status() != psutil.STATUS_ZOMBIE]  # earlier tests left others
    parent = next(child for child in living if "daybreak.train.parent" in " ".join(child.cmdline()))
    bench.until(lambda: not parent.children())
    assert os.getpid() == me.pid
