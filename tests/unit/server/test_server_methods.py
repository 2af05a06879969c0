"""The local socket against a controller that is only pretended: methods, their errors, and those who wait for a change."""

import socket
from types import SimpleNamespace

import pytest

from daybreak.base.errors import NotFound
from daybreak.base.home import Home
from daybreak.client.connection import Connection
from daybreak.server import local_socket
from daybreak.server.local_socket import LocalServer
from daybreak.server.methods import Methods
from daybreak.wire import api, frames
from daybreak.wire.rows import ExperimentRow


class Turns:
    """A reactor turned by hand, with a clock of its own."""

    def __init__(self):
        self.sources, self.timers, self.clock = {}, [], 0.0

    def now(self):
        return self.clock

    def watch(self, source, ready):
        source.setblocking(False)
        self.sources[source] = ready

    def forget(self, source):
        self.sources.pop(source, None)

    def later(self, seconds, call):
        timer = SimpleNamespace(due=self.clock + seconds, call=call, cancel=lambda: None)
        timer.cancel = lambda: self.timers.remove(timer) if timer in self.timers else None
        self.timers.append(timer)
        return timer

    def pass_time(self, seconds):
        self.clock += seconds
        for timer in [t for t in self.timers if t.due <= self.clock]:
            self.timers.remove(timer)
            timer.call()

    def turn(self):
        """Let everybody who has something to read, read."""
        for ready in list(self.sources.values()):
            ready()


def row(number, name):
    return ExperimentRow(
        experiment=number, name=name, state="running", why="", owner="", priority=0, spec={}, spec_hash="", submitted=0.0, started=None,
        ended=None, trials=0, units=0, slot_seconds=0.0, best_trial=None, best={}, baseline=None, summary={},
    )  # fmt: skip


class Pretended:
    """A controller and a reader with experiments 1 and 2, both of the name `digits`."""

    def __init__(self):
        self.version, self.asked, self.trouble = 1, [], ""

    def flush(self):
        pass

    def status(self, number):
        if number not in (1, 2):
            raise NotFound(f"there is no experiment {number}")
        return api.Status(
            version=self.version, experiment=number, name="digits", state="running", why="", at=0.0, metric="a", direction="maximize",
            states={}, rungs=[], best_trial=None, best=None, best_units=0, best_point={}, slots_busy=0, slots_total=1, units=0,
            slot_seconds=0.0, wall_seconds=0.0, budget={}, eta_seconds=None, baseline=None, phase="search", notices=[], waiting_why="",
        )  # fmt: skip

    def ask(self, number, ask, value, by, committed):
        self.asked.append((number, ask, value))
        committed()

    def experiments(self):
        return [row(2, "digits"), row(1, "digits")]

    def experiment(self, number):
        return row(number, "digits")

    def trials(self, number):
        return []

    checkpoints = attempts = trials


class Talk:
    """A client on the other end of the socket, answered as soon as the reactor has turned."""

    def __init__(self, reactor, path):
        self.reactor, self.number = reactor, 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.setblocking(False)
        reactor.turn()

    def send(self, method, **params):
        self.number += 1
        self.socket.sendall(frames.pack(api.encode(api.Request(self.number, method, params))))
        self.reactor.turn()

    def heard(self):
        """The reply that has come, or None."""
        try:
            size = int.from_bytes(self.socket.recv(4), "little")
        except BlockingIOError:
            return None
        return api.decode_reply(self.socket.recv(size)) if size else "closed"

    def ask(self, method, **params):
        self.send(method, **params)
        reply = self.heard()
        assert reply.id == self.number
        return reply


@pytest.fixture
def world(tmp_path):
    reactor, controller = Turns(), Pretended()
    app = SimpleNamespace(controller=controller, ledger=controller, reader=controller, vault=None, reactor=reactor)
    ended = []
    home = Home(tmp_path)
    path = tmp_path / "s.sock"
    server = LocalServer(reactor, path, Methods(app, home, ended.append))
    talk = Talk(reactor, path)
    yield SimpleNamespace(reactor=reactor, controller=controller, server=server, talk=talk, ended=ended, path=path)
    talk.socket.close()
    server.close()


