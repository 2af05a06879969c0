"""Attempts of functions: one process per member of the gang, forked from the warm parent, spoken to in frames.

Rank 0 speaks for the trial. The others' reports are answered with the verdict that rank 0's report of the same number got;
their points, checkpoints and metrics are theirs alone.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from math import isfinite
from pathlib import Path

from daybreak.executors.local.attempts import Attempt, Doom, Site
from daybreak.executors.local.connections import Connection
from daybreak.executors.local.door import Door
from daybreak.executors.local.environment import free_port, on_slots, rendezvous
from daybreak.executors.local.failures import make_failure
from daybreak.executors.local.members import Member
from daybreak.executors.local.metrics import improved
from daybreak.executors.local.parents import WarmParent
from daybreak.executors.local.processes import end_groups, tail, wait_for
from daybreak.executors.local.redacted import RedactingPipe
from daybreak.executors.local.sealed import SealedData
from daybreak.lifecycle import commands
from daybreak.lifecycle.events import (
    AttemptStarted,
    CheckpointDamaged,
    CheckpointFailed,
    CheckpointSaved,
    EndReason,
    RungReported,
    Slot,
)
from daybreak.ports.ledger import PointBatch
from daybreak.provenance.data.given import paths as data_paths
from daybreak.spec.models import Experiment
from daybreak.wire.parent import Fork
from daybreak.wire.worker import (
    Assignment,
    Damaged,
    Ended,
    Failure,
    Freeze,
    FromWorker,
    Hello,
    Kept,
    OpenSealed,
    Points,
    Report,
    Saved,
    Scored,
    Started,
    Unsaved,
    Verdict,
    decode_from_worker,
)

GRANTED = (
    "DAYBREAK_GRANTED"  # variable: CLOCK_MONOTONIC at the grant, from which a worker tells how long its start took
)
BEGINNING = 120.0  # seconds a new process has to say Hello; a child of a process with threads may hang for ever
REAPING = 1.0  # seconds between a socket's end and its process's end being told
LAST_WORDS = 2.0  # seconds a process has to go after its last frame
UNANSWERED = 0.5  # seconds after which an attempt that is to freeze and waits for a verdict is told to
RECENT = 1000  # units of which an attempt's values are at hand when its checkpoint, written behind training, is told of
FOLLOWING = 5.0  # seconds the others of a gang have to end after rank 0


class FunctionAttempt(Attempt):
    """One attempt of `module:function`."""

    def __init__(
        self,
        site: Site,
        launch: commands.Launch,
        spec: Experiment,
        slots: Sequence[Slot],
        parent: WarmParent,
        door: Door,
    ) -> None:
        super().__init__(site, launch, spec, slots)
        self._parent = parent
        self._door = door
        self._members: list[Member] = []
        self._verdicts: dict[int, Verdict] = {}
        self._freezing: Freeze | None = None
        self._recent: dict[
            int, dict[str, float]
        ] = {}  # objectives by the unit they were reported for, the last there are
        self._sealed = SealedData(site.home, site.reactor, site.aside, self.key, spec, lambda: not self.over)
        self._saved: int | None = None  # units of the last checkpoint of this attempt

    def begin(self) -> None:
        """Fork now, or when the parent is ready."""
        self.waits = True
        self._parent.launch(self)

    def fork(self) -> None:
        """Ask the parent for the processes."""
        self.waits, self.heard = False, time.monotonic()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        port = free_port() if len(self.slots) > 1 else 0
        for rank, slot in enumerate(self.slots):
            log = self.log if rank == 0 else self.log.with_suffix(f".rank{rank}.log")
            member = Member(rank, log)
            member.output = self._redacting(log)
            member.token = self._door.expect(self.key, partial(self._welcome, member))
            self._members.append(member)
            self._parent.fork(self, self._order(member, slot, port))
        self.later(BEGINNING, self._must_have_begun)

    def forked(self, rank: int, pid: int) -> None:
        """A process is there."""
        self._known(self._members[rank], pid)

    def reaped(self, rank: int, status: int) -> None:
        """A process has ended: take in what it still said, end what is left of its group."""
        member = self._members[rank]
        member.drain()
        member.status = status
        member.clear(self.site.watchdog)
        self._out(member)

    def orphaned(self) -> None:
        """The parent has died, and with it what it forked."""
        for member in self._members:
            member.clear(self.site.watchdog)
        self.end(*(self.doom or Doom("lost", make_failure("signal", "the warm parent it was forked from has ended"))))
        self._forget()

    def logs(self) -> list[Path]:
        """One of each member."""
        return [member.log for member in self._members] or [self.log]

    def unfit(self, failure: Failure) -> None:
        """The code cannot be imported."""
        self.end("crashed", failure)

    def verdict(self, order: commands.Verdict) -> None:
        """Answer every member whose report of this number waits, and those that come later."""
        if not self._members or self._members[0].asks != order.number:
            return
        self.waits = False
        self._verdicts[order.number] = Verdict(order.number, order.action, order.target, order.save)
        for member in self._members:
            self._answer(member)

    def freeze(self, order: commands.Freeze) -> None:
        """Tell every member; kill them when the grace is over."""
        if self._parent.withdraw(self):
            self.end("preempted")
        elif self._freezing is None and not self.over:
            self._freezing = Freeze(order.grace)
            for member in self._members:
                member.tell(self._freezing)
            self.later(order.grace, self._grace_is_over)
            self.later(UNANSWERED, self._answer_ourselves)

    def _answer_ourselves(self) -> None:
        """A worker whose report is not answered does not look up: a report may be held until its turn."""
        asks = self._members[0].asks if self._members else None
        if asks is not None and asks not in self._verdicts:
            self.verdict(commands.Verdict(self.key, asks, "freeze"))

    def groups(self) -> list[int]:
        """Groups of members that have not been reaped."""
        return [member.pid for member in self._members if member.pid is not None and member.alive]

    def wait(self, seconds: float) -> None:
        """Block until the processes have ended; the parent reaps them."""
        wait_for(self.groups(), seconds)
        end_groups(self.groups())
        self._forget()
        for member in self._members:
            member.silence()

    def condemn(self, reason: EndReason, failure: Failure | None = None) -> None:
        """Also when no process is there yet."""
        if self._parent.withdraw(self):
            self.end(reason, failure)
        super().condemn(reason, failure)

    def _order(self, member: Member, slot: Slot, port: int) -> Fork:
        size = len(self.slots)
        gang = rendezvous(member.rank, size, port) if size > 1 else {}
        environment = (
            on_slots([slot], self.spec.environment, deterministic=self.spec.deterministic)
            | gang
            | self.credentials
            | {GRANTED: str(self.granted)}
        )
        socket, log = str(self.site.home.agent_socket), str(member.output.path if member.output else member.log)
        return Fork(self.key, member.token, socket, log, environment, member.rank)

    def _redacting(self, log: Path) -> RedactingPipe | None:
        """What its process writes to in place of its log, where it was given anything that must not be read there."""
        redactor = self.site.credentials.redactor(self.spec)
        return RedactingPipe(self.site.reactor, self.site.home.run, log, redactor) if redactor else None

    def _welcome(self, member: Member, connection: Connection, hello: Hello) -> None:
        self._known(member, hello.pid)
        member.connection = connection
        connection.on_frame = partial(self._frame, member)
        connection.on_close = partial(self._closed, member)
        member.tell(self._assignment(member.rank))
        if self._freezing is not None:
            member.tell(self._freezing)

    def _assignment(self, rank: int) -> Assignment:
        launch, home = self.launch, self.site.home
        return Assignment(
            attempt=self.key,
            run=str(self.spec.run),
            folder=self.spec.folder,
            point=launch.point,
            seed=launch.seed,
            units=launch.units,
            target=launch.target,
            horizon=launch.horizon,
            objectives=self.objectives,
            vault=str(home.vault),
            scratch=str(home.scratch(self.key.of)),
            checkpoint=launch.checkpoint,
            previous=launch.previous,
            checkpoint_every=self.spec.checkpoint_every,
            rank=rank,
            world_size=len(self.slots),
            best=launch.best,
            data=data_paths(home, self.spec),
            sealed=tuple(name for name, source in self.spec.data.items() if source.sealed),
        )

    def _frame(self, member: Member, body: bytes) -> None:
        frame = decode_from_worker(body)
        if self.over or frame.attempt != self.key:
            return
        self.heard = time.monotonic()
        if isinstance(frame, Report):
            member.asks = frame.number
            self._answer(member)
        elif isinstance(frame, Points):
            self._keep(member, frame)
        elif isinstance(frame, OpenSealed):
            self._sealed.open(member, frame)
        elif isinstance(frame, Scored):
            self._sealed.scored(member, frame)
        elif isinstance(frame, Ended):
            member.ended = frame
            self.site.reactor.later(LAST_WORDS, partial(member.clear, self.site.watchdog))
        if member.rank == 0:
            self._pass_on(frame)

    def _pass_on(self, frame: FromWorker) -> None:
        """What rank 0 says is what the trial says."""
        post = self.site.reactor.post
        if isinstance(frame, Started):
            post(AttemptStarted(self.key, self._members[0].pid or 0, self._parent.how, frame.seconds))
        elif isinstance(frame, Report):
            self.units, self.metrics, self.best = frame.units, frame.metrics, self.best | frame.best
            if frame.number not in self._verdicts:
                self.waits = True
                post(RungReported(self.key, frame.number, frame.units, frame.metrics, frame.best, frame.unit_seconds))
        elif isinstance(frame, Saved):
            self.units = max(self.units, frame.units)
            self._saved = frame.units
            metrics = self._recent.get(frame.units, {})
            post(CheckpointSaved(self.key, frame.units, frame.digest, frame.size, frame.seconds, self.best, metrics))
        elif isinstance(frame, Unsaved):
            post(CheckpointFailed(self.key, frame.units, frame.why))
        elif isinstance(frame, Damaged):
            why = "its bytes do not match its hash, or it cannot be read"
            post(CheckpointDamaged(self.key.experiment, self.key.trial, frame.digest, why))

    def _keep(self, member: Member, points: Points) -> None:
        kept = partial(member.tell, Kept(points.number))
        if member.rank == 0:
            self._note_best(points.series)
            self.site.reactor.log(PointBatch(self.key, points.series), kept)
        else:
            kept()

    def _note_best(self, series: Mapping[str, tuple[list[int], list[float]]]) -> None:
        """A checkpoint that is saved from here on stands for these values too: whoever goes on from it does not see them again."""
        for name, direction in self.objectives.items():
            for step, value in zip(*series.get(name, ()), strict=True):
                self._recent.setdefault(step, {})[name] = value
            finite = [value for value in series[name][1] if isfinite(value)] if name in series else []
            if finite:
                top = max(finite) if direction == "maximize" else min(finite)
                self.best = improved(self.best, {name: top}, {name: direction})
        while len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]

    def _answer(self, member: Member) -> None:
        if member.asks is not None and member.asks in self._verdicts:
            member.tell(self._verdicts[member.asks])
            member.asks = None

    def _known(self, member: Member, pid: int) -> None:
        if member.pid is None and member.status is None:
            member.pid = pid
            self.site.watchdog.guard(pid)
        if self.over or self.doom is not None:
            member.clear(self.site.watchdog)

    def _closed(self, member: Member, why: str) -> None:
        """The socket's end: an attempt that has said its last word is over at once, its process may take a moment longer."""
        if why and member.ended is None:
            self.condemn("crashed", make_failure("exit", f"the worker's socket broke: {why}", tail(self.log)))
        if member.ended is not None or member.status is not None:
            self._out(member)
        else:
            self.later(REAPING, partial(self._missing, member))

    def _missing(self, member: Member) -> None:
        """Its socket is closed and its process has not been reaped."""
        member.clear(self.site.watchdog)
        self._out(member)

    def _out(self, member: Member) -> None:
        """A member is over; the attempt is when all are, and one that fails takes the others with it."""
        if member.over:
            return
        member.over = True
        if member.ended is None or member.ended.reason == "crashed":
            self.condemn(*member.crash(self.memory_ran_out()))
        if all(one.over for one in self._members):
            self._conclude()
        elif member.rank == 0:
            self.later(FOLLOWING, self._end_followers)

    def _conclude(self) -> None:
        last = self._members[0].ended
        if last is None:
            self.end(*(self.doom or Doom("lost", None)))
        else:
            self._take_over(last)
        self._forget()

    def _take_over(self, last: Ended) -> None:
        """Rank 0's last word is the attempt's end, unless another member's failure came first."""
        self.units = last.units
        self.metrics = last.metrics or self.metrics
        self.best = self.best | last.best
        crash = self.doom if self.doom is not None and self.doom.reason == "crashed" else None
        reason, failure = crash or (last.reason, last.failure)
        self.end(
            reason,
            failure,
            user_seconds=last.user_seconds,
            unit_seconds=last.unit_seconds,
            resume_seconds=last.resume_seconds,
            freeze_seconds=last.freeze_seconds,
        )

    def _end_followers(self) -> None:
        if not self.over:
            self.condemn("crashed", make_failure("stalled", f"rank 0 has ended, others went on for {FOLLOWING:.0f} s"))

    def _grace_is_over(self) -> None:
        if not self.over:
            self.units = self.launch.units if self._saved is None else self._saved
            self.condemn("lost" if self._saved is None else "preempted")

    def _must_have_begun(self) -> None:
        if not self.over and any(member.connection is None for member in self._members):
            self.condemn(
                "crashed", make_failure("stalled", f"a process said nothing for {BEGINNING:.0f} s after it was started")
            )

    def _forget(self) -> None:
        for member in self._members:
            self._door.refuse(member.token)
            member.hang_up()
