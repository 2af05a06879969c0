"""Facts in: everything that can change an experiment, as it stands in the log.

An event is a frozen msgspec record; its tag names it in the log. Events carry no time: the log stores one `at` (seconds since
1970, from the controller's clock) with each. Adding an optional field keeps old logs readable; anything else needs an upcast
in `ledger` and a higher `LOG_VERSION`.
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from daybreak.base.ids import AttemptKey
from daybreak.wire.rows import AnyRow, AttemptRow, CheckpointRow, ExperimentRow, LookRow, NoticeRow, TrialRow
from daybreak.wire.worker import Failure

LOG_VERSION = 1

AskName = Literal["pause", "resume", "stop", "priority", "extend", "pin", "unpin"]
EndReason = Literal["reached", "completed", "frozen", "preempted", "crashed", "lost", "stopped"]


class Event(msgspec.Struct, frozen=True, tag_field="event", omit_defaults=True):
    """Base of every event."""


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """One place where one process of a gang can run: a CPU share, a GPU or a MIG instance."""

    number: int  # unique on its machine
    kind: Literal["cpu", "gpu", "mig"] = "cpu"
    device: str = ""  # what makes it visible: "" or the GPU's or MIG instance's UUID
    threads: int = 1  # CPU threads it may use
    memory: int = 0  # bytes; 0: unknown


class Submitted(Event, frozen=True, tag="submitted"):
    """A new experiment; `spec` is the resolved spec as plain JSON data."""

    experiment: int
    spec: dict[str, Any]
    owner: str = ""


class Imported(Event, frozen=True, tag="imported"):
    """An experiment of another home, as its rows tell it: over here, to be looked at, verified, reproduced and forked.

    All rows carry the number that it has here. `origin`: blake3 of the bundle's index.
    """

    experiment: int
    origin: str
    row: ExperimentRow
    trials: tuple[TrialRow, ...] = ()
    attempts: tuple[AttemptRow, ...] = ()
    checkpoints: tuple[CheckpointRow, ...] = ()
    notices: tuple[NoticeRow, ...] = ()
    recorded: dict[
        str, Any
    ] = {}  # what its attempts were told to do (`wire.recorded`), which the log of its home knows
    looks: tuple[LookRow, ...] = ()

    def rows(self) -> Iterator[AnyRow]:
        """All of them."""
        yield self.row
        for rows in (self.trials, self.attempts, self.checkpoints, self.notices, self.looks):
            yield from rows


class Proposed(Event, frozen=True, tag="proposed"):
    """Points drawn outside the step, in answer to `Propose` number `request`; fewer than asked: the space is exhausted."""

    experiment: int
    request: int
    points: tuple[dict[str, Any], ...]
    by: str
    exhausted: bool = False


class Asked(Event, frozen=True, tag="asked"):
    """Somebody asks something of an experiment.

    `value`: the new priority; for extend, changed budget and search fields; for pin and unpin, `{trial, digest, why}`.
    """

    experiment: int
    ask: AskName
    value: Any = None
    by: str = ""


class SlotsOffered(Event, frozen=True, tag="slots_offered"):
    """A machine's agent has just begun: the machine has these slots and no others, and nothing is prepared on it yet."""

    machine: str
    slots: tuple[Slot, ...]


class SlotsLost(Event, frozen=True, tag="slots_lost"):
    """A machine no longer has these slots; empty: the machine is gone."""

    machine: str
    slots: tuple[int, ...] = ()


class AttemptStarted(Event, frozen=True, tag="attempt_started"):
    """User code is running. `seconds`: from the grant to the user's first line; `how`: fork, bare_fork, spawn, command, continued."""

    attempt: AttemptKey
    pid: int
    how: str
    seconds: float = 0.0


class RungReported(Event, frozen=True, tag="rung_reported"):
    """The attempt stands at its target and waits for a verdict. `best`: best of all the trial's reports, per objective."""

    attempt: AttemptKey
    number: int
    units: int
    metrics: dict[str, float]
    best: dict[str, float] = {}
    unit_seconds: float | None = None


