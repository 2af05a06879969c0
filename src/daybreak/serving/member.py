"""One replica as its supervisor sees it: started, ordered about, started again when it dies."""

import asyncio
import logging
import mmap
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from daybreak.base.errors import ModelFailed
from daybreak.serving import control, logs
from daybreak.serving.deployment import Deployment
from daybreak.serving.door import Door
from daybreak.serving.listeners import Listeners
from daybreak.serving.risk import Holding
from daybreak.serving.tls import context_of

PATIENCE = 120.0  # seconds in which a replica must have started or a package be loaded
BACKOFF = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds before the next start, by deaths in a row
STEADY = 60.0  # seconds after which a death is the first again

_log = logging.getLogger(logs.NAME)


class Died(ModelFailed):
    """The process has ended."""


class CannotLoad(ModelFailed):
    """It cannot load what it was told to; it goes on with what it has."""


class Member:
    """A place in the fleet. `current`: what a process that starts is to serve; `changed`: called when there is news for status.json."""

    def __init__(
        self,
        folder: Path,
        number: int,
        listeners: Listeners,
        current: Callable[[], Deployment],
        changed: Callable[[], None],
    ) -> None:
        self.number = number
        self.state = "starting"
        self.generation = 0
        self.restarts = 0
        self.since = time.time()
        self.died_of = ""
        self.ready = asyncio.Event()
        self._folder = folder
        self._listeners = listeners
        self._door: Door | None = None
        self._current = current
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._channel: control.Channel | None = None
        self._reports: asyncio.Queue[object | None] = asyncio.Queue()
        self._stopping = False
        self._prepared = 0  # the generation that was asked for last
        self._busy = asyncio.Lock()

    @property
    def pid(self) -> int:
        """Of its process; 0 where none runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def live(self, log: BinaryIO) -> None:
        """Keep a process running until `stop`. Raises `CannotLoad` and `Died` where the very first does not come to serve."""
        deaths = 0
        while not self._asked_to_stop():
            began = time.monotonic()
            try:
                await self._once(log)
            except (CannotLoad, Died) as error:
                self.died_of = str(error)
                if self.restarts == 0 and self.generation == 0 and (isinstance(error, CannotLoad) or deaths):
                    await self.stop(0.0)
                    raise
            if self._asked_to_stop():
                break
            deaths = deaths + 1 if time.monotonic() - began < STEADY else 1
            if pause := BACKOFF[min(deaths, len(BACKOFF)) - 1]:
                if self._door is not None:
                    self._door.turn_away()
                await asyncio.sleep(pause)
            self.restarts += 1 if self.generation else 0

    async def prepare(self, wanted: Deployment) -> None:
        """Load beside what is served. Raises `CannotLoad`, `Died`."""
        async with self._busy:
            self._prepared = wanted.generation
            report = await self._ask(control.Prepare(wanted), control.Prepared, control.Failed)
            if isinstance(report, control.Failed):
                raise CannotLoad(report.why)

    async def switch(self) -> None:
        """Serve what was prepared. Raises `Died`."""
        async with self._busy:
            report = await self._ask(control.Switch(), control.Serving)
            if isinstance(report, control.Serving):
                self.generation = report.generation
                self._changed()

    def discard(self) -> None:
        """Forget what was prepared."""
        if self._channel is not None:
            self._channel.send(control.Discard())

    def retire(self) -> None:
        """It is to leave: who connects from now on is dealt to others."""
        self._stopping = True
        if self._door is not None:
            self._door.shut()

    async def stop(self, seconds: float) -> None:
        """Drain, and end at the latest after so many seconds. Who connects meanwhile is dealt to others, or told to ask again."""
        self.retire()
        await self._end(seconds)
        if self._door is not None:
            await self._door.close()

    async def _end(self, seconds: float) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        self._become("stopping")
        if self._channel is not None:
            self._channel.send(control.Drain())
        try:
            await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _once(self, log: BinaryIO) -> None:
        """The life of one process."""
        self._become("starting")
        process, channel, holding = await self._start(log)
        self._process, self._channel, self._reports = process, channel, asyncio.Queue()
        listening = asyncio.ensure_future(self._listen(channel, self._reports))
        try:
            await self._bring_up()
            await process.wait()
        finally:
            self.ready.clear()
            if self._door is not None:
                self._door.shut()
            if failed := process.returncode is None:
                process.kill()
                await process.wait()
            told = holding.collapse()
            listening.cancel()
            channel.close()
            self._channel = None
            if not self._stopping and not failed:
                self.died_of = _ended(process.returncode or 0)
                _log.error("replica %d %s", self.number, self.died_of, extra={"answered_503": told, "pid": process.pid})
            self._become("down")

    async def _bring_up(self) -> None:
        await self._expect(control.Up)
        wanted = self._current()
        await self.prepare(wanted)
        if self._door is None or self._asked_to_stop():
            raise Died(f"replica {self.number} is not wanted any more")
        self._door.listen()
        await self.switch()
        if not self._asked_to_stop():  # meanwhile: who leaves is dealt nobody
            self._door.open()
        self._become("serving")
        self.ready.set()

    async def _start(self, log: BinaryIO) -> tuple[asyncio.subprocess.Process, control.Channel, Holding]:
        ours, theirs = socket.socketpair()
        our_risk, their_risk = socket.socketpair()
        self._door = self._door or Door(self._listeners, context_of(self._current()))
        with theirs, their_risk, tempfile.TemporaryFile() as table:
            table.truncate(self._current().limits.connections)
            shared = mmap.mmap(table.fileno(), 0)
            descriptors = [theirs.fileno(), self._door.listening.fileno(), their_risk.fileno(), table.fileno()]
            words = [str(self._folder), str(self.number), *map(str, descriptors)]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "daybreak.serving.replica", *words),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=descriptors,
                start_new_session=True,  # Ctrl-C is for the supervisor, who lets replicas and their workers finish
                env=os.environ | {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1"},
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        return process, control.Channel(reader, writer, control.Report), Holding(our_risk, shared)

    async def _listen(self, channel: control.Channel, reports: asyncio.Queue[object | None]) -> None:
        while (report := await channel.receive()) is not None:
            if isinstance(report, control.Closed) and self._stopping and self._door is not None:
                self._door.turn_away()
            reports.put_nowait(report)
        reports.put_nowait(None)

    async def _ask(self, order: control.Order, *answers: type) -> object:
        if self._channel is None:
            raise Died(f"replica {self.number} is down")
        self._channel.send(order)
        return await self._expect(*answers)

    async def _expect(self, *answers: type) -> object:
        """The next report of these types, of the generation that was asked for last: one that came too late is of an older one.

        Raises `Died` where the process ends first, or says nothing for `PATIENCE`.
        """
        while True:
            try:
                report = await asyncio.wait_for(self._reports.get(), PATIENCE)
            except TimeoutError:
                raise Died(f"replica {self.number} said nothing for {PATIENCE:.0f} s") from None
            if report is None:
                self.ready.clear()  # who waits for the next process must not meet this one
                self._reports.put_nowait(None)
                code = await self._process.wait() if self._process is not None else 0
                raise Died(f"replica {self.number} {_ended(code)}")
            generation = getattr(report, "generation", self._prepared)  # `Up` has none
            if isinstance(report, answers) and generation == self._prepared:
                return report

    def _asked_to_stop(self) -> bool:
        return self._stopping

    def _become(self, state: str) -> None:
        self.state, self.since = state, time.time()
        self._changed()


def _ended(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with status {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
