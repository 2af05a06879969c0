"""Output of real processes on its way to a log: all of it arrives, and no value of a credential."""

import os
import subprocess
import sys
import time

import pytest

from daybreak.controller.reactor import SelectorReactor
from daybreak.executors.local.aside import Aside
from daybreak.executors.local.redacted import RedactingPipe
from daybreak.provenance.redaction import Redactor

SECRET = "correct-horse-battery-staple"
CHATTER = """
import os, sys
secret = os.environ["TOKEN"]
sys.stdout = open(sys.argv[1], "a")
for number in range(int(sys.argv[2])):
    print(number, "the token is", secret)
    if number % 7 == 0:
        sys.stdout.flush()
"""


@pytest.fixture
def reactor():
    made = SelectorReactor()
    yield made
    made.close()


def turn_until(reactor, condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        reactor.turn(0.05)


def test_megabytes_arrive_whole_and_without_the_secret(reactor, tmp_path):
    log = tmp_path / "1.1.log"
    pipe = RedactingPipe(reactor, tmp_path, log, Redactor([SECRET]))
    words = [sys.executable, "-c", CHATTER, str(pipe.path), "50000"]
    with subprocess.Popen(words, env={**os.environ, "TOKEN": SECRET}) as process:
        turn_until(reactor, lambda: process.poll() is not None)
    pipe.close()
    assert log.read_text().splitlines() == [f"{number} the token is [redacted]" for number in range(50_000)]
    assert log.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [log]


def test_what_a_killed_process_had_printed_is_kept(reactor, tmp_path):
    log = tmp_path / "1.1.log"
    pipe = RedactingPipe(reactor, tmp_path, log, Redactor([SECRET]))
    words = [sys.executable, "-c", CHATTER + "\nsys.stdout.flush()\nos.kill(os.getpid(), 9)", str(pipe.path), "3"]
    with subprocess.Popen(words, env={**os.environ, "TOKEN": SECRET}) as process:
        turn_until(reactor, lambda: process.poll() is not None)
    pipe.close()
    pipe.close()
    assert log.read_text().count("[redacted]") == 3


def test_a_process_may_say_its_last_words_after_its_attempt_is_over(reactor, tmp_path, monkeypatch):
    monkeypatch.setattr("daybreak.executors.local.redacted.LINGER", 0.2)
    log = tmp_path / "1.1.log"
    pipe = RedactingPipe(reactor, tmp_path, log, Redactor([SECRET]))
    with pipe.path.open("w") as file:
        pipe.leave()
        file.write(f"bye, {SECRET}\n")
    turn_until(reactor, lambda: not pipe.path.exists())
    assert log.read_text() == "bye, [redacted]\n"


def test_work_aside_is_told_on_the_loops_thread_and_errors_are_told_too(reactor):
    aside, found = Aside(reactor), []
    aside.run(lambda: 7, found.append)
    turn_until(reactor, lambda: found)
    aside.run(lambda: 1 // 0, found.append)
    turn_until(reactor, lambda: len(found) == 2)
    assert found[0] == 7
    assert isinstance(found[1], ZeroDivisionError)
    aside.run(time.monotonic, found.append)
    aside.close()  # nobody is told any more, and nothing breaks
    assert len(found) == 2
