"""However a stream of requests is cut into pieces, the answers are the same, in the order of the requests."""

import asyncio
import re
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daybreak.registry.package import Package, Runtime
from daybreak.serving import predict
from daybreak.serving.deployment import Deployment, Limits, Served
from daybreak.serving.engine import Engine
from daybreak.serving.events import Writer
from daybreak.serving.http.connection import Connection
from daybreak.serving.http.server import Server
from daybreak.serving.ids import KEY_BYTES, Ids
from daybreak.signature.fields import Field, Output, Signature

SIGNATURE = Signature((Field("a", "number", dtype="float64"),), (Output("twice", "number", dtype="float64"),))
BODIES = st.sampled_from([b'{"a": 1}', b'{"a": 2.5}', b'[{"a": 3}, {"a": 4}]', b'{"a": "x"}', b"{", b"[]", b""])


class Twice:
    signature = SIGNATURE
    package = Package("twice", 1, 0.0, SIGNATURE, Runtime("onnx"))
    foreign = False

    def predict(self, columns):
        return {"twice": np.asarray(columns["a"]) * 2}

    def close(self):
        pass


class Wire:
    """A transport that keeps what is written."""

    def __init__(self):
        self.written = b""
        self.open = True

    def get_extra_info(self, name):
        return None

    def write(self, data):
        self.written += data

    def is_closing(self):
        return not self.open

    def close(self):
        self.open = False

    def can_write_eof(self):
        return False

    def pause_reading(self):
        pass

    resume_reading = pause_reading


def framed(body, chunked):
    head = b"POST /predict HTTP/1.1\r\nhost: localhost\r\n"
    if not chunked:
        return head + b"content-length: %d\r\n\r\n%s" % (len(body), body)
    parts = [body[place : place + 3] for place in range(0, len(body), 3)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return head + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


async def answered(pieces, requests):
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        engine = Engine(folder, lambda served, threads: Twice(), Ids(b"k" * KEY_BYTES), Writer(folder / "events", 1))
        await engine.prepare(Deployment("twice", (Served("champion", "twice", 1, ""),)))
        engine.switch()
        connection, wire = Connection(Server(None, {b"/predict": predict.handler(engine)}, Limits())), Wire()
        connection.connection_made(wire)
        for piece in pieces:
            connection.data_received(piece)
            await asyncio.sleep(0)
        while wire.written.count(b"HTTP/1.1 ") < requests:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0)
        await engine.drain()
        told = re.sub(rb'date: [^\r]*|"id":"[^"]*"', b"", wire.written)
        return told.split(b"HTTP/1.1 ")[1:]


@given(
    requests=st.lists(st.tuples(BODIES, st.booleans()), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 2_000), max_size=12),
)
def test_answers_do_not_depend_on_how_bytes_arrive(requests, cuts):
    stream = b"".join(framed(body, chunked) for body, chunked in requests)
    places = sorted({0, len(stream), *(cut % len(stream) for cut in cuts)})
    pieces = [stream[start:stop] for start, stop in pairwise(places)]
    alone = [asyncio.run(answered([framed(body, chunked)], 1)) for body, chunked in requests]
    assert asyncio.run(answered(pieces, len(requests))) == [one for (one,) in alone]
