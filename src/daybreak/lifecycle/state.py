"""All that the controller knows, as plain data that can be pickled. Only `step` changes it.

The nouns: a `State` holds experiments, the pool of slots and the live attempts; an `Experiment` holds trials, checkpoints and what
was spent; a `Trial` holds what it reported and where it stands. Ended attempts and deleted checkpoints are dropped once their
rows have been drained (`State.touched`): the ledger keeps them.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, Literal

from daybreak.base.errors import NotFound
from daybreak.base.ids import AttemptKey
from daybreak.lifecycle.commands import AnyCommand, DeleteCheckpoint, Launch, Verdict
from daybreak.lifecycle.events import AnyEvent, Imported, Prepared
from daybreak.lifecycle.searching import Guarded
from daybreak.lifecycle.turns import Turns
from daybreak.scheduling.pool import Pool
from daybreak.search.searcher import Costs, Losses
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment as Spec
from daybreak.wire.rows import AttemptState, LookRow, NoticeRow, TrialState

STORY = 50  # events kept per experiment, to be told when an invariant breaks

Role = Literal["search", "baseline", "confirm"]
Plan = Literal["train", "rest", "finish"]
Phase = Literal["search", "finishing", "confirm", "over"]
Outcome = Literal["", "done", "stopped", "failed"]
INF = float("inf")


@dataclass(slots=True)
class Checkpoint:
    """One checkpoint that a trial saved; `users` counts who needs it: trials, pins."""

    experiment: int
    trial: int
    digest: str
    units: int
    size: int
    at: float
    state: Literal["saved", "deleted", "damaged"] = "saved"
    users: int = 0
    loss: float = INF  # of the first objective, as reported for the unit at which it stands

    @property
    def place(self) -> str:
        """What holds it: a file, which all checkpoints of the same bytes share, or one trial's suspended process."""
        return f"{self.experiment}.{self.trial} {self.digest}" if self.in_process else self.digest

    @property
    def in_process(self) -> bool:
        """True for a suspended process, which holds memory and no disk."""
        return self.digest.startswith("process:")


@dataclass(slots=True)
class Attempt:
    """One stay of a trial on slots."""

    key: AttemptKey
    launch: Launch
    why: str
    granted: float
    state: AttemptState = "granted"
    reason: str = ""
    how: str = ""
    pid: int = 0
    start_seconds: float = 0.0
    started: float | None = None
    ended: float | None = None
    from_units: int = 0
    units: int = 0  # where it was last known to stand
    target: int | None = None
    pledged: int = 0  # units until its target, as counted in its experiment
    heard: float = 0.0  # when its units were last heard of
    slot_seconds: float = 0.0
    user_seconds: float = 0.0
    number: int = 0  # of its last report
    saved: int = -1  # units of its last checkpoint
    verdict: Verdict | None = None  # the answer to that report
    order: Literal["", "freeze", "kill"] = ""  # what it was asked to do, until it ends
    order_why: str = ""
    disowned: bool = False  # its trial became a clone: what it still saves is nobody's
    looks: dict[int, LookRow] = field(default_factory=dict)  # at sealed test data, by number

    @property
    def width(self) -> int:
        """How many slots it holds."""
        return len(self.launch.slots)


@dataclass(slots=True)
class Trial:
    """One point of the space, trained now and then."""

    number: int
    point: Point
    source: str
    seed: int
    created: float
    role: Role = "search"
    state: TrialState = "waiting"
    why: str = ""
    plan: Plan = "rest"  # what comes next once no attempt is live: train to `target`, nothing, or nothing ever again
    target: int | None = None
    value: float = 0.0  # of the wish that gave it its target
    queued: int = 0  # ticket in its experiment's queue of trials to start again; 0: not queued
    waits_for: int | None = None  # the trial whose checkpoint it is to be cloned from
    units: int = 0
    epochs: int = 0
    live: Attempt | None = None
    slot_seconds: float = 0.0
    best: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    reached: dict[str, float] = field(default_factory=dict)  # best values heard of, some before their turn
    rungs: list[tuple[int, list[float]]] = field(default_factory=list)
    history: list[tuple[int, Point]] = field(default_factory=list)
    latest: Checkpoint | None = None
    previous: Checkpoint | None = None
    pinned: Checkpoint | None = None  # of where its last turn left it; for clones of deterministic searches
    top: Checkpoint | None = None  # the one at which its best value was reported, of those it saved
    loss: float = INF  # its score, smaller is better
    graced: bool = False
    pace: float | None = None  # seconds of a unit, as last measured
    complete: bool = False  # stands at its last rung, so says the searcher
    crashes: int = 0
    avoids: frozenset[tuple[str, int]] = frozenset()  # slots on which it failed for the machine's sake: (machine, slot)
    moved: int = 0  # times it was sent elsewhere
    losses_in_row: int = 0  # attempts lost one after another without a unit of progress
    failure: str = ""
    ended: float | None = None
    of: int | None = None  # confirm: the trial whose point this is
    tallied: tuple[int | None, TrialState] | None = None


