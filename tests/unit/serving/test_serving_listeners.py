"""To whom connections are dealt: never to a socket that is to be closed, whatever came and went before."""

import select
import socket
import sys

import pytest

from daybreak.serving.listeners import Listeners
from daybreak.serving.sockets import reserve

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system deals to all"),
]
MANY = 80  # that one of four gets none of them by chance is as good as impossible


@pytest.fixture
def group():
    with reserve("127.0.0.1", 0) as reserved:
        listeners = Listeners(reserved)
        made = [listening(listeners) for _ in range(4)]
        yield listeners, made
        for one in made:
            listeners.close(one)


def listening(listeners):
    made = listeners.make()
    listeners.listen(made)
    listeners.open(made)
    return made


def dealt(sockets):
    """How many of some connections each accepts."""
    clients = [socket.create_connection(sockets[0].getsockname(), 5) for _ in range(MANY)]
    counts = [0] * len(sockets)
    while sum(counts) < MANY:
        waiting, _, _ = select.select(sockets, [], [], 5)
        assert waiting, "a connection was lost"
        for one in waiting:
            one.accept()[0].close()
            counts[sockets.index(one)] += 1
    for client in clients:
        client.close()
    return counts


def test_each_that_is_open_gets_its_share(group):
    assert min(dealt(group[1])) > 0


@pytest.mark.parametrize("shut", [{0}, {3}, {1, 2}, {0, 1, 2}])
def test_those_that_are_shut_get_none_until_they_open_again(group, shut):
    listeners, made = group
    for place in shut:
        listeners.shut(made[place])
    assert {place for place, count in enumerate(dealt(made)) if count == 0} == shut
    for place in shut:
        listeners.open(made[place])
    assert min(dealt(made)) > 0


def test_numbers_are_followed_when_sockets_close_and_others_come(group):
    listeners, made = group
    listeners.close(made.pop(0))  # the last takes its number
    made.append(listening(listeners))
    for one in list(made):
        listeners.shut(one)
        assert [count == 0 for count in dealt(made)] == [each is one for each in made]
        listeners.open(one)


def test_one_that_listens_and_is_not_open_gets_none(group):
    listeners, made = group
    made.append(listeners.make())
    listeners.listen(made[-1])
    assert dealt(made)[-1] == 0


def test_with_none_open_somebody_gets_them_still(group):
    listeners, made = group
    for one in made:
        listeners.shut(one)
    assert sum(dealt(made)) == MANY
