"""One process a deployment: starts replicas and keeps them, follows deployment.json and the aliases it names, tells status.json.

    supervisor = Supervisor(home, name, say=print)
    await supervisor.run()                     # until SIGINT or SIGTERM; raises what keeps the first start from serving

A change is made without losing a request: one replica loads what is new beside what it serves, then the others do, and only when all
have it do they switch. Where it cannot be loaded nothing changes, and a notice says why.
"""

import asyncio
import fcntl
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from daybreak.base.errors import DaybreakError, UsageError
from daybreak.base.home import Home
from daybreak.serving import desired, following, logs, status, swapping
from daybreak.serving.deployment import Deployment
from daybreak.serving.listeners import Listeners
from daybreak.serving.member import CannotLoad, Member
from daybreak.serving.sockets import reserve
from daybreak.serving.status import Notice, ReplicaStatus, State, Status

LOG = "log"
POLL = 0.2  # seconds between looks at what is wanted
COMPANIONS = ("experiment", "watch")  # modules with `async def supervise(supervisor)`
AGAIN = 5.0  # seconds until a companion that failed starts again

_log = logging.getLogger(logs.NAME)


class Supervisor:
    """Of one deployment. `say`: told what people like to know, a sentence at a time; `greet`: called when it serves."""

    def __init__(
        self,
        home: Home,
        name: str,
        say: Callable[[str], None] = lambda _: None,
        greet: Callable[[], None] = lambda: None,
    ) -> None:
        self.home = home
        self.folder = desired.folder_of(home, name)
        self._say = say
        self._greet = greet
        self._wanted = desired.read(self.folder)
        self._serving: Deployment | None = None
        self._refused = 0  # the generation that could not be loaded
        self._state: State = "starting"
        self._notices: list[Notice] = []
        self._members: list[Member] = []
        self._unread = ""
        self._told: Status | None = None  # as status.json has it
        self._unwritten = False  # a disk that takes no status.json was told of
        self._leaving: set[asyncio.Task[None]] = set()  # replicas that are no longer wanted, and drain
        self._reserved = reserve(self._wanted.host, self._wanted.port)
        self._listeners = Listeners(self._reserved)
        self._host, self._port = self._reserved.getsockname()[:2]
        self._since = time.time()
        self._stop = asyncio.Event()
        self._lives: dict[Member, asyncio.Task[None]] = {}

    @property
    def deployment(self) -> Deployment:
        """What is served; before anything is, what is wanted."""
        return self._serving or self._wanted

    @property
    def url(self) -> str:
        """Where it is."""
        scheme = "https" if self._wanted.certificate else "http"
        return f"{scheme}://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    def notice(self, text: str) -> None:
        """Tell people something, in status.json and the log."""
        _log.warning(text)
        self._notices = [*self._notices[1 - status.NOTICES :], Notice(time.time(), text)]
        self._say(text)
        self.tell()

    def change(self, how: desired.Change) -> Deployment:
        """Want something else; it is made so soon. Raises what `how` raises."""
        return desired.change(self.folder, how)

    async def run(self) -> None:
        """Serve until stopped. Raises `UsageError` where another supervisor runs, `CannotLoad` or `Died` where it never comes to serve."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop_now)
        with _alone(self.folder), (self.folder / LOG).open("ab") as log:
            try:
                await self._serve(log)
            except DaybreakError as error:
                self._state = "failed"
                self._notices.append(Notice(time.time(), str(error)))
                _log.error(str(error))
                self.tell()
                raise
            finally:
                await self._end()

    async def _serve(self, log: BinaryIO) -> None:
        self.tell()
        self._grow(log)
        stopping = asyncio.ensure_future(self._stop.wait())
        if not await self._started(stopping):
            return
        self._serving = self._wanted
        self._become("serving")
        self._greet()
        beside = [asyncio.ensure_future(self._accompany(name)) for name in COMPANIONS]
        beside.append(asyncio.ensure_future(following.aliases(self.home, self.folder, self.notice)))
        try:
            while not self._stop.is_set():
                look = asyncio.ensure_future(self._look(log))
                beside.append(look)
                await asyncio.wait([look, stopping], return_when=asyncio.FIRST_COMPLETED)  # a load may take minutes
                if look.done():
                    look.result()
                    beside.remove(look)
                    await asyncio.wait([stopping], timeout=POLL)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _started(self, stopping: "asyncio.Future[Any]") -> bool:
        """Wait until all replicas serve; False where it was asked to stop first. Raises what keeps one from it."""

        async def all_ready() -> None:
            for member in self._members:
                await member.ready.wait()

        ready = asyncio.ensure_future(all_ready())
        news: list[asyncio.Future[Any]] = [ready, stopping, *self._lives.values()]
        await asyncio.wait(news, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        for life in self._lives.values():
            if life.done():
                life.result()
        return not self._stop.is_set()

    async def _look(self, log: BinaryIO) -> None:
        """Make what is wanted so, as far as it differs from what is."""
        try:
            self._wanted = desired.read(self.folder)
        except (DaybreakError, OSError) as error:
            if str(error) != self._unread:
                self._unread = str(error)
                self.notice(f"what is wanted cannot be read, what is served stays: {error}")
        wanted, serving = self._wanted, self.deployment
        if wanted.generation not in (serving.generation, self._refused):
            await self._swap(wanted)
        self._grow(log)
        for member in self._members:
            if member.ready.is_set() and member.generation != self.deployment.generation:
                await swapping.catch_up(member, self.deployment)
        self.tell()

    async def _swap(self, wanted: Deployment) -> None:
        self._say_fixed(wanted)
        try:
            loaded = await swapping.prepare(self._members, wanted)
        except CannotLoad as error:
            if any(member.ready.is_set() for member in self._members):
                self._refused = wanted.generation
            self.notice(
                f"what is wanted (generation {wanted.generation}) cannot be served, what was served stays: {error}"
            )
            return
        self._serving = wanted  # a replica that starts from here on serves it
        await swapping.switch(loaded)
        _log.info("switched", extra={"generation": wanted.generation, "serving": told(wanted)})
        self._say(f"now serving {told(wanted)}")
        self.tell()

    def _say_fixed(self, wanted: Deployment) -> None:
        """What cannot change while it runs."""
        fixed = ("host", "port", "grpc_port", "certificate", "key", "threads")
        before = self.deployment
        changed = [name for name in fixed if getattr(wanted, name) != getattr(before, name)]
        if changed:
            self.notice(f"{', '.join(changed)} cannot change while it runs: stop the deployment and deploy again")

    def _grow(self, log: BinaryIO) -> None:
        """As many replicas as are wanted."""
        many = max(1, self._wanted.replicas)
        while len(self._members) < many:
            taken = {one.number for one in self._lives}  # by those that drain, too
            number = next(number for number in count(1) if number not in taken)
            member = Member(self.folder, number, self._listeners, lambda: self.deployment, self.tell)
            self._members.append(member)
            self._lives[member] = asyncio.ensure_future(member.live(log))
        while len(self._members) > many:
            leaver = self._members.pop()
            leaver.retire()  # before status.json says that it has gone
            leaving = asyncio.ensure_future(self._leave(leaver))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _leave(self, member: Member) -> None:
        """Drain one first: a life that is cancelled kills its process, with the requests that it answers."""
        await member.stop(self.deployment.limits.drain)
        life = self._lives[member]
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        del self._lives[member]

    async def _accompany(self, name: str) -> None:
        """Run what goes along: it may fail and start again, what is served goes on."""
        module = import_module(
            f"daybreak.serving.{name}"
        )  # now, not above: NumPy comes with it, and the first answer waits for none
        done = False
        while not done:
            try:
                await module.supervise(self)
                done = True
            except Exception as error:  # noqa: BLE001 (serving goes on)
                _log.error("%s failed", name, exc_info=error)
                self.notice(f"{name} failed and starts again: {type(error).__name__}: {error}")
                await asyncio.sleep(AGAIN)

    async def _end(self) -> None:
        """Drain all replicas and go."""
        if self._state != "failed":
            self._become("stopping")
        self._listeners.shut_all()
        self._reserved.close()
        stops = (member.stop(self.deployment.limits.drain) for member in self._members)
        await asyncio.gather(*stops, *self._leaving)
        await asyncio.gather(*self._lives.values(), return_exceptions=True)
        self._become("failed" if self._state == "failed" else "stopped")

    def _stop_now(self) -> None:
        if self._stop.is_set():  # asked twice: no more patience
            for life in self._lives.values():
                life.cancel()
        self._stop.set()

    def _become(self, state: State) -> None:
        if state != self._state:
            self._state = state
            _log.info("the deployment is %s", state)
            self.tell()

    def _now(self) -> State:
        """How it is, as of what replicas said last; those that come for the first time are not missed."""
        if self._serving is None or self._state not in ("serving", "degraded"):
            return self._state
        here = [member for member in self._members if member.generation]
        whole = all(member.ready.is_set() and member.generation == self._serving.generation for member in here)
        return "serving" if whole else "degraded"

    def tell(self) -> None:
        """Write status.json, where there is news."""
        if (state := self._now()) != self._state:
            self._state = state
            _log.info("the deployment is %s", state)
        replicas = tuple(
            ReplicaStatus(one.number, one.pid, one.state, one.generation, one.restarts, one.since)
            for one in self._members
        )
        serving = self._serving
        made = Status(
            *(self.folder.name, self._state, os.getpid(), self.url, self._port, self._since),
            generation=serving.generation if serving else 0,
            refused=self._refused,
            serving=serving.served if serving else (),
            replicas=replicas,
            notices=tuple(self._notices),
        )
        if made != self._told:
            self._write(made)

    def _write(self, made: Status) -> None:
        """A full disk costs news, not the deployment: it is written when there is room."""
        try:
            status.write(self.folder, made)
        except OSError as error:
            if not self._unwritten:
                _log.error("%s cannot be written: %s", status.RECORD, error)
            self._unwritten = True
        else:
            self._told, self._unwritten = made, False


def told(deployment: Deployment) -> str:
    """What a deployment serves, in words."""
    return ", ".join(
        f"{one.model} {one.version}" + (f" ({one.arm})" if len(deployment.served) > 1 else "")
        for one in deployment.served
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises `UsageError` where another process supervises."""
    with (folder / status.LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            name = folder.name
            raise UsageError(
                f"deployment {name} is running already; daybreak deployment stop {name}, or --name another"
            ) from None
        yield


def main(words: list[str]) -> None:
    """A supervisor in the background: HOME NAME."""
    logs.begin("supervisor")
    try:
        asyncio.run(_run(Home(Path(words[0])), words[1]))
    except DaybreakError as error:
        _log.error(str(error))
        sys.exit(error.exit_code)


async def _run(home: Home, name: str) -> None:
    await Supervisor(home, name).run()


if __name__ == "__main__":
    main(sys.argv[1:])
