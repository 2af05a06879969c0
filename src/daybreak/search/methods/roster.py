"""Who is in the search: which trials wait for their first stay, which are on their way to a target, where each stands."""

from collections import deque

from daybreak.search.searcher import SearchContext
from daybreak.spec.models import Experiment

UNBOUNDED = 1_000_000_000  # `room` of a search that only its budget bounds


class Roster:
    """Bookkeeping that every method shares. Trials are numbers; a *live* one has a target it was granted and not yet reached."""

    __slots__ = (
        "added",
        "best",
        "closed",
        "completed",
        "concurrent",
        "exhausted",
        "finished",
        "fixed",
        "fresh",
        "gone",
        "limit",
        "live",
        "spent",
        "stands",
    )

    def __init__(self, context: SearchContext, limit: int | None = None) -> None:
        self.fixed = limit
        self.widen(context.spec)
        self.added = 0
        self.spent = 0  # units that were reported
        self.fresh: deque[int] = deque()
        self.live: dict[int, int | None] = {}  # trial -> its target
        self.stands: dict[int, int] = {}
        self.completed = 0  # stood at the horizon, or ended by themselves
        self.finished: list[int] = []  # those that stand at the horizon, in order
        self.gone: set[int] = set()  # completed, failed or stopped

    def bounded(self) -> int | None:
        """How many trials there may be, None when nothing says."""
        return None if self.limit == UNBOUNDED else self.limit

    def room(self) -> int:
        """How many further points the search would take."""
        return 0 if self.closed or self.exhausted else max(self.limit - self.added, 0)

    def full(self) -> bool:
        """True while as many trials are live as may be at once."""
        return len(self.live) >= self.concurrent

    def add(self, trial: int) -> None:
        """A new trial waits for its first stay."""
        self.added += 1
        self.fresh.append(trial)

    def newest(self) -> int | None:
        """The longest waiting of those that never ran, or None."""
        while self.fresh:
            trial = self.fresh[0]
            if trial not in self.gone and trial not in self.live and trial not in self.stands:
                return trial
            self.fresh.popleft()
        return None

    def go(self, trial: int, to: int | None) -> None:
        """A target was granted."""
        self.live[trial] = to

    def stand(self, trial: int, units: int) -> None:
        """A trial reports from where it stands."""
        self.spent += max(units - self.stands.get(trial, 0), 0)
        self.stands[trial] = units
        self.live.pop(trial, None)

    def leave(self, trial: int, units: int) -> None:
        """Nothing more will come of a trial."""
        self.stand(trial, units)
        self.gone.add(trial)

    def finish(self, trial: int) -> None:
        """It stands at the horizon."""
        self.gone.add(trial)
        self.completed += 1
        self.finished.append(trial)

    def reopen(self) -> list[int]:
        """The horizon was raised: those that stood at it may go on."""
        trials, self.finished = self.finished, []
        self.completed = 0
        self.gone.difference_update(trials)
        return trials

    def widen(self, spec: Experiment) -> None:
        """Limits were raised: the search goes on from where it stopped."""
        bounds = [bound for bound in (self.fixed, spec.search.max_trials, spec.budget.trials) if bound is not None]
        self.limit = min(bounds, default=UNBOUNDED)
        self.concurrent = spec.search.max_concurrent or UNBOUNDED
        self.closed = False
        self.exhausted = False
        self.best: int | None = None  # the trial that is to be completed once closed

    def close(self, best: int | None) -> None:
        """No new points from now on; `best` is the trial to complete."""
        self.closed = True
        self.best = best
