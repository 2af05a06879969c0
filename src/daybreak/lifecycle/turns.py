"""Turns: the logical schedule of a deterministic search, in virtual time.

There are as many logical workers as `search.max_concurrent` says, whatever the slots. Each stretch of training that the search grants
is a `Segment` with a number and a virtual finish: the virtual time of its grant plus its units. What comes of it (an
`Outcome`) is held until it is the turn of its segment: the outstanding one with the lowest (virtual finish, number). Only
then does the search hear of it, and gives the free worker its next wish. So what the search hears, and in which order, is a function
of its own decisions and of the trials' values: slots, speeds, kills and restarts decide only how long it takes.

A segment that ends by itself before its target still ends in its own turn, that of the target; one whose end nobody knows
counts as one unit, so that such segments take their turns in the order of their grants.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Literal


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of training that was granted and whose outcome the search has not heard yet."""

    number: int
    trial: int
    start: int  # units
    to: int | None  # units; None: until the trial ends by itself
    finish: int  # virtual time

    @property
    def units(self) -> int:
        """What it costs of a budget; 0 where that is not known."""
        return 0 if self.to is None else max(self.to - self.start, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a segment: a report at its target, the trial's own end, or a failure that was tried often enough."""

    how: Literal["report", "end", "failure"]
    units: int
    metrics: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    epoch: int = 0  # of the attempt that said so
    number: int = 0  # of its report
    why: str = ""


@dataclass(slots=True)
class Turns:
    """The schedule of one search. Units of the budget are counted here once, however often they were trained."""

    workers: int
    pins: bool = False  # whether trials are cloned: then each keeps the checkpoint of where it stands
    now: int = 0
    numbers: int = 0
    units: int = 0  # granted, less what ended early
    running: dict[int, Segment] = field(default_factory=dict)  # by trial
    held: dict[int, Outcome] = field(default_factory=dict)  # by trial; each belongs to a running segment
    stands: dict[int, int] = field(
        default_factory=dict
    )  # trial -> units at its last turn; those that ever got a segment
    shelved: list[int] = field(default_factory=list)  # trials whose next segment the budget did not pay for
    _queue: list[tuple[int, int, int]] = field(default_factory=list)  # heap of (finish, number, trial)

    @property
    def free(self) -> int:
        """Logical workers without a segment."""
        return self.workers - len(self.running)

    def grant(self, trial: int, to: int | None) -> Segment:
        """A logical worker takes a trial further."""
        start = self.stands[trial]
        self.numbers += 1
        length = 1 if to is None else max(to - start, 1)
        segment = Segment(self.numbers, trial, start, to, self.now + length)
        self.running[trial] = segment
        self.units += segment.units
        heappush(self._queue, (segment.finish, segment.number, trial))
        return segment

    def due(self) -> Segment | None:
        """The segment whose turn it is, if its outcome is known."""
        if not self._queue:
            return None
        trial = self._queue[0][2]
        return self.running[trial] if trial in self.held else None

    def take(self) -> tuple[Segment, Outcome]:
        """The outcome whose turn it is, and virtual time goes on to it. Raises `IndexError` when nothing is outstanding."""
        self.now, _, trial = heappop(self._queue)
        return self.running.pop(trial), self.held.pop(trial)

    def wants(self, trial: int) -> bool:
        """Whether a trial has units to train now."""
        return trial in self.running and trial not in self.held
