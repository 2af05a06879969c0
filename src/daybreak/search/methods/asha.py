"""ASHA by promotion: asynchronous successive halving that freezes trials and promotes them later.

Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020). A trial is promotable while it is among the best
floor(n / eta) of its rung's n values. At its report it goes on in place if it is among them; else it freezes and may be
promoted whenever later values make it so.
"""

from math import inf

from daybreak.search.methods.roster import Roster
from daybreak.search.rungs import Rung, ladder_of
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

INCUMBENT = 1000.0  # value of completing the best trial: above every promotion


class Asha:
    """Freeze and promote."""

    def __init__(self, context: SearchContext) -> None:
        self._search = context.spec.search
        self._roster = Roster(context)
        self._ladder = ladder_of(self._search, self._search.max_units)
        self._rungs: list[Rung] = []
        self._notices: list[str] = []
        self._reached = 0

    def room(self) -> int:
        """As many as the experiment's limits leave."""
        return self._roster.room()

    def added(self, trial: int, point: Point) -> None:  # noqa: ARG002 (its number is all that counts here)
        """A new trial waits."""
        self._roster.add(trial)

    def exhausted(self) -> None:
        """No further point will ever come."""
        self._roster.exhausted = True

    def peek(self) -> Wish | None:
        """A promotion, the highest rung first; else the oldest trial that never ran."""
        roster = self._roster
        if roster.closed:
            return self._last_wish()
        if roster.full():
            return None
        for index in range(len(self._rungs) - 1, -1, -1):
            trial = self._rungs[index].ready()
            if trial is not None:
                return self._promotion(trial, index)
        trial = roster.newest()
        return None if trial is None else Wish(trial, self._ladder.units(0), 0.0, "a new point")

    def _promotion(self, trial: int, index: int) -> Wish:
        rung, to = self._rungs[index], self._ladder.units(index + 1)
        last = self._ladder.is_top(index + 1) and rung.loss(trial) <= rung.best
        return Wish(trial, to, INCUMBENT if last else index + 1.0, f"among the best of rung {index}")

    def _last_wish(self) -> Wish | None:
        roster = self._roster
        best = roster.best
        if best is None or best in roster.live or best in roster.gone:
            return None
        return Wish(best, self._ladder.horizon, INCUMBENT, "completes the best trial")

    def taken(self, wish: Wish) -> None:
        """It runs; whatever it was ready at, it passed on."""
        self._roster.go(wish.trial, wish.to)
        index = self._ladder.index_at(self._roster.stands.get(wish.trial, 0))
        if 0 <= index < len(self._rungs):
            self._rungs[index].pass_on(wish.trial)

    def reported(self, trial: int, units: int, losses: Losses) -> Decision:
        """Go on in place while among the best of the rung, else rest."""
        roster, ladder = self._roster, self._ladder
        if trial in roster.gone:
            return Rest("it had ended")
        roster.stand(trial, units)
        self._reached = max(self._reached, units)
        index = ladder.index_at(units)
        if index < 0:
            return self._go_on(trial, 0, "not at the first rung yet")
        rung = self._rung(index)
        rung.add(trial, losses)
        if ladder.is_top(index):
            roster.gone.add(trial)
            rung.pass_on(trial)
            return Finish("stands at the horizon")
        if roster.closed:
            return self._closing(trial)
        if not rung.among(trial):
            return Rest(f"not among the best {len(rung) // rung.divisor} of {len(rung)} at {units} units")
        rung.pass_on(trial)
        return self._go_on(
            trial, index + 1, f"among the best {len(rung) // rung.divisor} of {len(rung)} at {units} units"
        )

    def _closing(self, trial: int) -> Decision:
        if trial != self._roster.best:
            return Rest("the budget is nearly spent")
        horizon = self._ladder.horizon
        if horizon is None:
            return Rest("its end is not known")
        self._roster.go(trial, horizon)
        return GoOn(horizon, why="completes the best trial")

    def _go_on(self, trial: int, index: int, why: str) -> GoOn:
        to = self._ladder.units(index)
        self._roster.go(trial, to)
        return GoOn(to, why=why)

    def _rung(self, index: int) -> Rung:
        while index >= len(self._rungs):
            self._rungs.append(Rung(self._search.reduction))
        return self._rungs[index]

    def ended(self, trial: int, units: int, losses: Losses | None, failed: bool) -> None:
        """Failed trials leave the rungs."""
        if trial in self._roster.gone:
            return
        self._roster.leave(trial, units)
        if failed or losses is None:
            for rung in self._rungs:
                if trial in rung:
                    rung.remove(trial)

    def learnt(self, horizon: int | None, costs: Costs) -> None:  # noqa: ARG002
        """The last rung becomes known."""
        if horizon is not None and self._ladder.horizon is None:
            self._ladder.settle(horizon, self._reached)

    def close(self, best: int | None) -> None:
        """Complete the best, nothing else."""
        self._roster.closed = True
        self._roster.best = best

    def extend(self, spec: Experiment) -> None:
        """Limits were raised: frozen trials are promotable again."""
        self._roster.widen(spec)

    def view(self) -> SearchView:
        """All rungs that hold values."""
        rungs = tuple(
            RungView(self._ladder.units(i), len(rung), None if rung.best == inf else rung.best)
            for i, rung in enumerate(self._rungs)
        )
        return SearchView(rungs, {"units": self._roster.spent}, tuple(self._notices))