@dataclass(slots=True)
class Place:
    """A file or a suspended process that holds checkpoints; trials whose states are equal share a file."""

    references: int = 0  # checkpoints that are held there
    written: float = 0.0  # when one of them was last saved


@dataclass(slots=True)
class FailureStory:
    """One cause of failures, told once."""

    kind: str
    message: str
    tail: str
    first_trial: int
    count: int = 0
    trials: set[int] = field(default_factory=set)


@dataclass(slots=True)
class RungTally:
    """What a rung has seen."""

    reported: int = 0
    best: float = INF  # loss of the first objective


@dataclass(slots=True)
class Request:
    """A `Propose` that has no answer yet."""

    number: int
    first: int
    count: int


@dataclass(slots=True)
class Experiment:
    """One experiment, its trials and what they cost."""

    number: int
    spec: Spec
    spec_data: dict[str, Any]
    spec_hash: str
    owner: str
    submitted: float
    priority: int
    searcher: Guarded
    limited: bool  # whether time, money or units are (trials run out by themselves)
    turns: Turns | None = None  # the logical schedule of a deterministic search
    phase: Phase = "search"
    outcome: Outcome = ""
    why: str = ""
    paused: bool = False
    leaving: Outcome = ""  # what it becomes once nothing of it runs
    leaving_why: str = ""
    spent: str = ""  # which budget is used up, in words
    closed: bool = False  # no new points; only `closing_for` is taken further
    closing_for: int | None = None
    squeezed: bool = False  # a trial was not let go on, because the units left are kept for the best
    prepared: dict[str, Prepared] = field(default_factory=dict)  # machine -> how; it is given slots on these alone
    preparation: Prepared | None = None  # the last there was
    started: float | None = None
    ended: float | None = None
    seen: float = 0.0  # time of the last event that touched it
    trials: dict[int, Trial] = field(default_factory=dict)
    pending: dict[int, Point] = field(default_factory=dict)  # points of the search's trials that wait or run
    next_trial: int = 1
    fresh: int = 0  # trials that never had slots and were not wished for yet
    live: int = 0  # attempts
    live_search: int = 0
    again: list[tuple[float, int, int]] = field(default_factory=list)  # heap of (-value, ticket, trial)
    tickets: int = 0
    shelved: list[int] = field(default_factory=list)  # trials that had a target when the search was closed
    request: Request | None = None
    requests: int = 0
    exhausted: bool = False
    horizon: int | None = None
    costs: Costs = field(default_factory=Costs)
    told_costs: Costs = field(default_factory=Costs)
    told_horizon: int | None = None
    units: int = 0
    slot_seconds: float = 0.0  # of ended attempts
    user_slot_seconds: float = 0.0
    held: int = 0  # slots held now
    held_since: float = 0.0  # sum over held slots of (granted - submitted)
    pledged: int = 0  # units that live attempts had until their targets when they were last heard of
    pledging: int = 0  # how many attempts that is,
    heard: float = 0.0  # and the sum of those times, from `submitted` on
    wall_before: float = 0.0
    wall_since: float | None = None
    timers: dict[str, float] = field(default_factory=dict)
    checkpoints: dict[tuple[int, str], Checkpoint] = field(default_factory=dict)
    cloned: dict[int, set[int]] = field(default_factory=dict)  # trial -> those that started from a checkpoint of its
    wait_for_clone: dict[int, list[int]] = field(default_factory=dict)  # source -> clones waiting for its checkpoint
    saves: bool = False  # checkpoints have been seen on disk
    start: Checkpoint | None = None  # of another run: trials begin there; held as long as the experiment is known
    pins: dict[tuple[int, str], str] = field(default_factory=dict)  # (trial, digest) -> why somebody wants it kept
    files: Counter[str] = field(default_factory=Counter)  # its checkpoints on disk by digest
    disk: int = 0  # bytes of those files, each counted once
    evictable: list[tuple[bool, bool, int, float, int]] = field(default_factory=list)  # heap: the least missed first
    evicted: int = 0
    ranking: list[tuple[float, int]] = field(default_factory=list)  # heap of (loss, trial), with stale entries
    observed: list[tuple[int, Point, int, Losses]] = field(default_factory=list)
    rungs: dict[int, RungTally] = field(default_factory=dict)
    standing: Counter[tuple[int | None, TrialState]] = field(default_factory=Counter)
    attempts: int = 0
    crashes: int = 0
    failed: int = 0
    scored: int = 0  # trials that reported the objective at least once
    diverged: set[int] = field(default_factory=set)
    missed: set[int] = field(default_factory=set)  # trials that came to a rung, or ended, without the objective
    missing: str = ""  # what was said of it
    failures: dict[str, FailureStory] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)  # notices that are given once
    searcher_told: int = 0  # notices of the searcher that were passed on
    view_due: int = 8  # look at the searcher's notices after so many reports
    reports: int = 0
    confirming: list[int] = field(default_factory=list)  # numbers of the confirm trials
    confirm_plan: str = ""
    notices: list[NoticeRow] = field(default_factory=list)
    version: int = 0
    story: deque[AnyEvent] = field(default_factory=lambda: deque(maxlen=STORY))

    @property
    def over(self) -> bool:
        """Whether it has come to its end (it may be extended)."""
        return self.phase == "over"


