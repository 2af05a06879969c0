"""What the client and the controller say to each other over the local socket.

Frames as in `wire.frames`. A `Request` names a method and gives parameters; the `Reply` has the same id and either a result or
an error. Parameters and results are plain msgpack data; rows (`wire.rows`) and `Status` travel as maps.

    hello       {}                                        -> {version, pid, home, protocol}
    submit      {spec, owner}                             -> {experiment}
    ask         {experiment, ask, value?}                 -> {state}         ask: pause resume stop priority extend pin unpin
    experiments {}                                        -> [ExperimentRow]  (spec left empty)
    experiment  {experiment}                              -> ExperimentRow    `experiment`: number, name, or "" for the last
    trials      {experiment}                              -> [TrialRow]
    attempts    {experiment}                              -> [AttemptRow]
    checkpoints {experiment}                              -> [CheckpointRow]
    keeping     {experiment}                              -> {kept: [{trial, digest, why: [text]}], elsewhere: [digest]}
                                                                              elsewhere: let go, and still kept by others
    notices     {experiment, after?}                      -> [NoticeRow]
    looks       {experiment}                              -> [LookRow]        at sealed test data, by all of its family, oldest first
    points      {experiment, trials?, metrics?}           -> [{trial, metric, steps, values}]
    events      {experiment, after?, limit?}              -> [{seq, at, event}]
    status      {experiment}                              -> Status
    watch       {experiment, version, timeout}            -> Status           answers when its version is above `version`,
                                                                              or after `timeout` seconds
    log_files   {experiment, trial?}                      -> [{attempt, path}]
    checkpoint  {experiment, trial?}                      -> {trial, digest, units, path, metrics, problems}
                                                                              verified; best trial if none given
    import      {origin, rows, points, recorded}          -> {experiment}     of another home; rows: {experiments: [one], trials,
                                                                              attempts, checkpoints, notices, looks}; points as `points`;
                                                                              recorded: `wire.recorded`
    shutdown    {freeze: bool}                            -> {}
"""

from typing import Any, Literal

import msgspec

from daybreak.wire.rows import ExperimentState, NoticeRow

PROTOCOL = 1


class Request(msgspec.Struct, frozen=True):
    """A question to the controller."""

    id: int
    method: str
    params: dict[str, Any] = {}


class ApiError(msgspec.Struct, frozen=True):
    """Why there is no result: the name of a class in `base.errors`, and its message."""

    kind: str
    message: str


class Reply(msgspec.Struct, frozen=True):
    """The answer to the request with the same id."""

    id: int
    result: Any = None
    error: ApiError | None = None


class RungStatus(msgspec.Struct):
    """How full one rung is."""

    units: int
    reported: int  # trials that reported there
    waiting: int
    running: int
    frozen: int  # trials that stand there, frozen
    best: float | None  # best value of the first objective at this rung


class Status(msgspec.Struct):
    """A live view of one experiment."""

    version: int  # grows with every change
    experiment: int
    name: str
    state: ExperimentState
    why: str
    at: float
    metric: str
    direction: Literal["maximize", "minimize"]
    states: dict[str, int]  # trial state -> count
    rungs: list[RungStatus]
    best_trial: int | None
    best: float | None  # score of the best trial
    best_units: int
    best_point: dict[str, Any]
    slots_busy: int
    slots_total: int
    units: int
    slot_seconds: float
    wall_seconds: float
    budget: dict[str, tuple[float, float]]  # name -> (used, limit)
    eta_seconds: float | None  # until the tightest limit or the last trial; None: not known
    baseline: float | None
    phase: str  # "baseline", "search", "finishing", "confirm", "over", "imported"
    notices: list[NoticeRow]  # the last few
    waiting_why: str  # why nothing runs, when nothing does
    trouble: str = ""  # what keeps everybody waiting: a log that cannot be written


class Kept(msgspec.Struct, frozen=True):
    """One checkpoint, and what for: in words, the strongest last."""

    trial: int
    digest: str
    why: tuple[str, ...]


class Keeping(msgspec.Struct, frozen=True):
    """All that an experiment keeps. `elsewhere`: digests of its own that it let go and that others still keep as files."""

    kept: tuple[Kept, ...]
    elsewhere: tuple[str, ...]


encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder(Request).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode
