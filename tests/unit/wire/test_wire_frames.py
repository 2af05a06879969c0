"""Frames survive whatever a socket does to them."""

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybreak.base.errors import ConnectionLost
from daybreak.wire.frames import HEADER, LARGEST, FrameBuffer, pack, receive_exactly, receive_frame

bodies = st.lists(st.binary(max_size=300), max_size=12)


@given(bodies, st.data())
def test_any_chunking_gives_the_same_frames(frames, data):
    stream = b"".join(pack(body) for body in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    buffer, found = FrameBuffer(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += buffer.feed(stream[start:end])
    assert found == frames


def test_a_reader_that_stops_in_the_middle_loses_nothing():
    buffer = FrameBuffer()
    first = next(buffer.feed(pack(b"one") + pack(b"two")))
    assert [first, *buffer.feed(b"")] == [b"one", b"two"]


def test_an_absurd_length_is_a_broken_connection():
    announced = (LARGEST + 1).to_bytes(HEADER, "little")
    with pytest.raises(ConnectionLost, match=f"the other side announced {LARGEST + 1}"):
        list(FrameBuffer().feed(announced))


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_a_frame_is_read_from_a_blocking_socket(pair):
    body = bytes(range(256)) * 5000  # more than a socket holds at once
    sender = threading.Thread(target=pair[0].sendall, args=(pack(body),))
    sender.start()
    assert receive_frame(pair[1]) == body
    sender.join()


def test_a_socket_that_closes_early_is_said_so(pair):
    pair[0].sendall(pack(b"body")[:5])
    pair[0].close()
    with pytest.raises(ConnectionLost, match="went away"):
        receive_frame(pair[1])


def test_an_announcement_too_long_is_not_read(pair):
    pair[0].sendall((LARGEST + 1).to_bytes(HEADER, "little"))
    with pytest.raises(ConnectionLost, match="a frame may have"):
        receive_frame(pair[1])
    pair[0].sendall(b"ab")
    assert receive_exactly(pair[1], 2) == b"ab"
