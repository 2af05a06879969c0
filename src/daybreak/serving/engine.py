"""What every face of a deployment programs against: routes, gRPC, page and mirror hand calls in; observers see each batch.

    call = await engine.predict(columns, 3, route="v2", unit="user-17")   # raises Refusal
    call.outputs                                                                       # Columns, first axis: rows
    call = await engine.predict(decoded=engine.codec.decode(body), json=True, route="page")
    call.answers                                                                       # each row's answer as JSON
    call.id, call.arm.served.version, call.arm.model.signature

    engine.deployment       # what is served, its limits and split
    engine.arms             # name -> arm (`served`, `model`), the champion first
    engine.observers        # append one to hear of each batch (`serving.calls.Observer`)
    engine.ids              # request ids (`serving.ids`)
    engine.events           # this replica's segment of `events/` (`serving.events`)
    engine.folder           # HOME/deployments/NAME

Everything here runs on the thread of a replica's loop.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from daybreak.base.errors import UsageError
from daybreak.inference.model import Model
from daybreak.rollout.assignment import Router, Split
from daybreak.serving import deal
from daybreak.serving.calls import Call, Observer, Watcher
from daybreak.serving.deployment import Deployment, Limits, Served
from daybreak.serving.events import Writer
from daybreak.serving.ids import Ids
from daybreak.serving.lane import Lane
from daybreak.serving.meters import Meter
from daybreak.serving.refusals import Refusal
from daybreak.serving.spans import Tracing
from daybreak.signature.codec import Codec
from daybreak.signature.fields import Columns, Field, Signature

Load = Callable[[Served, int], Model]  # what is served, threads of the runtime -> a model that works

T = TypeVar("T")


class Engine:
    """The models of one replica. `load` opens a package (`serving.opening`)."""

    def __init__(self, folder: Path, load: Load, ids: Ids, events: Writer) -> None:
        self.folder = folder
        self.ids = ids
        self.events = events
        self.observers: list[Observer] = []
        self.meter: Meter | None = None  # `serving.meters`, an observer too
        self.tracing: Tracing | None = None  # `serving.tracing`
        self.closers: list[
            Callable[[float], Awaitable[None]]
        ] = []  # of faces with sockets of their own: seconds to finish in
        self.arms: dict[str, Lane] = {}
        self.draining = False
        self._load = load
        self._deployment: Deployment | None = None
        self.router: Router | None = None  # of the split that is served
        self._champion: Lane | None = None
        self._unit_header = b""
        self._unit_field = ""  # of rows as the codec makes them
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="bodies")
        self._bodies = 0  # that wait to be decoded aside
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time  # the loop's clock, seconds
        self._leaving: asyncio.Future[None] | None = None  # old models that end
        self._prepared: tuple[Deployment, dict[str, Lane]] | None = None
        self._watcher: Watcher | None = None

    @property
    def deployment(self) -> Deployment:
        """What is served now."""
        if self._deployment is None:
            raise Refusal(503, "not_ready", "the model is being loaded; come back in a moment", retry=1)
        return self._deployment

    @property
    def ready(self) -> bool:
        """Whether requests are answered."""
        return self._deployment is not None and not self.draining

    @property
    def champion(self) -> Lane:
        """The arm that answers where no split says otherwise; its signature is the deployment's."""
        return self._champion or self.arms[self.deployment.served[0].arm]

    @property
    def signature(self) -> Signature:
        """Of all arms: they take the same."""
        return self.champion.model.signature

    @property
    def codec(self) -> Codec:
        """Decodes rows for any arm."""
        return self.champion.codec

    def submit(self, call: Call, *, arm: str = "", deadline: float | None = None, arrived: float | None = None) -> None:
        """Queue a call; `call.done` is called later.

        `arm`: of who must answer; `deadline`: seconds since it `arrived`, by `now`; without that since now.
        Raises `Refusal`: 404 for an arm that is not served, 413 for too many rows, 429, 503.
        """
        limits = self._open_limits()
        if call.rows > limits.rows:
            raise Refusal(
                413, "too_many_rows", f"a request has at most {limits.rows} rows, got {call.rows}; send parts"
            )
        call.arrived = self._loop.time() if arrived is None else arrived
        call.deadline = call.arrived + min(deadline or limits.deadline, limits.deadline)
        self._lane(arm, call).submit(call)

    async def predict(
        self,
        columns: Columns | None = None,
        rows: int = 0,
        *,
        decoded: Sequence[Any] | None = None,
        json: bool = False,
        route: str = "",
        unit: str = "",
        arm: str = "",
        deadline: float | None = None,
    ) -> Call:
        """Submit and wait. Raises `Refusal`. A task that is cancelled while it waits touches no other call."""
        answered: asyncio.Future[None] = self._loop.create_future()

        def done(_: Call) -> None:
            if not answered.done():
                answered.set_result(None)

        call = Call(done, decoded=decoded, columns=columns, rows=rows, json=json, route=route, unit=unit)
        self.submit(call, arm=arm, deadline=deadline)
        try:
            await answered
        except asyncio.CancelledError:
            call.cancelled = True
            raise
        if call.refusal is not None:
            raise call.refusal
        return call

    def aside(self, work: Callable[[], T], done: "Callable[[asyncio.Future[T]], object]") -> None:
        """Do something that takes a while (a large body, a picture) in a thread, one thing at a time; `done` is called on the loop.

        What waits for that waits in the queue, too. Raises `Refusal`: 429, 503.
        """
        if self._bodies + self.champion.pending >= self._open_limits().queue:
            raise self.champion.overloaded()
        self._bodies += 1

        def back(future: "asyncio.Future[T]") -> None:
            self._bodies -= 1
            done(future)

        self._loop.run_in_executor(self._aside, work).add_done_callback(back)

    def unit_of(self, headers: Mapping[bytes, bytes], rows: Sequence[Any]) -> str:
        """Who asks, by the header or the field that the split names; empty where it is not told."""
        if self._unit_header:
            return headers.get(self._unit_header, b"").decode("latin-1")
        if self._unit_field and rows:
            return self._named(getattr(rows[0], self._unit_field))
        return ""

    async def prepare(self, wanted: Deployment) -> None:
        """Load what is wanted beside what is served. Raises what loading raises; what is served stays."""
        loaded: dict[str, Lane] = {}
        try:
            for served in wanted.served:
                loaded[served.arm] = await self._lane_of(served, wanted)
            _check_same_inputs(loaded)
        except BaseException:
            self._close(loaded)
            raise
        self.discard()
        self._prepared = wanted, loaded

    def switch(self) -> None:
        """Serve what was prepared. What waits before an old model is answered by it, then it is closed."""
        if self._prepared is None:
            return
        old = self.arms
        self._deployment, self.arms = self._prepared
        self._prepared = None
        self._champion = self.arms[self._deployment.served[0].arm]
        self._follow(self._deployment.split)
        for arm in self.arms.values():
            arm.limits, arm.watcher = self._deployment.limits, self._watcher
        leaving = [lane for lane in old.values() if lane not in self.arms.values()]
        if leaving:
            self._leaving = asyncio.ensure_future(_leave(leaving))

    def watch(self, watcher: Watcher) -> None:
        """Let somebody hear of each call of a model before it is made."""
        self._watcher = watcher
        for arm in self.arms.values():
            arm.watcher = watcher

    def discard(self) -> None:
        """Forget what was prepared and is not served."""
        if self._prepared is not None:
            self._close(self._prepared[1])
            self._prepared = None

    async def drain(self) -> None:
        """Take nothing more, answer what waits, close the models."""
        self.draining = True
        for lane in self.arms.values():
            await lane.drained()
        self._close(self.arms, served=False)
        self._aside.shutdown(wait=False)

    def _open_limits(self) -> Limits:
        """Raises `Refusal` where no requests are taken."""
        if self.draining:
            raise Refusal(503, "draining", "this server is about to stop; ask another one", retry=1)
        return self.deployment.limits

    def _unit_in(self, call: Call) -> str:
        """Who asks, by a field of rows that came as columns."""
        if call.columns is None or not self._unit_field:
            return ""
        column = call.columns[self.signature.inputs[int(self._unit_field[1:])].name]
        return self._named(column[0]) if len(column) else ""

    def _named(self, value: Any) -> str:
        return deal.named(value, self.signature.inputs[int(self._unit_field[1:])])

    def _follow(self, split: Split | None) -> None:
        """Who is sent where, from now on."""
        self.router = None if split is None else Router(split)
        kind, _, name = ("" if split is None else split.unit).partition(":")
        self._unit_header = name.lower().encode() if kind == "header" else b""
        places = {field.name: f"f{place}" for place, field in enumerate(self.signature.inputs)}
        self._unit_field = places.get(name, "") if kind == "field" else ""

    async def _lane_of(self, served: Served, wanted: Deployment) -> Lane:
        """The lane that serves just this already, else a new one."""
        for lane in self.arms.values():
            if lane.served == served:
                return lane
        model = await asyncio.to_thread(self._load, served, wanted.threads)
        return Lane(served, model, wanted.limits, self._issue, self.observers)

    def _issue(self, served: Served, call: Call) -> str:
        return self.ids.issue(served.arm, served.version, call.at, call.deal)

    def _close(self, lanes: dict[str, Lane], *, served: bool = True) -> None:
        kept = list(self.arms.values()) if served else []
        for lane in lanes.values():
            if lane not in kept:
                lane.close()

    def _lane(self, arm: str, call: Call) -> Lane:
        if not arm and self.router is not None:
            dealt, call.deal = deal.dealt(self.router, call.unit or self._unit_in(call) or secrets.token_hex(8))
            arm = dealt.name
        if not arm:
            return self.champion
        try:
            return self.arms[arm]
        except KeyError:
            raise Refusal(
                404, "unknown_arm", f"arms of this deployment are {', '.join(self.arms)}, not {arm}"
            ) from None


async def _leave(lanes: list[Lane]) -> None:
    for lane in lanes:
        await lane.drained()
        await asyncio.to_thread(lane.close)


def _forms(lane: Lane) -> list[Field]:
    return [field.form for field in lane.model.signature.inputs]


def _check_same_inputs(lanes: dict[str, Lane]) -> None:
    """Raises `UsageError`: a unit may come to any arm with the same row."""
    first, *others = lanes.values()
    for other in others:
        if _forms(other) != _forms(first):
            names = [f"{lane.served.model} {lane.served.version}" for lane in (first, other)]
            raise UsageError(
                f"models of one deployment take the same inputs, {names[0]} and {names[1]} do not; deploy them apart"
            )
