"""Synchronous Hyperband: brackets of successive halving, each of which waits for a whole rung before it promotes.

Li et al., "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization" (JMLR 2018). Rounds of brackets follow each
other while trials are to be had; a bracket that waits lets the next one begin. Failed trials count as worst, and one that ended by
itself counts with its last losses at every later rung, so that no bracket waits for ever. The guard has no part in it:
its brackets already range from many short trials to few full ones.
"""

from collections import deque
from dataclasses import dataclass, field
from math import inf, isfinite

from daybreak.search.brackets import Bracket, hyperband_brackets
from daybreak.search.methods.roster import Roster
from daybreak.search.pareto import Fronts
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

INCUMBENT = 1000.0


def ranked(losses: dict[int, Losses]) -> list[int]:
    """Trials, best first: by loss, or by non-dominated sorting; diverged ones last."""
    finite = {trial: each for trial, each in losses.items() if all(map(isfinite, each))}
    rest = [trial for trial in losses if trial not in finite]
    if not finite or len(next(iter(finite.values()))) == 1:
        return sorted(finite, key=lambda trial: (finite[trial], trial)) + rest
    fronts = Fronts()
    for trial, each in finite.items():
        fronts.insert(trial, each)
    order: list[int] = []
    for count in range(1, len(finite) + 1):
        order += [trial for trial in fronts.best(count) if trial not in order]
    return order + rest


@dataclass(slots=True)
class Round:
    """One bracket on its way: who is at its present rung, and whose values are still missing there."""

    lengths: tuple[int, ...]
    wanted: int  # trials at its first rung
    bracket: int
    index: int = 0
    members: list[int] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    ready: deque[int] = field(default_factory=deque)
    losses: dict[int, Losses] = field(default_factory=dict)  # of the present rung, failed ones apart
    seen: list[tuple[int, float]] = field(default_factory=lambda: [(0, inf)])  # per rung: values, best

    @property
    def takes_more(self) -> bool:
        """Its first rung is still being filled."""
        return self.index == 0 and len(self.members) < self.wanted

    def note(self, losses: Losses) -> None:
        """For the view."""
        count, best = self.seen[self.index]
        self.seen[self.index] = (count + 1, min(best, losses[0]))


