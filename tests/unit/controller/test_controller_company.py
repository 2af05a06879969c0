import socket
import time

import pytest

from daybreak.controller import company
from daybreak.controller.company import Company
from daybreak.controller.reactor import SelectorReactor
from daybreak.lifecycle.events import TimerDue


def after(*batches, cost=0.001):
    """What is known after batches of these sizes, each of this cost."""
    known = Company()
    now = 0.0
    for size in batches:
        known.taken(now, size)
        now += cost
        known.back(now)
    return known


def test_two_camps_of_workers_are_brought_together():
    assert after(4, 4, 4, 4).patience(4) > 0


def test_a_batch_of_everybody_does_not_wait():
    assert after(4, 4).patience(8) == 0


def test_after_waiting_in_vain_the_next_few_do_not_wait():
    known = after(*[1] * 10)
    assert known.patience(1) > 0
    known.waited(gained=False)
    assert [known.patience(1) > 0 for _ in range(company.ALONE + 1)] == [False] * company.ALONE + [True]


@pytest.mark.parametrize(("cost", "waits"), [(0.00001, False), (0.0005, True), (1.0, True)])
def test_waiting_is_short_and_only_where_a_commit_is_dear(cost, waits):
    patience = after(*[2] * 50, cost=cost).patience(1)
    assert (patience > 0) == waits
    assert patience <= min(company.LONGEST, company.SHARE * cost)


def test_the_loop_takes_in_who_comes_while_it_waits(monkeypatch):
    monkeypatch.setattr(company, "LONGEST", 10.0)
    monkeypatch.setattr(company, "SHARE", 1000.0)
    reactor = SelectorReactor()
    first, second = socket.socketpair(), socket.socketpair()

    def ready(ours, name):
        ours.recv(1)
        reactor.post(TimerDue(1, name))
        if name == "first":
            second[1].send(b"x")

    reactor.watch(first[0], lambda: ready(first[0], "first"))
    reactor.watch(second[0], lambda: ready(second[0], "second"))
    for _ in range(2):  # two batches of one: two are expected
        reactor.post(TimerDue(1, "warm"))
        reactor.take()
        deadline = time.monotonic() + 0.01
        while time.monotonic() < deadline:
            pass
        reactor.turn(0)
    first[1].send(b"x")
    reactor.turn(1)
    assert [event.name for event in reactor.take().events] == ["first", "second"]
    for one in (*first, *second):
        one.close()
    reactor.close()
