"""One bracket of asynchronous successive halving: a ladder, its rungs, the guard over its cuts, and what it decides.

Promotion: Li et al., "A System for Massively Parallel Hyperparameter Tuning" (MLSys 2020). A trial is promotable while it is among
the best floor(n / eta) of its rung's n values. At its report it goes on in place if it is among them; else it freezes and may
be promoted whenever later values make it so.

Stopping: at its report a trial goes on if it is no worse than the value at the cut (at least the best always goes on); what freezes
is not wished for again. Promotion decides like this, too, at rungs where freezing and resuming was measured to cost too much.

A trial that goes on costs nothing when its value at the next rung is known already: one that ended by itself before
(its last value counts wherever it would have been promoted to, for it cannot go further), and one that was graced. A graced trial
becomes an ordinary member of the rung it entered by grace when its value there is as good as the best floor(n / eta), or when
the rung below promotes it after all; until then the quantiles of that rung do not know it.
"""

from collections import deque
from itertools import pairwise
from math import inf

from daybreak.search.guard import Correlation, Guard
from daybreak.search.methods.roster import Roster
from daybreak.search.pareto import ParetoRung
from daybreak.search.rungs import Ladder, Rung
from daybreak.search.searcher import Costs, Decision, Finish, GoOn, Losses, Rest, RungView, Wish

INCUMBENT = 1000.0  # value of completing the best trial: above every promotion
LIFTED = 0.5  # of a trial frozen below a lifted rung: above a new point, it needs fewer units
COSTLY = 0.2  # share of the units at stake from which freezing and resuming is not worth it


