"""The contract between a search method and the lifecycle that runs it.

A searcher is a state machine in plain, picklable data: it is told facts and answers with decisions and wishes. It knows no clock,
no chance but named streams, no files. Everything it is told is in the log, so replaying the log rebuilds it. One thread calls
it; it may mutate itself freely.

Values arrive as *losses*: one float per objective, smaller is better, `inf` for NaN, infinity and a missing metric.
Units are whole numbers of training steps counted from the trial's start.

The lifecycle calls, for each trial: `added` once, when its point is known; `peek`/`taken` whenever a slot is free (a trial's first
stay is also a wish); `reported` each time it stands at the target it was given; `ended` once, when nothing more will come of it.
A trial whose attempt was lost or preempted is the lifecycle's affair: its target stays what it was.

Optional methods, called where they exist: `exhausted()` when no further point will ever come (a synchronous bracket stays small), and
`extend(spec)` when limits were raised: the search is open again, and what is frozen may be wished for.

Custom searchers: subclass nothing; provide these methods, register a factory `(SearchContext) -> Searcher` under the entry point
group `daybreak.searchers`, and prove it with `daybreak.testing.searcher_contract`.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment

Losses = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What a searcher may know of its experiment."""

    spec: Experiment

    @property
    def seed(self) -> int:
        """The root of every named stream it draws from."""
        return self.spec.seed


@dataclass(frozen=True, slots=True)
class GoOn:
    """Continue in place to `to` units. With `save`, a checkpoint is written first (PBT needs one to clone from)."""

    to: int
    save: bool = False
    graced: bool = False  # would have been cut; goes on by the guard
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rest:
    """Freeze: wants nothing now, may be wished for later."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to train: the trial stands at its last rung."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Clone:
    """End the attempt; the trial goes on to `to` from `source`'s latest checkpoint with another point (PBT's exploit and explore)."""

    source: int
    point: Point
    to: int
    why: str = ""


Decision = GoOn | Rest | Finish | Clone


@dataclass(frozen=True, slots=True)
class Wish:
    """This trial should have slots until it stands at `to` units. `value` orders wishes of one experiment: higher first."""

    trial: int
    to: int | None  # None: until it ends by itself (no horizon known, method without rungs)
    value: float
    why: str = ""


@dataclass(slots=True)
class Costs:
    """What was measured, in seconds; None until known."""

    unit: float | None = None
    freeze: float | None = None
    resume: float | None = None


@dataclass(frozen=True, slots=True)
class RungView:
    """One rung for people: how many values it has (graced ones apart) and its best loss."""

    units: int
    reported: int
    best: float | None
    bracket: int = 0


@dataclass(frozen=True, slots=True)
class SearchView:
    """What a searcher tells for status and summary. `facts` is plain JSON data (guard: correlation, interval, cost; regret)."""

    rungs: tuple[RungView, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()  # all that were ever to be told, oldest first


class Searcher(Protocol):
    """See the module's text."""

    def room(self) -> int:
        """How many further new points it would take now; 0 when it wants none (a large number when unbounded)."""
        ...

    def added(self, trial: int, point: Point) -> None:
        """A new trial exists. Trials come in ascending order of number, but numbers may be missing."""
        ...

    def peek(self) -> Wish | None:
        """The most valuable thing to do with free slots, or None. Cheap: asked after every event."""
        ...

    def taken(self, wish: Wish) -> None:
        """The wish just peeked at was granted."""
        ...

    def reported(self, trial: int, units: int, losses: Losses) -> Decision:
        """A trial stands at its target. Late: a trial that was closed or ended gets `Rest`."""
        ...

    def ended(self, trial: int, units: int, losses: Losses | None, failed: bool) -> None:
        """Nothing more will come of this trial: it completed by itself at `units` (losses: its last values), failed or was stopped."""
        ...

    def learnt(self, horizon: int | None, costs: Costs) -> None:
        """The horizon became known, or measured costs changed."""
        ...

    def close(self, best: int | None) -> None:
        """The budget nears its end: `room` is 0 from now on, and only what completes `best` (a trial) is wished for."""
        ...

    def view(self) -> SearchView:
        """For status, summary and report."""
        ...


class Sampler(Protocol):
    """Where new points come from. Lives outside the step: the point it draws is an event.

    `tell` may come more often than `ask`; both come from one thread. A draw is a function of (seed, trial number, what was told).
    """

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:
        """A trial's losses at a rung (or at its end); the same trial again at a higher rung."""
        ...

    def ask(self, trial: int, pending: dict[int, Point]) -> Point | None:
        """A point for this trial number, given the points that are being trained now; None: the space is exhausted."""
        ...
