"""Methods that never compare: each trial runs to the horizon, or to its own end (single, random and grid).

They differ in where the points come from, which is the sampler's affair, and in how many there are.
"""

from collections import deque
from math import inf

from daybreak.search.methods.roster import Roster
from daybreak.search.searcher import (
    Costs,
    Decision,
    Finish,
    GoOn,
    Losses,
    Rest,
    RungView,
    SearchContext,
    SearchView,
    Wish,
)
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment


class Straight:
    """Every trial straight to the horizon; without one, until it ends by itself."""

    def __init__(self, context: SearchContext, limit: int | None = None) -> None:
        self._roster = Roster(context, limit)
        self._horizon = context.spec.search.max_units
        self._again: deque[int] = deque()  # stood at a horizon that was raised since
        self._completed = 0
        self._best = inf

    def room(self) -> int:
        """As many as the experiment's limits leave."""
        return self._roster.room()

    def added(self, trial: int, point: Point) -> None:  # noqa: ARG002 (its own number is all that counts)
        """A new trial waits."""
        self._roster.add(trial)

    def exhausted(self) -> None:
        """No further point will ever come."""
        self._roster.exhausted = True

    def peek(self) -> Wish | None:
        """The oldest trial that never ran, then those whose horizon was raised."""
        roster = self._roster
        if roster.closed or roster.full():
            return None
        trial = roster.newest()
        if trial is not None:
            return Wish(trial, self._horizon, 0.0, "a new point")
        while self._again and (self._again[0] in roster.gone or self._again[0] in roster.live):
            self._again.popleft()
        return Wish(self._again[0], self._horizon, 1.0, "the horizon was raised") if self._again else None

    def taken(self, wish: Wish) -> None:
        """It runs."""
        self._roster.go(wish.trial, wish.to)

    def reported(self, trial: int, units: int, losses: Losses) -> Decision:
        """Done at the horizon."""
        roster = self._roster
        if trial in roster.gone:
            return Rest("it had ended")
        roster.stand(trial, units)
        if self._horizon is not None and units < self._horizon:
            roster.go(trial, self._horizon)
            return GoOn(self._horizon, why="every trial runs to the end")
        roster.finish(trial)
        self._note(losses)
        return Finish("stands at the horizon")

    def ended(self, trial: int, units: int, losses: Losses | None, failed: bool) -> None:
        """It ended by itself, failed or was stopped."""
        if trial in self._roster.gone:
            return
        self._roster.leave(trial, units)
        if not failed and losses is not None:
            self._note(losses)

    def _note(self, losses: Losses) -> None:
        self._completed += 1
        self._best = min(self._best, losses[0])

    def learnt(self, horizon: int | None, costs: Costs) -> None:  # noqa: ARG002 (costs do not steer what never stops)
        """The horizon is a limit for trials that start from now on."""
        self._horizon = horizon if self._horizon is None else self._horizon

    def close(self, best: int | None) -> None:
        """No new points."""
        self._roster.close(best)

    def extend(self, spec: Experiment) -> None:
        """More trials may come, or the horizon was raised: those that stood at the old one go on."""
        self._roster.widen(spec)
        horizon = spec.search.max_units
        if horizon is not None and horizon > (self._horizon or 0):
            self._horizon = horizon
            self._again.extend(self._roster.reopen())

    def view(self) -> SearchView:
        """One rung: the horizon."""
        best = None if self._best == inf else self._best
        return SearchView((RungView(self._horizon or 0, self._completed, best),), {"units": self._roster.spent})