class CheckpointSaved(Event, frozen=True, tag="checkpoint_saved"):
    """A checkpoint is in the vault (digest: blake3), or lives in a suspended process (digest: "process:PID")."""

    attempt: AttemptKey
    units: int
    digest: str
    size: int
    seconds: float = 0.0
    best: dict[str, float] = {}  # of all the trial's reports up to here, per objective
    metrics: dict[str, float] = {}  # objectives as reported for the unit at which it stands


class CheckpointFailed(Event, frozen=True, tag="checkpoint_failed"):
    """A checkpoint for fault tolerance could not be written; the attempt goes on without it."""

    attempt: AttemptKey
    units: int
    why: str


class CheckpointDamaged(Event, frozen=True, tag="checkpoint_damaged"):
    """A checkpoint is gone or its bytes do not match its hash (or its process was ended to free memory)."""

    experiment: int
    trial: int
    digest: str
    why: str = ""


class CheckpointDeleted(Event, frozen=True, tag="checkpoint_deleted"):
    """A `DeleteCheckpoint` was carried out."""

    experiment: int
    trial: int
    digest: str


class SealedOpened(Event, frozen=True, tag="sealed_opened"):
    """An attempt is told where sealed test data lies: one look at it, counted from now on. `sealed`: blake3 over its files."""

    attempt: AttemptKey
    number: int  # of the look, within its attempt, from 1
    data: str
    sealed: str
    units: int = 0


class SealedScored(Event, frozen=True, tag="sealed_scored"):
    """What a look gave. No searcher hears of it."""

    attempt: AttemptKey
    number: int
    metrics: dict[str, float]


class AttemptEnded(Event, frozen=True, tag="attempt_ended"):
    """An attempt is over and its slots are free. `lost`: its process or machine died without a word."""

    attempt: AttemptKey
    reason: EndReason
    units: int  # where the trial stood when it ended
    slot_seconds: float  # measured by the agent: wall time from grant to end x slots
    metrics: dict[str, float] = {}
    best: dict[str, float] = {}
    failure: Failure | None = None
    user_seconds: float = 0.0
    unit_seconds: float | None = None
    resume_seconds: float | None = None
    freeze_seconds: float | None = None


class TimerDue(Event, frozen=True, tag="timer_due"):
    """A timer set by `SetTimer` has come due."""

    experiment: int
    name: str


class Prepared(Event, frozen=True, tag="prepared"):
    """Attempts of the experiment can be started on this machine: its warm parent has imported what it needs.

    `how`: fork, bare_fork, spawn; command where there is nothing to import. `why`: why not a better way. `seconds`: it took, charged
    to nobody. `resident`: bytes that the warm parent holds.
    """

    experiment: int
    machine: str
    how: str
    why: str = ""
    seconds: float = 0.0
    resident: int = 0


class CodeChanged(Event, frozen=True, tag="code_changed"):
    """Files of the experiment's folder are no longer what was captured; its attempts go on with what was."""

    experiment: int
    files: tuple[str, ...]


class DataChanged(Event, frozen=True, tag="data_changed"):
    """A dataset is no longer what it was when the experiment was handed in. `files`: some of those that differ, of `count`."""

    experiment: int
    name: str
    files: tuple[str, ...] = ()
    count: int = 0


class PrepareFailed(Event, frozen=True, tag="prepare_failed"):
    """The experiment's code cannot even be imported: nothing of it can run."""

    experiment: int
    failure: Failure


class ClockSet(Event, frozen=True, tag="clock_set"):
    """Somebody set the machine's clock by so many seconds (negative: back); the times of events go on as before."""

    seconds: float


AnyEvent = (
    Submitted
    | Imported
    | Proposed
    | Asked
    | SlotsOffered
    | SlotsLost
    | AttemptStarted
    | RungReported
    | CheckpointSaved
    | CheckpointFailed
    | CheckpointDamaged
    | CheckpointDeleted
    | SealedOpened
    | SealedScored
    | AttemptEnded
    | TimerDue
    | Prepared
    | CodeChanged
    | DataChanged
    | PrepareFailed
    | ClockSet
)
