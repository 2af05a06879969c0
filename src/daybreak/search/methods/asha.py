"""Asynchronous successive halving as a search method: by promotion, by stopping, and by stopping in several brackets.

What happens at a rung stands in `halving`; here is who goes next. Wishes in order of value: completing the best trial, promotions
from high rungs to low, trials frozen below a lifted rung, new points, and last promotions where freezing was measured to be costly.
"""

from typing import Any

from daybreak.search.brackets import Bracket, adaptive_brackets
from daybreak.search.guard import Guard
from daybreak.search.methods.halving import INCUMBENT, Halving
from daybreak.search.methods.roster import Roster
from daybreak.search.rungs import Ladder, ladder_of
from daybreak.search.searcher import Costs, Decision, GoOn, Losses, Rest, SearchContext, SearchView, Wish
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment


def asha(context: SearchContext) -> "Asha":
    """By promotion: the default method."""
    search = context.spec.search
    return Asha(context, [(ladder_of(search, search.max_units), None)], stopping=False)


def asha_stopping(context: SearchContext) -> "Asha":
    """By stopping."""
    search = context.spec.search
    return Asha(context, [(ladder_of(search, search.max_units), None)], stopping=True)


def adaptive_asha(context: SearchContext) -> "Asha":
    """By stopping, in brackets. Raises `UsageError` without `search.max_units`."""
    search = context.spec.search
    brackets = adaptive_brackets(search, Roster(context).bounded())
    return Asha(context, [(Ladder([*b.lengths], search.reduction, b.lengths[-1]), b) for b in brackets], stopping=True)


class Asha:
    """One or more brackets of asynchronous successive halving over one roster of trials."""

    def __init__(
        self, context: SearchContext, brackets: list[tuple[Ladder, Bracket | None]], *, stopping: bool
    ) -> None:
        spec = context.spec
        self._roster = Roster(context)
        self._guards = [Guard(spec.seed, f"bracket {i}", spec.search.guard) for i in range(len(brackets))]
        self._brackets = [
            Halving(ladder, self._roster, guard, len(spec.objectives), stopping=stopping)
            for (ladder, _), guard in zip(brackets, self._guards, strict=True)
        ]
        self._plans = [plan for _, plan in brackets]
        self._counts = [0] * len(brackets)
        self._bracket_of: dict[int, int] = {}

    def room(self) -> int:
        """As many as the experiment's limits leave."""
        return self._roster.room()

    def added(self, trial: int, point: Point) -> None:  # noqa: ARG002 (its number is all that counts here)
        """A new trial waits, in the bracket that is furthest from its share."""
        self._roster.add(trial)
        if len(self._brackets) > 1:
            index = min(range(len(self._brackets)), key=self._filled)
            self._counts[index] += 1
            self._bracket_of[trial] = index

    def _filled(self, index: int) -> tuple[float, int]:
        plan = self._plans[index]
        share = 1 if plan is None else (plan.trials or float(plan.weight))
        return (self._counts[index] / share, index)

    def _of(self, trial: int) -> Halving:
        return self._brackets[self._bracket_of.get(trial, 0)]

    def exhausted(self) -> None:
        """No further point will ever come."""
        self._roster.exhausted = True

    def peek(self) -> Wish | None:
        """The most valuable promotion, else the oldest trial that never ran."""
        roster = self._roster
        if roster.closed:
            return self._last_wish()
        if roster.full():
            return None
        best = self._best_promotion(last=False)
        if best is not None:
            return best
        trial = roster.newest()
        if trial is not None:
            return Wish(trial, self._of(trial).start(), 0.0, "a new point")
        return None if roster.room() else (self._best_promotion(last=True) or self._only_one())

    def _best_promotion(self, *, last: bool) -> Wish | None:
        if len(self._brackets) == 1:
            return self._brackets[0].promotion(last)
        wishes = [wish for bracket in self._brackets if (wish := bracket.promotion(last)) is not None]
        return max(wishes, key=lambda wish: wish.value, default=None)

    def _only_one(self) -> Wish | None:
        """Too few trials for one to be promoted to the end: the best of the highest rung goes there, so that one is complete."""
        if self._roster.live or self._roster.completed:
            return None
        leaders = [leader for bracket in self._brackets if (leader := bracket.leader()) is not None]
        if not leaders:
            return None
        trial = min(leaders)[-1]
        return Wish(trial, self._of(trial).ladder.horizon, INCUMBENT, "completes the best trial")

    def _last_wish(self) -> Wish | None:
        roster, best = self._roster, self._roster.best
        if best is None or best in roster.live or best in roster.gone:
            return None
        return Wish(best, self._of(best).ladder.horizon, INCUMBENT, "completes the best trial")

    def taken(self, wish: Wish) -> None:
        """It runs; where it was ready, it passed on."""
        self._roster.go(wish.trial, wish.to)
        self._of(wish.trial).taken(wish.trial)

    def reported(self, trial: int, units: int, losses: Losses) -> Decision:
        """Go on, freeze or finish: see `halving`."""
        if trial in self._roster.gone:
            return Rest("it had ended")
        self._roster.stand(trial, units)
        decision = self._of(trial).judge(trial, units, losses)
        return self._closing(trial, decision) if self._roster.closed else decision

    def _closing(self, trial: int, decision: Decision) -> Decision:
        """Once the budget nears its end only the best goes on, and straight to its end."""
        roster, ladder = self._roster, self._of(trial).ladder
        if trial in roster.gone:
            return decision
        roster.live.pop(trial, None)
        if trial != roster.best:
            return Rest("the budget is nearly spent")
        to = ladder.horizon or ladder.units(ladder.index_at(roster.stands[trial]) + 1)
        roster.go(trial, to)
        return GoOn(to, why="completes the best trial")

    def ended(self, trial: int, units: int, losses: Losses | None, failed: bool) -> None:
        """Failed and stopped trials leave the rungs; one that ended by itself keeps its place."""
        if trial in self._roster.gone:
            return
        self._roster.leave(trial, units)
        if failed or losses is None:
            self._of(trial).drop(trial)
        else:
            self._roster.completed += 1
            self._of(trial).complete(trial, losses)

    def learnt(self, horizon: int | None, costs: Costs) -> None:
        """The last rung, and what freezing costs."""
        for bracket in self._brackets:
            bracket.learnt(horizon, costs)

    def close(self, best: int | None) -> None:
        """Complete the best, nothing else."""
        self._roster.close(best)

    def extend(self, spec: Experiment) -> None:
        """Limits were raised: what is frozen is promotable again. Brackets keep their ladders where there are several."""
        self._roster.widen(spec)
        if len(self._brackets) == 1:
            self._brackets[0].raise_horizon(ladder_of(spec.search, spec.search.max_units))

    def view(self) -> SearchView:
        """Rungs by bracket, what the guard saw, and what people were to be told."""
        rungs = tuple(view for i, bracket in enumerate(self._brackets) for view in bracket.views(i))
        notices = tuple(notice for bracket in self._brackets for notice in bracket.notices)
        return SearchView(rungs, {"units": self._roster.spent, "guard": self._guard_facts()}, notices)

    def _guard_facts(self) -> dict[str, Any]:
        units = sum(guard.units for guard in self._guards)
        return {
            "units": units,
            "share": units / self._roster.spent if self._roster.spent else 0.0,
            "trials": sum(guard.count for guard in self._guards),
            "cuts": [cut | {"bracket": i} for i, bracket in enumerate(self._brackets) for cut in bracket.cuts()],
            "lifted": [lift | {"bracket": i} for i, bracket in enumerate(self._brackets) for lift in bracket.lifts],
        }