def test_the_socket_is_for_its_owner_only(world):
    assert world.path.stat().st_mode & 0o777 == 0o600


def test_hello_says_who_it_is(world):
    assert world.talk.ask("hello").result["protocol"] == api.PROTOCOL


def test_unknown_method(world):
    error = world.talk.ask("helo").error
    assert (error.kind, error.message) == ("UsageError", "there is no method 'helo'; is the client of another version?")


@pytest.mark.parametrize(
    ("params", "told"),
    [({}, "needs experiment"), ({"experiment": 1, "trail": 2}, "knows no trail"), ({"experiment": 1.5}, "`experiment` must be")],
)  # fmt: skip
def test_wrong_parameters_are_the_callers_fault(world, params, told):
    error = world.talk.ask("log_files", **params).error
    assert error.kind == "UsageError"
    assert told in error.message
    assert world.talk.ask("watch", experiment=1).error.kind == "UsageError"
    assert world.talk.ask("hello").error is None, "and the conversation goes on"


def test_experiments_by_number_name_or_newest(world):
    assert world.talk.ask("experiment", experiment="").result["experiment"] == 2
    assert world.talk.ask("experiment", experiment="digits").result["experiment"] == 2
    assert world.talk.ask("experiment", experiment="1").result["experiment"] == 1
    assert world.talk.ask("trials", experiment=7).error.kind == "NotFound"
    error = world.talk.ask("status", experiment="digit").error
    assert error.message == "there is no experiment 'digit'; the newest are digits"
    error = world.talk.ask("status", experiment="1.3").error
    assert error.message == "1.3 is a trial, here an experiment is asked for: 1"


def test_ask_for_what_there_is(world):
    assert world.talk.ask("ask", experiment="", ask="pause").result == {"state": "running"}
    assert world.controller.asked == [(2, "pause", None)]
    assert "one can ask for pause, resume" in world.talk.ask("ask", experiment=1, ask="kill").error.message


def test_shutdown_answers_first(world):
    assert world.talk.ask("shutdown", freeze=False).error is None
    assert world.ended == [False]


def test_a_watch_waits_for_a_change(world):
    world.talk.send("watch", experiment=1, version=1, timeout=5.0)
    assert world.talk.heard() is None
    world.controller.version = 2
    world.server.changed()
    assert world.talk.heard() is None, "changes are gathered for a moment"
    world.reactor.pass_time(local_socket.PACE)
    assert world.talk.heard().result["version"] == 2


def test_a_watch_of_the_past_is_answered_at_once(world):
    assert world.talk.ask("watch", experiment=1, version=0, timeout=5.0).result["version"] == 1


def test_a_watch_is_answered_when_its_time_is_up(world):
    world.talk.send("watch", experiment=1, version=1, timeout=5.0)
    world.reactor.pass_time(5.0)
    assert world.talk.heard().result["version"] == 1
    world.controller.version = 2
    world.server.changed()
    world.reactor.pass_time(1.0)
    assert world.talk.heard() is None, "one question, one answer"


def test_a_watcher_that_hangs_up_is_forgotten(world):
    world.talk.send("watch", experiment=1, version=1, timeout=5.0)
    world.talk.socket.close()
    world.reactor.turn()
    assert world.server.clients == 0
    world.reactor.pass_time(60.0)  # answering it would fail


def test_what_is_no_request_ends_the_conversation(world):
    world.talk.socket.sendall(frames.pack(b"\xc1 not msgpack"))
    world.reactor.turn()
    assert world.talk.heard() == "closed"
    assert world.server.clients == 0


def test_a_stale_socket_is_replaced(tmp_path, world):
    world.server.close()
    world.path.touch()
    with pytest.raises(Exception, match="no controller answers"):
        Connection(world.path)
    again = LocalServer(world.reactor, world.path, None)
    Connection(world.path).close()
    again.close()