class Hyperband:
    """Whole rungs at a time."""

    def __init__(self, context: SearchContext) -> None:
        self._roster = Roster(context)
        self._plan: list[Bracket] = hyperband_brackets(context.spec.search)
        self._eta = context.spec.search.reduction
        self._objectives = len(context.spec.objectives)
        self._horizon = self._plan[-1].lengths[-1]
        self._rounds: list[Round] = []
        self._of: dict[int, Round] = {}
        self._ready: deque[Round] = deque()  # with trials that were promoted and not yet taken
        self._completed: dict[int, Losses] = {}

    def room(self) -> int:
        """As many as the experiment's limits leave."""
        return self._roster.room()

    def added(self, trial: int, point: Point) -> None:  # noqa: ARG002 (its number is all that counts)
        """A new trial joins the bracket that is being filled; when that is full the next begins."""
        self._roster.add(trial)
        if not self._rounds or not self._rounds[-1].takes_more:
            number = len(self._rounds) % len(self._plan)
            bracket = self._plan[number]
            self._rounds.append(Round(bracket.lengths, bracket.trials or 1, number))
        last = self._rounds[-1]
        last.members.append(trial)
        last.missing.add(trial)
        self._of[trial] = last

    def exhausted(self) -> None:
        """No further point will ever come: the bracket being filled is as full as it gets."""
        self._roster.exhausted = True
        if self._rounds:
            self._advance(self._rounds[-1])

    def peek(self) -> Wish | None:
        """Promotions of the oldest bracket first, then new points."""
        roster = self._roster
        if roster.closed:
            return self._last_wish()
        if roster.full():
            return None
        while self._ready:
            waiting = self._ready[0]
            while waiting.ready:
                trial = waiting.ready[0]
                if trial in waiting.missing and trial not in roster.live:
                    to = waiting.lengths[waiting.index]
                    last = to == self._horizon and trial == waiting.members[0]
                    return Wish(trial, to, INCUMBENT if last else float(waiting.index), "its rung is whole")
                waiting.ready.popleft()
            self._ready.popleft()
        new = roster.newest()
        return None if new is None else Wish(new, self._of[new].lengths[0], 0.0, "a new point")

    def _last_wish(self) -> Wish | None:
        roster, best = self._roster, self._roster.best
        if best is None or best in roster.live or best in roster.gone:
            return None
        return Wish(best, self._horizon, INCUMBENT, "completes the best trial")

    def taken(self, wish: Wish) -> None:
        """It runs."""
        self._roster.go(wish.trial, wish.to)

    def reported(self, trial: int, units: int, losses: Losses) -> Decision:
        """Rest until the whole rung is in; the last one in may go on at once."""
        roster = self._roster
        if trial in roster.gone:
            return Rest("it had ended")
        roster.stand(trial, units)
        mine = self._of[trial]
        if trial in mine.missing and units >= mine.lengths[mine.index]:
            self._count(mine, trial, losses)
        if units >= self._horizon:
            roster.finish(trial)
            self._completed[trial] = losses
            self._advance(mine)
            return Finish("stands at the horizon")
        self._advance(mine)
        if roster.closed:
            return self._closing(trial)
        if trial in mine.missing:
            to = mine.lengths[mine.index]
            roster.go(trial, to)
            return GoOn(to, why="its rung is whole")
        return Rest("waits for its whole rung")

    def _closing(self, trial: int) -> Decision:
        if trial != self._roster.best:
            return Rest("the budget is nearly spent")
        self._roster.go(trial, self._horizon)
        return GoOn(self._horizon, why="completes the best trial")

    def _count(self, mine: Round, trial: int, losses: Losses) -> None:
        mine.missing.discard(trial)
        mine.losses[trial] = losses
        mine.note(losses)

    def _advance(self, mine: Round) -> None:
        """Promote while the present rung is whole."""
        while not mine.missing and mine.index + 1 < len(mine.lengths) and self._is_full(mine):
            promoted = self._best(mine)
            if not promoted:
                return
            mine.index += 1
            mine.seen.append((0, inf))
            mine.members, mine.losses = promoted, {}
            mine.missing = {trial for trial in promoted if trial not in self._completed}
            for trial in promoted:
                if trial in self._completed:
                    self._count(mine, trial, self._completed[trial])
            mine.ready = deque(trial for trial in promoted if trial in mine.missing)
            self._ready.append(mine)

    def _is_full(self, mine: Round) -> bool:
        return not mine.takes_more or self._roster.room() == 0

    def _best(self, mine: Round) -> list[int]:
        count = max(len(mine.members) // self._eta, 1)
        finite = {trial: each for trial, each in mine.losses.items() if all(map(isfinite, each))}
        return ranked(finite or mine.losses)[:count]

    def ended(self, trial: int, units: int, losses: Losses | None, failed: bool) -> None:
        """Failed: worst at its rung. Ended by itself: its last losses count from here on."""
        if trial in self._roster.gone:
            return
        self._roster.leave(trial, units)
        mine = self._of[trial]
        if not failed and losses is not None:
            self._completed[trial] = losses
            if trial in mine.missing:
                self._count(mine, trial, losses)
        mine.missing.discard(trial)
        if failed:
            mine.losses.pop(trial, None)
        self._advance(mine)

    def learnt(self, horizon: int | None, costs: Costs) -> None:
        """Neither changes what a synchronous method does: its horizon was given."""

    def close(self, best: int | None) -> None:
        """Complete the best, nothing else."""
        self._roster.close(best)

    def extend(self, spec: Experiment) -> None:
        """More trials may come; a raised horizon is for brackets that begin from now on."""
        self._roster.widen(spec)

    def view(self) -> SearchView:
        """Rungs by bracket, rounds taken together."""
        totals: dict[tuple[int, int], tuple[int, float]] = {}
        for each in self._rounds:
            for units, (count, best) in zip(each.lengths, each.seen, strict=False):
                before = totals.get((each.bracket, units), (0, inf))
                totals[each.bracket, units] = (before[0] + count, min(before[1], best))
        rungs = tuple(
            RungView(units, count, None if best == inf else best, bracket)
            for (bracket, units), (count, best) in sorted(totals.items())
        )
        return SearchView(rungs, {"units": self._roster.spent, "rounds": len(self._rounds)})