@dataclass(slots=True)
class Touched:
    """What changed since the rows were last drained; insertion-ordered sets."""

    experiments: dict[int, None] = field(default_factory=dict)
    trials: dict[tuple[int, int], None] = field(default_factory=dict)
    attempts: dict[AttemptKey, Attempt] = field(default_factory=dict)
    checkpoints: dict[tuple[int, int, str], Checkpoint] = field(default_factory=dict)
    notices: list[NoticeRow] = field(default_factory=list)
    imported: list[Imported] = field(default_factory=list)
    looks: dict[tuple[AttemptKey, int], LookRow] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """Everything."""

    at: float = 0.0  # time of the last event; never goes back
    seen: int = 0  # events stepped
    refused: int = 0
    last_refusal: str = ""
    experiments: dict[int, Experiment] = field(default_factory=dict)
    imported: dict[int, Imported] = field(default_factory=dict)  # experiments of other homes
    active: dict[int, Experiment] = field(default_factory=dict)  # those that are not over
    attempts: dict[AttemptKey, Attempt] = field(default_factory=dict)  # live ones
    holders: dict[tuple[str, int], AttemptKey] = field(default_factory=dict)  # (machine, slot) -> who holds it
    pool: Pool = field(default_factory=Pool)
    faulty: Counter[tuple[str, int]] = field(default_factory=Counter)  # (machine, slot) -> failures that were its own
    incoming: dict[AttemptKey, int] = field(default_factory=dict)  # preempted attempts -> experiment they make room for
    places: dict[str, Place] = field(default_factory=dict)  # where saved checkpoints are, over all experiments
    deleting: dict[str, DeleteCheckpoint] = field(default_factory=dict)  # by place, until CheckpointDeleted
    touched: Touched = field(default_factory=Touched)
    dirty: dict[int, Experiment] = field(default_factory=dict)  # to be settled in this step
    out: list[AnyCommand] = field(default_factory=list)  # commands of this step
    machine_story: deque[AnyEvent] = field(default_factory=lambda: deque(maxlen=STORY))


def new_state() -> State:
    """A state in which nothing has happened."""
    return State()


def find(state: State, experiment: int) -> Experiment:
    """The experiment of this number. Raises `NotFound`."""
    try:
        return state.experiments[experiment]
    except KeyError:
        raise NotFound(f"there is no experiment {experiment}") from None


def mark(state: State, exp: Experiment) -> None:
    """The experiment changed: its row is to be written."""
    exp.seen = state.at
    exp.version += 1
    state.touched.experiments[exp.number] = None


def touch(state: State, exp: Experiment) -> None:
    """The experiment changed, and it is to be settled in this step."""
    mark(state, exp)
    state.dirty[exp.number] = exp


def touch_trial(state: State, exp: Experiment, trial: Trial) -> None:
    """The trial changed: its row is to be written; the tally of trials by rung and state follows."""
    state.touched.trials[exp.number, trial.number] = None
    if trial.role == "search":
        if trial.state in ("waiting", "running"):
            exp.pending[trial.number] = trial.point
        else:
            exp.pending.pop(trial.number, None)
    place = (trial.target if trial.state in ("waiting", "running") else standing(trial), trial.state)
    if place != trial.tallied:
        if trial.tallied is not None:
            exp.standing[trial.tallied] -= 1
        exp.standing[place] += 1
        trial.tallied = place


def standing(trial: Trial) -> int | None:
    """The units of the highest rung it reported at; None before its first."""
    return trial.rungs[-1][0] if trial.rungs else None
