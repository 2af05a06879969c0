"""A model to queue before: twice the number; it fails as it is told to. And a whole replica in the test's own process."""

import asyncio
import socket
import tempfile
import threading
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np

from daybreak.base.errors import BadRows, ModelFailed
from daybreak.registry.package import Package, Runtime
from daybreak.serving import app, predict
from daybreak.serving.deployment import Deployment, Limits, Served
from daybreak.serving.engine import Engine
from daybreak.serving.events import Writer
from daybreak.serving.guard import guard_of
from daybreak.serving.http.server import Server
from daybreak.serving.ids import KEY_BYTES, Ids
from daybreak.serving.lane import Lane
from daybreak.serving.v2 import hot
from daybreak.signature.fields import Field, Output, Signature

SIGNATURE = Signature(
    (Field("a", "number", dtype="float64"),), (Output("twice", "number", dtype="float64", description="of a"),)
)
LIMITS = Limits()
REFUSED, FAILS, SLEEPS = -1.0, -2.0, -3.0


class Doubling:
    """`REFUSED`: the row's own fault; `FAILS`: the model's, for the whole batch; `SLEEPS`: until `wake` is set."""

    signature = SIGNATURE
    package = Package("twice", 1, 1.7e9, SIGNATURE, Runtime("onnx"))
    foreign = False

    def __init__(self, seconds=0.0):
        self.batches = []
        self.threads = set()
        self.seconds = seconds
        self.wake = threading.Event()
        self.closed = False

    def predict(self, columns):
        rows = columns["a"].tolist()
        self.batches.append(rows)
        self.threads.add(threading.current_thread().name)
        time.sleep(self.seconds)
        if SLEEPS in rows:
            self.wake.wait(20)
        if REFUSED in rows:
            raise BadRows({rows.index(REFUSED): "a is refused"})
        if FAILS in rows:
            raise ModelFailed("no memory at 0x7f")
        return {"twice": np.array(rows) * 2}

    def close(self):
        self.closed = True
        self.wake.set()


def lane(model, limits=LIMITS):
    return Lane(Served("champion", "twice", 1, ""), model, limits, lambda served, call: "id", [])


@asynccontextmanager
async def replica(model=None, limits=LIMITS, **more):
    """A server on a free port of loopback, and its engine."""
    model = model or Doubling()
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held) / "deployments" / "twice"
        engine = Engine(folder, lambda served, threads: model, Ids(b"k" * KEY_BYTES), Writer(folder / "events", 1))
        served = (Served("champion", "twice", 1, ""),)
        await engine.prepare(Deployment("twice", served, limits=limits, **more))
        engine.switch()
        server = Server(app.build(engine), {b"/predict": predict.handler(engine)}, limits)
        server.hot |= hot.handlers(engine, server.cold)
        server.guard = guard_of(folder, engine.deployment)
        listening = socket.create_server(("127.0.0.1", 0))
        await server.listen([listening])
        try:
            yield server, engine, listening.getsockname()[1]
        finally:
            model.wake.set()
            while OPEN:
                await OPEN.pop().close()
            await server.drain(5.0)
            await engine.drain()


OPEN = []  # clients that are closed with their server


async def until(condition):
    """Wait for it; the test's own deadline ends the wait."""
    while not condition():  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0.001)


class Client:
    """Bytes out, answers in."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, port):
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        OPEN.append(client)
        return client

    def send(self, data):
        self.writer.write(data)

    def ask(self, body, *headers, method="POST", path="/predict", version="1.1"):
        lines = [f"{method} {path} HTTP/{version}", "host: localhost", *headers]
        if body:
            lines.append(f"content-length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def answer(self, *, bodiless=False):
        """(status, headers, body); None where the connection has ended."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        status = int(head[0].split()[1])
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        if bodiless or status == 100:
            return status, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            return status, headers, await self._chunks()
        return status, headers, await self.reader.readexactly(int(headers.get("content-length", 0)))

    async def _chunks(self):
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()
        return body

    async def close(self):
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()
