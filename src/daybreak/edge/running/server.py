"""The device's process: serves what is installed, follows the device's folder, asks for updates, ends trials.

One process without a supervisor: on a device that belongs to systemd or a container's restart policy. What was on trial when the process
died is not started a second time (`device.state`).
"""

import asyncio
import gc
import logging
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from daybreak.base.errors import DaybreakError, NotFound
from daybreak.edge.device.folder import STATE, DeviceFolder
from daybreak.edge.device.state import Installed
from daybreak.edge.opening import Access, Opened, open_installed
from daybreak.edge.running import events
from daybreak.edge.running.holding import Holding
from daybreak.edge.running.options import Options
from daybreak.edge.running.watching import Watching
from daybreak.edge.sources import Source
from daybreak.edge.tuning import local
from daybreak.edge.updating import update
from daybreak.serving import app, logs, predict, sockets
from daybreak.serving.deployment import Capture, Deployment, Served
from daybreak.serving.engine import Engine
from daybreak.serving.events import Writer
from daybreak.serving.guard import TOKENS, Guard
from daybreak.serving.http.server import Server
from daybreak.serving.ids import Ids, key_of
from daybreak.serving.tls import context_of
from daybreak.serving.tokens import Tokens

TICK = 0.25  # seconds between looks at the folder
COMPANIONS = ("metrics", "capture")

_log = logging.getLogger(logs.NAME)


