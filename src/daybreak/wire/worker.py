"""What a training process and its agent say to each other, over the agent's Unix socket, in msgpack frames.

The worker speaks first (`Hello`), is told what to do (`Assignment`), and then sends points and reports. Only a report at
the attempt's target waits for an answer: the `Verdict` is the reply to it. Everything carries the attempt's key; the agent
refuses a `Hello` whose token is not the one it issued, and drops what comes from an older epoch.

    worker                                agent
    Hello(attempt, token, pid)       ->
                                     <-   Assignment(point, seed, target, checkpoint, ...)
    Started(seconds)                 ->            the user's first line runs
    Points(number, series)           ->            batches, any time; a step seen before replaces nothing
                                     <-   Kept(number)        committed; at most two batches are unanswered
    Report(number, units, metrics)   ->            at the target
                                     <-   Verdict(number, action, target)
                                     <-   Freeze(grace)       preempted: freeze at the next unit's end
    Saved(units, digest, bytes)      ->            a checkpoint is in the vault
    Unsaved(units, why)              ->            one that was only insurance could not be written
    OpenSealed(number, data)         ->            it wants to look at sealed test data
                                     <-   Opened(number, place)   the look is counted: committed before this
    Scored(number, metrics)          ->            what came of the look
                                     <-   Noted(number)           that is committed, too
    Ended(reason, units, ...)        ->            the last frame; the process exits after it
"""

from typing import Any, Literal

import msgspec

from daybreak.base.ids import AttemptKey

Action = Literal["go", "freeze", "finish", "stop"]


class Frame(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of every frame."""


class Hello(Frame, frozen=True, tag="hello"):
    """A worker introduces itself. `token` comes from its environment."""

    attempt: AttemptKey
    token: str
    pid: int


class CheckpointRef(msgspec.Struct, frozen=True, omit_defaults=True):
    """A checkpoint in the vault, or (for a suspended command) in a live process of this agent.

    `digest` is 64 hexadecimal digits of blake3, or "process:PID". `size` is bytes on disk, or resident bytes.
    """

    digest: str
    units: int
    size: int = 0


class Assignment(Frame, frozen=True, tag="assignment"):
    """What this attempt is to do."""

    attempt: AttemptKey
    run: str  # "module:function"; for commands the words, joined for display
    folder: str
    point: dict[str, Any]  # flat: dotted name -> value
    seed: int  # the trial's own, 32 bits
    units: int  # where the trial stands
    target: int | None  # ask for a verdict when this many units are done; None: never ask
    horizon: int | None  # the most units a trial may have, when known
    objectives: dict[str, str]  # metric -> "maximize" | "minimize", in order
    vault: str  # folder of content-addressed files
    scratch: str  # a folder of the trial's own that lives as long as the trial (zero-edit checkpoints go there)
    checkpoint: CheckpointRef | None = None
    previous: CheckpointRef | None = None  # used when `checkpoint` is found damaged
    checkpoint_every: float = 60.0
    rank: int = 0
    world_size: int = 1
    best: dict[str, float] = {}  # best value of each objective so far
    data: dict[str, str] = {}  # datasets by name: absolute paths, or URLs
    sealed: tuple[str, ...] = ()  # names of those that are sealed, which are not among them


class Started(Frame, frozen=True, tag="started"):
    """The user's first line is about to run; `seconds` since the agent was granted the attempt (CLOCK_MONOTONIC)."""

    attempt: AttemptKey
    seconds: float


class Points(Frame, frozen=True, tag="points"):
    """Metric points: metric name -> (steps, values) of equal length, steps ascending."""

    attempt: AttemptKey
    number: int
    series: dict[str, tuple[list[int], list[float]]]


class Kept(Frame, frozen=True, tag="kept"):
    """The batch of points with this number has been committed."""

    number: int


class Report(Frame, frozen=True, tag="report"):
    """The trial stands at its target and asks how to go on. `best` is over all reports of the trial."""

    attempt: AttemptKey
    number: int
    units: int
    metrics: dict[str, float]
    best: dict[str, float] = {}
    unit_seconds: float | None = None  # mean wall time of a unit in this attempt


class Verdict(Frame, frozen=True, tag="verdict"):
    """The reply to a report.

    Go on to `target`; freeze (save, end); finish (save, end: nothing is left to do); stop (end, save nothing).
    With `save`, write a checkpoint before going on.
    """

    number: int
    action: Action
    target: int | None = None
    save: bool = False


class Freeze(Frame, frozen=True, tag="freeze"):
    """Freeze at the end of the unit in progress; after `grace` seconds the process is killed."""

    grace: float


class Saved(Frame, frozen=True, tag="saved"):
    """A checkpoint is in the vault."""

    attempt: AttemptKey
    units: int
    digest: str
    size: int
    seconds: float


class Damaged(Frame, frozen=True, tag="damaged"):
    """The checkpoint this attempt was to start from does not match its hash or cannot be read."""

    attempt: AttemptKey
    digest: str


class Unsaved(Frame, frozen=True, tag="unsaved"):
    """A checkpoint for fault tolerance could not be written; training goes on without it."""

    attempt: AttemptKey
    units: int
    why: str


class OpenSealed(Frame, frozen=True, tag="open_sealed"):
    """The attempt is about to look at sealed test data: the dataset of that name, or the only sealed one. `number`: of its looks."""

    attempt: AttemptKey
    number: int
    units: int
    data: str = ""


class Opened(Frame, frozen=True, tag="opened"):
    """The look is counted, and this is where the data lies; or why there is nothing to look at, and then nothing was counted."""

    number: int
    place: str = ""
    problem: str = ""


class Scored(Frame, frozen=True, tag="scored"):
    """What the look gave."""

    attempt: AttemptKey
    number: int
    metrics: dict[str, float]


class Noted(Frame, frozen=True, tag="noted"):
    """The scores of the look with this number have been committed."""

    number: int


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why user code failed. `fingerprint` is equal for failures of one cause, whatever the trial."""

    kind: str  # exception's type name; "exit", "signal", "memory", "stalled", "import", "disk" (full, or no checkpoint can be written)
    message: str
    tail: str = ""  # last lines of output or the traceback
    fingerprint: str = ""
    policy: Literal["", "fail", "elsewhere", "tell"] = ""  # what the log policy that matched its output says
    pattern: str = ""  # of that policy
    line: str = ""  # that matched
    rank: int = 0  # of the process whose output it was


class Ended(Frame, frozen=True, tag="ended"):
    """The attempt is over; the process exits now. `completed`: user code returned by itself."""

    attempt: AttemptKey
    reason: Literal["reached", "completed", "frozen", "preempted", "crashed", "stopped"]
    units: int
    metrics: dict[str, float] = {}  # the last reported values
    best: dict[str, float] = {}
    failure: Failure | None = None
    user_seconds: float = 0.0  # wall time inside user code
    unit_seconds: float | None = None
    resume_seconds: float | None = None  # loading the checkpoint
    freeze_seconds: float | None = None  # saving it


FromWorker = Hello | Started | Points | Report | Saved | Damaged | Unsaved | OpenSealed | Scored | Ended
ToWorker = Assignment | Kept | Verdict | Freeze | Opened | Noted

encode = msgspec.msgpack.Encoder().encode
decode_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
decode_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
