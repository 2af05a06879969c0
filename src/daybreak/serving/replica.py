"""One replica: a process with its own loop, its own models and a socket of its own (SO_REUSEPORT).

    python -m daybreak.serving.replica FOLDER NUMBER CONTROL LISTENING RISK TABLE    # the last four: descriptors

Started by the supervisor, it serves what it is told to, drains when it is told to or gets SIGTERM, and ends when its supervisor is gone.
"""

import asyncio
import contextlib
import faulthandler
import gc
import logging
import mmap
import resource
import signal
import socket
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import uvloop

from daybreak.base.errors import DaybreakError
from daybreak.serving import app, control, logs, predict
from daybreak.serving.engine import Engine
from daybreak.serving.events import Writer
from daybreak.serving.guard import guard_of
from daybreak.serving.http.server import Server
from daybreak.serving.ids import Ids, key_of
from daybreak.serving.opening import opened
from daybreak.serving.risk import Handing
from daybreak.serving.tls import context_of
from daybreak.serving.v2 import hot

COMPANIONS = (
    "metrics",
    "tracing",
    "capture",
    "experiment.observing",
    "watch",
    "grpc",
)  # modules with `async def attach(engine, replica)`
EVENTS = 0.25  # seconds that an event may wait to be written
ORPHANED = 2.0  # seconds to finish in when the supervisor is gone

_log = logging.getLogger(logs.NAME)


class Replica:
    """One process's part of a deployment."""

    def __init__(self, folder: Path, number: int, channel: control.Channel, listening: socket.socket) -> None:
        self._number = number
        self._channel = channel
        self._listening = listening
        self._engine = Engine(folder, opened, Ids(key_of(folder / "secret"), number), Writer(folder / "events", number))
        self._server: Server | None = None
        self._risk: Handing | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._orders: asyncio.Task[object] | None = None

    def at_risk(self, handing: Handing) -> None:
        """Hand connections to the supervisor."""
        self._risk = handing

    def stop(self) -> None:
        """Drain and end."""
        if self._orders is not None:
            self._orders.cancel()

    async def run(self) -> None:
        """Serve until told to stop."""
        self._channel.send(control.Up())
        self._orders = asyncio.ensure_future(self._obey())
        orphaned = False
        try:
            orphaned = not await self._orders
        except asyncio.CancelledError:
            _log.info("stopping: asked to by a signal")
        await self._drain(ORPHANED if orphaned else None)

    async def _obey(self) -> bool:
        """Follow orders; whether the last was to drain (False: the supervisor is gone)."""
        while (order := await self._channel.receive()) is not None:
            if isinstance(order, control.Prepare):
                await self._prepare(order)
            elif isinstance(order, control.Switch):
                await self._switch()
            elif isinstance(order, control.Discard):
                self._engine.discard()
            else:
                return True
        return False

    async def _prepare(self, order: control.Prepare) -> None:
        generation = order.deployment.generation
        try:
            await self._engine.prepare(order.deployment)
        except DaybreakError as error:
            self._channel.send(control.Failed(generation, str(error)))
        except Exception as error:  # noqa: BLE001 (a model that is not served harms nobody)
            _log.exception("a package could not be loaded", extra={"generation": generation})
            self._channel.send(control.Failed(generation, f"{type(error).__name__}: {error}"))
        else:
            self._channel.send(control.Prepared(generation))

    async def _switch(self) -> None:
        engine = self._engine
        engine.switch()
        server = self._server or Server(app.build(engine), {}, engine.deployment.limits, self._risk)
        server.hot = {b"/predict": predict.handler(engine)} | hot.handlers(engine, server.cold)
        server.limits, server.guard = engine.deployment.limits, guard_of(engine.folder, engine.deployment)
        if self._server is None:
            self._server = server
            await self._open(server)
        gc.collect()
        gc.freeze()  # what is loaded stays: collections look at what requests leave alone
        self._channel.send(control.Serving(engine.deployment.generation))

    async def _open(self, server: Server) -> None:
        """Begin to take connections."""
        engine = self._engine
        for name in COMPANIONS:
            await import_module(f"daybreak.serving.{name}").attach(engine, self._number)
        server.meter, server.tracing = engine.meter, engine.tracing
        self._write_events()
        await server.listen([self._listening], context_of(engine.deployment))

    def _write_events(self) -> None:
        """Hand what observers gathered to the system, a few times a second; a full disk costs events, not answers."""
        events = self._engine.events
        try:
            events.flush()
        except OSError as error:
            _log.error("events cannot be written", extra={"why": str(error)})
        self._writing = asyncio.get_running_loop().call_later(EVENTS, self._write_events)

    async def _drain(self, seconds: float | None) -> None:
        if self._server is not None:
            seconds = self._server.limits.drain if seconds is None else seconds
            closed = partial(self._channel.send, control.Closed())
            await asyncio.gather(
                self._server.drain(seconds, closed), *(close(seconds) for close in self._engine.closers)
            )
        await self._engine.drain()
        if self._writing is not None:
            self._writing.cancel()
        with contextlib.suppress(OSError):
            self._engine.events.close()
        self._channel.close()


async def run(folder: Path, number: int, descriptors: list[int]) -> None:
    """Serve on inherited descriptors: control, listening, risk, table."""
    told, listening, risk, table = descriptors
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=told))
    replica = Replica(folder, number, control.Channel(reader, writer, control.Order), socket.socket(fileno=listening))
    if risk >= 0:
        replica.at_risk(Handing(socket.socket(fileno=risk), mmap.mmap(table, 0)))
    for asked in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(asked, replica.stop)
    await replica.run()


def main(words: list[str]) -> None:
    """The process."""
    folder, number, descriptors = Path(words[0]), int(words[1]), [int(word) for word in words[2:]]
    faulthandler.enable()
    logs.begin(f"replica-{number}")
    allow_descriptors()
    uvloop.run(run(folder, number, descriptors))


def allow_descriptors() -> None:
    """As many connections as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (min(hard, 1 << 20) if hard != resource.RLIM_INFINITY else 1 << 20, hard)
    )


if __name__ == "__main__":
    main(sys.argv[1:])
