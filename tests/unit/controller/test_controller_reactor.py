import socket

import pytest

from daybreak.controller.reactor import SelectorReactor
from daybreak.controller.simulated import SimulatedReactor
from daybreak.lifecycle.events import TimerDue


@pytest.fixture
def faults():
    return []


@pytest.fixture
def reactor(faults):
    reactor = SelectorReactor(lambda what, error: faults.append((what, error)))
    yield reactor
    reactor.close()


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_watched_source_is_called_when_it_can_be_read(reactor, pair):
    ours, theirs = pair
    got = []
    reactor.watch(ours, lambda: got.append(ours.recv(10)))
    assert not reactor.turn(0)
    theirs.send(b"hello")
    assert reactor.turn(1)
    assert got == [b"hello"]


def test_a_second_watch_replaces_the_first(reactor, pair):
    ours, theirs = pair
    called = []
    reactor.watch(ours, lambda: called.append("first"))
    reactor.watch(ours, lambda: called.append("second"))
    theirs.send(b"x")
    reactor.turn(1)
    assert called == ["second"]


def test_a_forgotten_source_is_not_called_and_may_be_forgotten_twice_or_closed(reactor, pair):
    ours, theirs = pair
    reactor.watch(ours, lambda: pytest.fail("forgotten"))
    reactor.forget(ours)
    reactor.forget(ours)
    theirs.send(b"x")
    assert not reactor.turn(0)
    other, end = socket.socketpair()
    reactor.watch(other, lambda: None)
    other.close()
    end.close()
    reactor.forget(other)


def test_a_source_forgotten_by_another_callback_of_the_same_turn_stays_silent(reactor, pair):
    one, two = pair
    called = []

    def ready(this, other):
        called.append(this)
        reactor.forget(other)

    reactor.watch(one, lambda: ready(one, two))
    reactor.watch(two, lambda: ready(two, one))
    one.send(b"x")
    two.send(b"x")
    reactor.turn(1)
    assert len(called) == 1


def test_timers_ring_in_order_and_cancelled_ones_do_not(reactor):
    rung = []
    reactor.later(0.002, lambda: rung.append("later"))
    reactor.later(0.0, lambda: rung.append("now"))
    reactor.later(0.001, lambda: rung.append("cancelled")).cancel()
    for _ in range(10):
        reactor.turn(0.01)
    assert rung == ["now", "later"]


def test_a_guest_that_raises_is_told_of_and_does_not_end_the_loop(reactor, faults, pair):
    ours, theirs = pair

    def broken():
        raise ValueError("no")

    reactor.later(0, broken)
    reactor.watch(ours, broken)
    theirs.send(b"x")
    for _ in range(5):
        reactor.turn(0)
    assert [str(error) for _, error in faults] == [
        "no"
    ] * 4  # once by the timer, three times by the source, then it is forgotten


def test_what_is_posted_is_taken_once(reactor):
    reactor.post(TimerDue(1, "a"))
    assert reactor.waiting
    assert [event.name for event in reactor.take().events] == ["a"]
    assert not reactor.waiting


def test_simulated_time_jumps_to_the_next_call_and_stops_when_there_is_none():
    reactor = SimulatedReactor(start=100)
    rung = []
    reactor.later(5, lambda: rung.append(("b", reactor.now())))
    reactor.later(2, lambda: rung.append(("a", reactor.now())))
    reactor.later(3, lambda: None).cancel()
    assert reactor.turn()
    assert reactor.turn()
    assert not reactor.turn()
    assert rung == [("a", 102), ("b", 105)]


def test_calls_of_one_instant_make_one_batch():
    reactor = SimulatedReactor()
    for name in "ab":
        reactor.later(1, lambda name=name: reactor.post(TimerDue(1, name)))
    reactor.later(2, lambda: pytest.fail("a batch is waiting"))
    reactor.turn()
    assert not reactor.turn(0)  # no time may pass while a batch waits
    assert [event.name for event in reactor.take().events] == ["a", "b"]
