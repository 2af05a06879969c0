"""Orders out: what a step wants done in the world.

Those that change the world outside (Prepare, Launch, Freeze, Kill, DeleteCheckpoint, Release) may be sent twice, and doing
them twice is harmless: a Launch is keyed by its attempt, a DeleteCheckpoint by its digest. After a restart they are derived
from the state again (`lifecycle.outstanding`). A Verdict is the reply to a numbered report; timers and notices are
derived from state.
"""

from typing import Any, Literal

import msgspec

from daybreak.base.ids import AttemptKey
from daybreak.wire.worker import Action, CheckpointRef


class Command(msgspec.Struct, frozen=True, tag_field="command", omit_defaults=True):
    """Base of every command."""


class Prepare(Command, frozen=True, tag="prepare"):
    """Get ready to launch attempts of this experiment (start its warm parent). Answered by Prepared or PrepareFailed, by each machine."""

    experiment: int
    spec: dict[str, Any]


class Release(Command, frozen=True, tag="release"):
    """No further attempt of this experiment will come until the next Prepare: its warm parent and suspended processes may go."""

    experiment: int


class Propose(Command, frozen=True, tag="propose"):
    """Draw `count` points for trials `first`, `first`+1, ... Answered by Proposed(request)."""

    experiment: int
    request: int
    first: int
    count: int


class Launch(Command, frozen=True, tag="launch"):
    """Start an attempt on these slots. Answered by AttemptStarted, or at once by AttemptEnded."""

    attempt: AttemptKey
    machine: str
    slots: tuple[int, ...]
    point: dict[str, Any]
    seed: int
    units: int  # where the trial stands (the checkpoint's units, else 0)
    target: int | None
    horizon: int | None
    checkpoint: CheckpointRef | None = None
    previous: CheckpointRef | None = None
    best: dict[str, float] = {}
    run: str | tuple[str, ...] | None = None  # what to run in place of the experiment's `run` (the baseline, trial 0)


class Verdict(Command, frozen=True, tag="verdict"):
    """The answer to report `number` of an attempt."""

    attempt: AttemptKey
    number: int
    action: Action
    target: int | None = None
    save: bool = False


class Freeze(Command, frozen=True, tag="freeze"):
    """Preempt: freeze at the end of the unit in progress, kill after `grace` seconds. Answered by AttemptEnded."""

    attempt: AttemptKey
    grace: float
    why: str = ""


class Kill(Command, frozen=True, tag="kill"):
    """End it now. Answered by AttemptEnded."""

    attempt: AttemptKey
    why: str = ""


class DeleteCheckpoint(Command, frozen=True, tag="delete_checkpoint"):
    """Remove a checkpoint that nothing needs any more. Answered by CheckpointDeleted.

    A file that was written again after `until` (seconds since 1970) stays: another trial has just saved the same bytes.
    """

    experiment: int
    trial: int
    digest: str
    until: float | None = None


class SetTimer(Command, frozen=True, tag="set_timer"):
    """Send TimerDue(experiment, name) at this time; a second timer of the same name replaces the first."""

    experiment: int
    name: str
    at: float


class Notify(Command, frozen=True, tag="notify"):
    """Something a person should know. Sent once; derived from state, so never re-sent after a restart."""

    experiment: int
    level: Literal["info", "warning", "error"]
    text: str
    trial: int | None = None


AnyCommand = Prepare | Release | Propose | Launch | Verdict | Freeze | Kill | DeleteCheckpoint | SetTimer | Notify
