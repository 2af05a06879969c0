"""The worker's end of the socket."""

import socket

import pytest

from daybreak.base.ids import AttemptKey
from daybreak.train.leaving import ControllerGone
from daybreak.train.link import AgentLink, Standing
from daybreak.wire import worker as wire
from daybreak.wire.frames import pack, receive_frame

STANDING = Standing(units=3, metrics={"accuracy": 0.5}, best={"accuracy": 0.6}, unit_seconds=1.0)


class Agent:
    def __init__(self, connection):
        self.connection = connection

    def send(self, *frames):
        self.connection.sendall(b"".join(pack(wire.encode(frame)) for frame in frames))

    def next(self):
        return wire.decode_from_worker(receive_frame(self.connection))


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield AgentLink(ours, AttemptKey(1, 2, 3)), Agent(theirs)


def test_at_most_two_batches_of_points_are_unanswered(ends):
    link, agent = ends
    link.points({"loss": ([1], [0.5])})
    assert link.can_take_points()
    link.points({"loss": ([2], [0.4])})
    assert not link.can_take_points()
    agent.send(wire.Kept(1))
    assert link.can_take_points()
    assert [agent.next().number, agent.next().number] == [1, 2]


def test_a_third_batch_waits_for_an_answer(ends):
    link, agent = ends
    link.points({})
    link.points({})
    agent.send(wire.Freeze(5.0), wire.Kept(2))
    link.points({})
    assert [agent.next().number for _ in range(3)] == [1, 2, 3]
    assert link.freeze_wanted()


def test_the_verdict_is_the_reply_to_the_report(ends):
    link, agent = ends
    agent.send(wire.Kept(1), wire.Verdict(1, "go", 9))
    assert link.ask(STANDING) == wire.Verdict(1, "go", 9)
    assert agent.next() == wire.Report(AttemptKey(1, 2, 3), 1, 3, {"accuracy": 0.5}, {"accuracy": 0.6}, 1.0)


def test_a_verdict_to_an_earlier_report_is_dropped(ends):
    link, agent = ends
    agent.send(wire.Verdict(1, "go", 3), wire.Verdict(1, "freeze"), wire.Verdict(2, "finish"))
    assert link.ask(STANDING).action == "go"
    assert link.ask(STANDING).action == "finish"


def test_a_freeze_that_comes_while_waiting_is_not_lost(ends):
    link, agent = ends
    assert not link.freeze_wanted()
    agent.send(wire.Freeze(5.0), wire.Verdict(1, "go", 9))
    link.ask(STANDING)
    assert link.freeze_wanted()


def test_a_closed_socket_ends_the_attempt_wherever_it_is_noticed(ends):
    link, agent = ends
    agent.connection.close()
    for notice in (
        link.freeze_wanted,
        link.can_take_points,
        lambda: link.ask(STANDING),
        lambda: link.saved(1, "ab", 2, 3.0),
    ):
        with pytest.raises(ControllerGone):
            notice()


def test_a_frame_may_come_in_pieces(ends):
    link, agent = ends
    data = pack(wire.encode(wire.Freeze(1.0)))
    agent.connection.sendall(data[:3])
    assert not link.freeze_wanted()
    agent.connection.sendall(data[3:])
    assert link.freeze_wanted()
