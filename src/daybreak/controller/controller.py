"""The loop: take what arrived, commit it, step it, answer, send what follows, and again. One thread.

Each turn makes one batch of whatever arrived while the last one was being committed:

    wait -> take -> ledger.append (one commit) -> step each -> `committed` callbacks -> commands out

Nothing is stepped before it is in the log, so a commit that fails leaves a state that was never touched: the batch is kept and
tried again, and nobody is told that it was kept. A crash after the commit loses only commands, and those are derived from
the state again when the log has been replayed.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from daybreak.base.errors import LedgerError
from daybreak.base.ids import AttemptKey
from daybreak.controller.brain import Brain
from daybreak.controller.core import Core
from daybreak.controller.intake import Batch, Loop
from daybreak.controller.outbox import Outbox
from daybreak.controller.projection import EVERY, Projection
from daybreak.controller.proposals import Proposals, SamplerFactory
from daybreak.controller.routing import Router
from daybreak.controller.snapshot import SnapshotFile
from daybreak.lifecycle.commands import AnyCommand, Freeze
from daybreak.lifecycle.events import Asked, AskName, ClockSet, Submitted
from daybreak.lifecycle.imports import Rows, renumbered
from daybreak.ports.executor import Executor
from daybreak.ports.ledger import Ledger, PointBatch
from daybreak.spec.models import Experiment
from daybreak.wire.api import Keeping, Status

Done = Callable[[], None]
Story = Callable[[str, Exception], None]

_FIRST_RETRY = 0.25  # seconds until a failed commit is tried again; doubled each time
_LAST_RETRY = 15.0


class Controller:
    """Many experiments, one log, one loop.

    `story(what, error)` is told once of each fault and of a log that cannot be written (and of its recovery, with the same error).
    All methods are for the loop's thread: callbacks of the reactor, or the thread that calls `run`.
    """

    def __init__(
        self,
        ledger: Ledger,
        executors: Sequence[Executor],
        loop: Loop,
        core: Core,
        make_sampler: SamplerFactory,
        story: Story,
        *,
        inline_sampling: bool = False,
        check: bool = False,
        project_every: float | None = EVERY,
        snapshots: SnapshotFile | None = None,
    ) -> None:
        self._ledger = ledger
        self._snapshots = snapshots
        self.upto = 0  # the entry of the log that the state stands at
        self._loop = loop
        self._core = core
        self._story = story
        self._brain = Brain(core, story, check=check)
        self._router = Router(executors, loop)
        self._proposals = Proposals(core, self._brain, loop, make_sampler, inline=inline_sampling)
        self._outbox = Outbox(loop, self._router, self._proposals.propose, self._proposals.forget, story)
        self._projection = Projection(core, self._brain, ledger, loop, story, project_every)
        self._held = Batch()  # what a failing ledger has not taken yet
        self._retry: float | None = None  # seconds to the next try; None: the ledger is well
        self.trouble = ""  # what keeps everything waiting, in words for people
        self._recovering = True  # until what is outstanding was sent
        self._stopped = False
        self._last_at = 0.0
        self._submitted = 0
        self._active_until = 0.0
        self.changed: list[Done] = []  # called after each batch that was stepped

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Replay the log, start the executors, end what was lost, send again what is outstanding. Raises `LedgerError`."""
        self._recall()
        self._last_at = self._brain.at
        self._loop.not_before(self._last_at)
        self._submitted = self._brain.newest
        self._active_until = self._loop.now()
        self._projection.advanced(self.upto)
        self._remember()
        self._router.start()
        # Ends of what was lost come after what the executors offer: on agents that just began nothing is prepared, so the slots that
        # become free are granted once it is.
        self._held.extend(self._loop.take())
        self._held.events += self._core.lost_attempts(self._brain.state, set(self._router.inventory()))
        if self._held:
            self._commit()
        else:
            self._resume()

    def run(self) -> None:
        """Turn until `stop`."""
        while not self._stopped:
            self.turn()

    def turn(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds, then make one batch of what is there; False when nothing happened."""
        busy = self._loop.turn(0.0 if self._loop.waiting and self._retry is None else timeout)
        if seconds := self._loop.was_set():
            self._loop.post(ClockSet(seconds))
        if self._loop.waiting and self._retry is None:
            self._commit()
            return True
        return busy

    def stop(self) -> None:
        """Let `run` return after this turn."""
        self._stopped = True

    def close(self, grace: float) -> None:
        """Freeze what runs and end it (at most about `grace` seconds), write the rows, let go of everything.

        What is granted meanwhile is not launched: for the next controller those attempts are lost before they began.
        """
        deadline = self._loop.now() + grace
        self._outbox.launching = False
        for attempt in self._router.inventory():
            self._router.send(Freeze(attempt, grace, "the controller ends"))
        while self._router.inventory() and (left := deadline - self._loop.now()) > 0:
            self.turn(left)
        self._router.close(max(0.0, deadline - self._loop.now()))
        self._commit()
        self._remember()
        self._proposals.close()
        self._ledger.close()
        self._loop.close()

    # -- what the server asks ------------------------------------------------------------------------------------

    def submit(self, spec: dict[str, Any], owner: str = "", committed: Done | None = None) -> int:
        """Queue a new experiment from a resolved spec (plain JSON data); its number, good once `committed` was called.

        Raises `pydantic.ValidationError` for a spec that is none.
        """
        Experiment.model_validate(spec)
        self._submitted += 1
        self._loop.post(Submitted(self._submitted, spec, owner), committed)
        return self._submitted

    def adopt(
        self,
        origin: str,
        rows: Rows,
        points: Iterable[tuple[int, str, list[int], list[float]]],
        recorded: dict[str, Any],
        committed: Done | None = None,
    ) -> int:
        """Queue an experiment of another home; the number it has here, good once `committed` was called.

        `points`: (trial, metric, steps, values) each.
        """
        self._submitted += 1
        number = self._submitted
        for trial, metric, steps, values in points:
            self._loop.log(PointBatch(AttemptKey(number, trial, 1), {metric: (steps, values)}))
        self._loop.post(renumbered(number, origin, rows, recorded), committed)
        return number

    def ask(
        self, experiment: int, ask: AskName, value: Any = None, by: str = "", committed: Done | None = None
    ) -> None:
        """Queue a wish: pause, resume, stop, priority, extend, pin, unpin. Raises `NotFound`."""
        self.status(experiment)
        self._loop.post(Asked(experiment, ask, value, by), committed)

    def status(self, experiment: int) -> Status:
        """A live view, from the state itself. Raises `NotFound`."""
        return self._core.status(self._brain.state, experiment, self._loop.now())

    def keeping(self, experiment: int, deleted: frozenset[str]) -> Keeping:
        """Which checkpoints are kept, and why; of the digests `deleted`, those that somebody keeps. Raises `NotFound`."""
        return self._core.keeping(self._brain.state, experiment, deleted)

    def family(self, experiment: int) -> str:
        """The name under which its looks at sealed test data are counted. Raises `NotFound`."""
        return self._core.family(self._brain.state, experiment)

    def flush(self) -> None:
        """Bring the read tables up to the state: call before reading them."""
        self._projection.flush()

    def idle_since(self) -> float | None:
        """Since when (seconds since 1970) no experiment runs or finishes; None while one does."""
        if self._projection.active or self._loop.waiting:
            self._active_until = self._loop.now()
            return None
        return self._active_until

    # -- memory ------------------------------------------------------------------------------------------------

    def _recall(self) -> None:
        found = self._snapshots.load(self._ledger) if self._snapshots is not None else None
        if found is not None:
            known, active = found.memory
            self.upto = found.seq
            self._brain.remember(known)
            self._projection.active |= active
        for entry in self._ledger.replay(after=self.upto):
            self.upto = entry.seq
            self._brain.apply(entry.at, entry.event)

    def _remember(self) -> None:
        self._projection.flush()
        if self._snapshots is not None and self._projection.complete:
            self._snapshots.save(self._ledger, self.upto, (self._brain.memory(), self._projection.active))

    # -- one batch -----------------------------------------------------------------------------------------------

    def _commit(self) -> None:
        self._held.extend(self._loop.take())
        batch = self._held
        if not batch:
            return
        at = self._last_at = max(self._last_at, self._loop.now())
        try:
            upto = self._ledger.append(at, batch.events, batch.points)
        except LedgerError as error:
            self._put_off(error)
            return
        self._held = Batch()
        self.upto = upto
        self._retry, self.trouble = None, ""
        self._carry_out(at, batch)

    def _carry_out(self, at: float, batch: Batch) -> None:
        apply = self._brain.apply
        commands: list[AnyCommand] = []
        for event in batch.events:
            commands += apply(at, event)
        for call in batch.callbacks:
            self._call(call)
        if self._recovering:
            self._resume()
        else:
            self._outbox.dispatch(commands)
        if batch.events:
            self._projection.advanced(self.upto)
            for tell in self.changed:
                self._call(tell)

    def _call(self, guest: Done) -> None:
        try:
            guest()
        except Exception as error:  # noqa: BLE001 (one guest's fault must not end everybody's loop)
            self._story("a callback after a commit", error)

    def _resume(self) -> None:
        """Send what is outstanding, in its own order: experiments are prepared before their attempts are launched."""
        self._recovering = False
        self._outbox.dispatch(self._core.outstanding(self._brain.state))

    def _put_off(self, error: LedgerError) -> None:
        if self._retry is None:
            self.trouble = f"the log cannot be written; everything waits until it can: {error}"
            self._story("the log cannot be written; everything waits until it can", error)
        self._retry = min(_LAST_RETRY, 2 * self._retry) if self._retry else _FIRST_RETRY
        self._loop.later(self._retry, self._commit)