class Halving:
    """The state of one bracket. It shares the roster with the other brackets of its search."""

    def __init__(self, ladder: Ladder, roster: Roster, guard: Guard, objectives: int, *, stopping: bool) -> None:
        self.ladder = ladder
        self.first = 0  # index of the first rung in use; higher once lifted
        self.notices: list[str] = []
        self.lifts: list[dict[str, object]] = []
        self._roster = roster
        self._guard = guard
        self._objectives = objectives
        self._stopping = stopping
        self._costly: set[int] = set()
        self._told_costly = False
        self._rungs: list[Rung | ParetoRung] = []
        self._reached = 0
        self._at: dict[int, int] = {}  # trial -> the highest rung it is an ordinary member of
        self._graced: dict[int, int] = {}  # trial on its way by grace -> the rung it was cut at
        self._ahead: dict[tuple[int, int], Losses] = {}  # (trial, rung) -> losses there, though no member
        self._completed: dict[int, Losses] = {}  # ended by itself, with these last losses
        self._below: deque[int] = deque()  # frozen below a lifted rung, the best first

    def start(self) -> int:
        """Where a new trial goes first."""
        return self.ladder.units(self.first)

    def promotion(self, last: bool) -> Wish | None:
        """The most valuable promotion; with `last` also those that only idle slots are good for."""
        if self._stopping:
            return self._lifted()
        for index in range(len(self._rungs) - 1, self.first - 1, -1):
            if self.ladder.is_top(index) or (index in self._costly and not last):
                continue
            trial = self._rungs[index].ready()
            if trial is not None:
                return self._promotion(trial, index)
        return self._lifted()

    def _promotion(self, trial: int, index: int) -> Wish:
        rung, to = self._rungs[index], self.ladder.units(index + 1)
        last = self.ladder.is_top(index + 1) and rung.leads(trial)
        return Wish(
            trial, to, INCUMBENT if last else index + 1.0, f"among the best at {self.ladder.units(index)} units"
        )

    def leader(self) -> tuple[int, float, int] | None:
        """(minus its units, its loss, the trial): the best of the highest rung that holds a finite value of a frozen trial."""
        for index in range(len(self._rungs) - 1, -1, -1):
            rung = self._rungs[index]
            for trial in rung.members() if rung.finite else ():
                if trial not in self._roster.gone and rung.loss(trial) < inf:
                    return (-self.ladder.units(index), rung.loss(trial), trial)
        return None

    def _lifted(self) -> Wish | None:
        roster = self._roster
        while self._below:
            trial = self._below[0]
            if trial not in roster.gone and trial not in roster.live and roster.stands[trial] < self.start():
                return Wish(trial, self.start(), LIFTED, "the rung it froze at was lifted")
            self._below.popleft()
        return None

    def taken(self, trial: int) -> None:
        """A wish for a trial that stood at a rung was granted."""
        index = self._at.get(trial)
        if index is not None:
            self._pass_on(trial, index)

    def _pass_on(self, trial: int, index: int) -> None:
        self._rungs[index].pass_on(trial)
        self._settle(index)

    def judge(self, trial: int, units: int, losses: Losses) -> Decision:
        """A trial of this bracket stands at its target."""
        self._reached = max(self._reached, units)
        index = self.ladder.index_at(units)
        member = 0 <= index < len(self._rungs) and trial in self._rungs[index]
        if member and self.ladder.is_top(index):  # another's own end made the rung it had reached the last
            return self._finish(trial, index)
        if index < self.first or member:
            return self._go_on(trial, max(index + 1, self.first), "between two rungs")
        self._watch(trial, index, losses)
        if trial in self._graced and not self._enters(trial, index, losses):
            return self._out_of_grace(trial, index, losses)
        rung = self._join(trial, index, losses)
        if self.ladder.is_top(index):
            return self._finish(trial, index)
        self._settle(index)
        return Rest("the budget is nearly spent") if self._roster.closed else self._verdict(trial, index, rung)

    def _verdict(self, trial: int, index: int, rung: Rung | ParetoRung) -> Decision:
        if self._continues(trial, index, rung):
            self._pass_on(trial, index)
            return self._go_on(trial, index + 1, self._rank(rung, index, "among"))
        if self._graces(trial, index):
            return self._by_grace(trial, index)
        return Rest(self._rank(rung, index, "not among"))

    def _rank(self, rung: Rung | ParetoRung, index: int, how: str) -> str:
        return f"{how} the best {len(rung) // rung.divisor} of {len(rung)} at {self.ladder.units(index)} units"

    def _continues(self, trial: int, index: int, rung: Rung | ParetoRung) -> bool:
        if index < self.first:  # lifted by this very report
            return True
        if self._stopping or index in self._costly:
            return rung.holds_up(trial)
        return rung.among(trial)

    def _join(self, trial: int, index: int, losses: Losses) -> Rung | ParetoRung:
        rung = self._rung(index)
        rung.add(trial, losses)
        self._at[trial] = index
        return rung

    def _finish(self, trial: int, index: int) -> Finish:
        self._rungs[index].pass_on(trial)
        self._roster.finish(trial)
        return Finish("stands at the horizon")

    def _go_on(self, trial: int, index: int, why: str) -> GoOn:
        to = self.ladder.units(min(index, len(self.ladder.lengths) - 1) if self.ladder.horizon else index)
        self._roster.go(trial, to)
        return GoOn(to, why=why)

    # -- the guard

    def _graces(self, trial: int, index: int) -> bool:
        cost = self.ladder.units(index + 1) - self.ladder.units(index)
        return self._guard.picks(trial, index, index == self.first, cost, self._roster.spent)

    def _by_grace(self, trial: int, index: int) -> GoOn:
        self._graced[trial] = index
        to = self.ladder.units(index + 1)
        self._roster.go(trial, to)
        return GoOn(to, graced=True, why="goes one rung beyond the cut, to check the cut")

    def _watch(self, trial: int, index: int, losses: Losses) -> None:
        """Tell the guard how a trial that stood at the rung below fares at this one."""
        below = index - 1
        if self._guard.share == 0 or below < self.first:
            return
        if trial in self._graced:
            self._guard.saw_graced(trial, below, self._rungs[below].losses(trial), losses)
            self._consider_lifting(below)
        elif self._at.get(trial) == below:
            self._guard.saw_promoted(below, self._rungs[below].losses(trial), losses)

    def _enters(self, trial: int, index: int, losses: Losses) -> bool:
        """Whether a graced trial becomes an ordinary member: its value is among the best here, or the cut is gone."""
        below = self._graced[trial]
        rung = self._rung(index)
        top = self.ladder.is_top(index) and losses[0] < rung.best
        if not (top or below < self.first or rung.admits(losses)):
            return False
        del self._graced[trial]
        if below >= self.first:
            self._pass_on(trial, below)
        return True

    def _out_of_grace(self, trial: int, index: int, losses: Losses) -> Decision:
        below = self._graced.pop(trial)
        self._ahead[trial, index] = losses
        self._settle(below)
        if self.ladder.is_top(index):
            self._roster.finish(trial)
            return Finish("stands at the horizon, by grace")
        return Rest("went beyond the cut, to check the cut")

    def _consider_lifting(self, index: int) -> None:
        if index != self.first:
            return
        seen = self._guard.condemns(index, *self._strata(index))
        if seen is None:
            return
        last = index
        while not self.ladder.is_top(last + 1) and not self._guard.holds(last + 1, *self._strata(last + 1)):
            last += 1
        self._lift(index, last, seen)

    def _strata(self, index: int) -> tuple[int, int]:
        """How many of a rung's members were promoted and how many were not."""
        if index >= len(self._rungs):
            return 0, 0
        rung = self._rungs[index]
        return len(rung.passed), len(rung) - len(rung.passed)

    def _lift(self, index: int, last: int, seen: Correlation) -> None:
        cut, condemned = [self.ladder.units(i) for i in range(index, last + 1)], self.ladder.units(index + 1)
        self.first = last + 1
        frozen = [t for i in range(min(last + 1, len(self._rungs)) - 1, index - 1, -1) for t in self._frozen(i)]
        self._below = deque([*frozen, *self._below])
        self.lifts.append(
            {
                "units": cut,
                "at_units": self._roster.spent,
                "correlation": seen.value,
                "low": seen.low,
                "high": seen.high,
            }
        )
        also = "" if last == index else f", nor have cuts at {', '.join(map(str, cut[1:]))} units shown to be better"
        self.notices.append(
            f"cutting at {cut[0]} units was no better than chance (rank correlation with {condemned} units {seen.value:.2f}, "
            f"90 % interval {seen.low:.2f} to {seen.high:.2f}, from {seen.graced} trials kept beyond the cut){also}: "
            f"the first rung is now {self.start()} units, and trials frozen before it go on to it"
        )

    def _frozen(self, index: int) -> list[int]:
        """Trials cut at a rung, the best first."""
        rung = self._rungs[index]
        return [t for t in rung.members() if t not in rung.passed and t not in self._graced]

    # -- values that are known without training

    def _settle(self, index: int) -> None:
        """Promote whatever costs nothing: those on their way by grace, those seen at the next rung, those that ended by themselves."""
        while index < len(self._rungs) and not self.ladder.is_top(index):
            rung, grown = self._rungs[index], False
            while (trial := rung.ready()) is not None and (known := self._known(trial, index)) is not None:
                rung.pass_on(trial)
                self._guard.redeemed(trial, index)
                if known:
                    self._rung(index + 1).add(trial, known)
                    self._at[trial] = index + 1
                    grown = True
            if not grown:
                return
            index += 1

    def _known(self, trial: int, index: int) -> Losses | None:
        """Losses at the next rung if they are known; empty when the trial is on its way there; None when it must be trained."""
        if self._graced.get(trial) == index:
            del self._graced[trial]
            return ()
        if trial in self._completed:
            return self._completed[trial]
        return self._ahead.pop((trial, index + 1), None)

    def complete(self, trial: int, losses: Losses) -> None:
        """It ended by itself below the horizon: its last losses count wherever it would have been promoted to."""
        self._completed[trial] = losses
        index = self._at.get(trial, self.first - 1)
        self._graced.pop(trial, None)
        if (
            index >= 0
            and index < len(self._rungs)
            and trial in self._rungs[index].passed
            and not self.ladder.is_top(index)
        ):
            self._rung(index + 1).add(trial, losses)
            index += 1
        elif index < self.first:
            index = self.first
            self._rung(index).add(trial, losses)
        self._at[trial] = index
        self._settle(index)

    def drop(self, trial: int) -> None:
        """A failed trial leaves the rungs, so that it counts nowhere as good."""
        self._graced.pop(trial, None)
        for index, rung in enumerate(self._rungs):
            if trial in rung:
                rung.remove(trial)
                rung.passed.discard(trial)
                self._settle(index)

    # -- what becomes known, and what people see

    def learnt(self, horizon: int | None, costs: Costs) -> None:
        """The horizon, once; the costs of freezing, any time."""
        if horizon is not None and self.ladder.horizon is None:
            self._end_at(horizon)
        if costs.unit and costs.freeze is not None and costs.resume is not None and not self._stopping:
            self._weigh(costs.unit, costs.freeze + costs.resume)

    def _end_at(self, horizon: int) -> None:
        """The ladder ends here. A rung beyond held only trials that ended by themselves at the horizon: they stand at the top now."""
        self.ladder.settle(horizon, self._reached)
        top = len(self.ladder.lengths) - 1
        del self._rungs[top + 1 :]
        self._at = {trial: min(index, top) for trial, index in self._at.items()}

    def _weigh(self, unit: float, pause: float) -> None:
        lengths = self.ladder.lengths
        costly = {i for i, (a, b) in enumerate(pairwise(lengths)) if pause > COSTLY * (b - a) * unit}
        if costly and not self._told_costly:
            index = min(costly)
            stake = (lengths[index + 1] - lengths[index]) * unit
            self.notices.append(
                f"units are short here: freezing and resuming a trial takes {pause:.2g} s, training it from {lengths[index]} to "
                f"{lengths[index + 1]} units {stake:.2g} s; so where that is not worth it trials go on or end at once"
            )
        self._costly = costly
        self._told_costly |= bool(costly)

    def raise_horizon(self, ladder: Ladder) -> None:
        """Longer trials were asked for: rungs keep their values, and those that stood at the old end are promotable from it."""
        old = len(self.ladder.lengths) - 1
        if ladder.horizon is None or self.ladder.horizon is None or ladder.horizon <= self.ladder.horizon:
            return
        lengths = self.ladder.lengths + [u for u in ladder.lengths if u >= self.ladder.horizon * ladder.divisor]
        if lengths[-1] != ladder.horizon:
            lengths.append(ladder.horizon)
        self.ladder = Ladder(lengths, ladder.divisor, ladder.horizon)
        self._roster.reopen()
        if old < len(self._rungs):
            rung = self._rungs[old]
            for trial in list(rung.passed):
                if trial in rung and trial not in self._completed:
                    rung.take_back(trial)

    def views(self, bracket: int) -> list[RungView]:
        """Rungs that hold values."""
        return [
            RungView(self.ladder.units(i), len(rung), None if rung.best == inf else rung.best, bracket)
            for i, rung in enumerate(self._rungs)
        ]

    def cuts(self) -> list[dict[str, object]]:
        """What the guard knows of each cut."""
        return [
            {"units": self.ladder.units(i), "next": self.ladder.units(i + 1)}
            | self._guard.facts(i, len(rung.passed), len(rung) - len(rung.passed))
            for i, rung in enumerate(self._rungs)
            if not self.ladder.is_top(i)
        ]

    def _rung(self, index: int) -> Rung | ParetoRung:
        while index >= len(self._rungs):
            self._rungs.append((Rung if self._objectives == 1 else ParetoRung)(self.ladder.divisor))
        return self._rungs[index]