class DeviceServer:
    """Made once, run once. `say` is told what people should know, in sentences."""

    def __init__(
        self, device: DeviceFolder, access: Access, options: Options, source: Source | None, say: Callable[[str], None]
    ) -> None:
        if not device.state.digests:
            raise device.nothing()
        self._device = device
        self._access = access
        self._trusted, self._unlock = access.trusted(), access.unlock()
        self._options = options
        self._source = source
        self._say = say
        self._holding, self._watching = Holding(), Watching()
        self._generation = 0
        self._serving: Opened | None = None
        self._trial_until: float | None = None  # the loop's clock
        self._stamp = (0, 0)
        self._complaint = ""
        self._stopping = asyncio.Event()
        self._reserved = sockets.reserve(options.host, options.port)
        writer = Writer(device.folder / events.FOLDER, 0)
        self._engine = Engine(device.folder, self._holding.load, Ids(key_of(device.folder / "secret")), writer)
        self._engine.observers.append(self._watching)

    @property
    def url(self) -> str:
        """Where it answers."""
        host, port = self._reserved.getsockname()[:2]
        return f"http{'s' if self._options.certificate else ''}://{f'[{host}]' if ':' in host else host}:{port}"

    def stop(self) -> None:
        """Answer what waits, then end."""
        self._stopping.set()

    async def run(self, ready: Callable[["DeviceServer"], None]) -> None:
        """Serve until `stop`. Raises where nothing that is installed can be served."""
        await self._first()
        server = await self._listen()
        ready(self)
        following = [asyncio.ensure_future(self._follow())]
        if self._source is not None:
            following.append(asyncio.ensure_future(self._ask(self._source)))
        try:
            stopped = asyncio.ensure_future(self._stopping.wait())
            await asyncio.wait([stopped, *following], return_when=asyncio.FIRST_COMPLETED)
            for task in following:
                if task.done():
                    task.result()  # raises what ended it
        finally:
            await _end(following)
            self._put_back()
            await server.drain(self._engine.deployment.limits.drain)
            await self._engine.drain()
            self._engine.events.close()

    def _put_back(self) -> None:
        """A trial that ends because we were asked to stop goes on next time."""
        try:
            if self._serving is not None:
                self._device.put_back(self._serving.bundle.digest)
        except (DaybreakError, OSError) as error:
            self._complain(str(error))

    @property
    def told(self) -> str:
        """What is served, in words."""
        if self._serving is None:
            return "nothing"
        own = " with this device's own last layer" if self._serving.tuned else ""
        return self._serving.bundle.manifest.told + own

    @property
    def on_trial(self) -> bool:
        """Whether it is not confirmed yet."""
        return self._trial_until is not None

    def as_json(self) -> dict[str, Any]:
        """What is served, and where."""
        if self._serving is None:
            raise NotFound("nothing is served yet")
        bundle = self._serving.bundle
        record = bundle.manifest.package
        told = {"url": self.url, "model": record.name, "version": record.version, "digest": bundle.digest}
        return told | {"tuned": self._serving.tuned, "trial": self.on_trial, "state": str(self._device.folder)}

    async def _first(self) -> None:
        """Show what is installed; a trial that cannot be shown makes room for what was there before."""
        while True:
            chosen = self._device.start()
            try:
                await self._show(chosen)
            except DaybreakError as error:
                before = self._device.state
                after = self._device.abandon(chosen.digest, str(error))
                if after == before or after.current is None:
                    raise
                self._say(after.notices[-1].says)
            else:
                return

    async def _show(self, chosen: Installed) -> None:
        """Open a bundle and let it answer in place of the one before, without losing a request."""
        try:
            await self._swap(chosen)
        except DaybreakError as error:
            if not local.drop(self._device):
                raise
            self._tell(f"the tuned layer is dropped: {error}")
            await self._swap(chosen)

    async def _swap(self, chosen: Installed) -> None:
        opened = await asyncio.to_thread(open_installed, self._device, chosen, self._trusted, self._unlock)
        self._generation += 1
        served = self._holding.take(opened, self._generation)
        await self._engine.prepare(self._deployment(served))
        self._engine.switch()
        gc.collect()
        self._serving = opened
        self._watching.begin(served.package)
        state = self._device.state
        on_trial = state.trial is not None and state.trial.digest == chosen.digest
        self._trial_until = asyncio.get_running_loop().time() + self._options.trial if on_trial else None
        self._stamp = self._stamped()

    def _deployment(self, served: Served) -> Deployment:
        options = self._options
        return Deployment(
            served.model,
            (served,),
            generation=self._generation,
            host=options.host,
            port=options.port,
            threads=options.threads,
            capture=Capture(1.0 if options.learn else 0.0),
            certificate=options.certificate,
            key=options.key,
            page=options.page,
        )

    async def _listen(self) -> Server:
        engine = self._engine
        deployment = engine.deployment
        server = Server(app.build(engine), {b"/predict": predict.handler(engine)}, deployment.limits)
        for name in COMPANIONS:
            await import_module(f"daybreak.serving.{name}").attach(engine, 0)
        server.meter = engine.meter
        server.guard = Guard(deployment, Tokens(self._device.folder / TOKENS, deployment.name))
        await server.listen([sockets.again(self._reserved)], context_of(deployment))
        return server

    async def _follow(self) -> None:
        """Look every now and then: has the trial ended, was another bundle installed, another layer tuned."""
        while True:
            await asyncio.sleep(TICK)
            try:
                self._engine.events.flush()
                await self._look_at_trial()
                if self._stamped() != self._stamp:
                    await self._look_at_folder()
                events.drop_oldest(self._device.folder / events.FOLDER, events.MOST)
            except (
                DaybreakError,
                OSError,
            ) as error:  # a full disk, a folder that was altered: what is in memory goes on
                self._complain(str(error))

    async def _look_at_trial(self) -> None:
        if self._trial_until is None or self._serving is None:
            return
        digest = self._serving.bundle.digest
        if why := self._watching.failing:
            self._tell(self._device.abandon(digest, why).notices[-1].says)
            await self._first()
        elif asyncio.get_running_loop().time() >= self._trial_until:
            self._trial_until = None
            self._tell(self._device.confirm(digest).notices[-1].says)
            self._stamp = self._stamped()

    async def _look_at_folder(self) -> None:
        before, self._stamp = self._stamp, self._stamped()
        state, serving = self._device.state, self._serving
        wanted = state.trial or state.current
        if serving is None or wanted is None:
            return
        if wanted.digest != serving.bundle.digest:
            self._tell(f"version {wanted.version} was installed")
            await self._first()
        elif self._stamp[1] != before[1]:
            await self._show(wanted)
        else:
            return
        self._tell(f"serving {self.told}")

    async def _ask(self, source: Source) -> None:
        """Ask for updates, for ever. What is refused is told and changes nothing."""
        while True:
            try:
                path = await asyncio.to_thread(source.offered, self._device.state)
                if path is not None:
                    await asyncio.to_thread(update, self._device, path, self._access)
            except NotFound as error:
                _log.warning(str(error))
            except DaybreakError as error:
                self._tell(f"an update is refused: {error}")
            except OSError as error:  # a disk without room for it: what is served goes on
                self._complain(f"an update could not be installed: {error}")
            await asyncio.sleep(self._options.every)

    def _complain(self, says: str) -> None:
        """Tell what keeps coming back once."""
        if says != self._complaint:
            self._complaint = says
            _log.error(says)
            self._say(f"goes on as it is: {says}")

    def _tell(self, says: str) -> None:
        _log.info(says)
        self._say(says)

    def _stamped(self) -> tuple[int, int]:
        """When state and tuned layer were written."""
        return _changed(self._device.folder / STATE), _changed(self._device.folder / local.FILE)


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


async def _end(tasks: Sequence["asyncio.Future[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
