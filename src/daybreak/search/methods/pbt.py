"""Population-based training: weak members take over a strong one's weights and a changed point of the space.

Jaderberg et al., "Population Based Training of Neural Networks" (2017), asynchronously: at every interval a member saves a checkpoint
and is compared with the values that members had at the same units, or one interval before where they have not come so far. One of
the worst `quantile` is replaced by a clone of one of the best, which goes on from that one's latest checkpoint (exploit) with a
perturbed point (explore).

The population advances together on however few slots: while another member that stands at fewer units waits for slots, one that
reports rests, and whoever stands at the fewest units goes on first; of equals the best, so that the worst find somebody to take over
when they report. With slots for all nobody rests.
"""

from math import inf

from daybreak.base.errors import UsageError
from daybreak.base.streams import Stream
from daybreak.search.methods.hyperband import ranked
from daybreak.search.methods.roster import Roster
from daybreak.search.searcher import (
    Clone,
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
from daybreak.search.spaces import Space
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment

RESAMPLED = 0.25  # chance that a value is drawn anew instead of perturbed
FACTORS = (0.8, 1.2)


def perturbed(space: Space, point: Point, stream: Stream) -> Point:
    """A valid point near this one: numbers times 0.8 or 1.2 within their domain, options a neighbour, some drawn anew.

    The point itself where no change meets the constraints.
    """
    try:
        return space.sought(lambda: space.point(lambda name: _moved(space, name, point, stream)))
    except UsageError:
        return dict(point)


def _moved(space: Space, name: str, point: Point, stream: Stream) -> float:
    """Where a value moves to, as a coordinate of its axis."""
    axis = space.axes[name]
    at = axis.coordinate(point[name]) if name in point else None
    if at is None or stream.uniform() < RESAMPLED:
        return stream.uniform()
    if not axis.ordered:
        return _neighbour(at, axis.levels or 1, stream)
    moved = axis.coordinate(point[name] * stream.choice(FACTORS)) or 0.0
    if axis.levels is not None and axis.value(moved) == point[name]:
        return _neighbour(at, axis.levels, stream)
    return moved


def _neighbour(at: float, levels: int, stream: Stream) -> float:
    """One level up or down, staying inside."""
    level = min(int(at * levels), levels - 1) + stream.choice((-1, 1))
    return (min(max(level, 0), levels - 1) + 0.5) / levels


class Pbt:
    """A population that is trained side by side, interval by interval."""

    def __init__(self, context: SearchContext) -> None:
        search = context.spec.search
        self._seed = context.seed
        self._space = Space.from_spec(context.spec)
        self._roster = Roster(context, search.population)
        self._horizon = search.max_units
        self._every = search.perturb_every or max((search.max_units or 1) // 8, 1)
        self._quantile = search.quantile
        self._points: dict[int, Point] = {}
        self._values: dict[int, dict[int, Losses]] = {}  # units -> what members had there
        self._resting: dict[int, None] = {}  # frozen members, in the order in which they came to rest
        self._clones = 0

    def room(self) -> int:
        """The population, less those that are in it."""
        return self._roster.room()

    def added(self, trial: int, point: Point) -> None:
        """A member."""
        self._roster.add(trial)
        self._points[trial] = point

    def exhausted(self) -> None:
        """No further point will come: a smaller population."""
        self._roster.exhausted = True

    def _next(self, units: int) -> int:
        to = units - units % self._every + self._every
        return to if self._horizon is None else min(to, self._horizon)

    def peek(self) -> Wish | None:
        """The member that waits at the fewest units; nobody goes further before the population is whole."""
        roster = self._roster
        if roster.closed:
            return self._last_wish()
        if roster.full():
            return None
        trial = roster.newest()
        if trial is not None:
            return Wish(trial, self._next(0), 0.0, "a member of the population")
        if not self._resting or roster.room():
            return None
        trial = min(self._resting, key=self._turn)
        return Wish(trial, self._next(roster.stands[trial]), 1.0, "none of the population waits at fewer units")

    def _turn(self, trial: int) -> tuple[int, float]:
        stands = self._roster.stands[trial]
        losses = self._values.get(stands, {}).get(trial)
        return stands, losses[0] if losses else inf

    def _last_wish(self) -> Wish | None:
        roster, best = self._roster, self._roster.best
        if best is None or best in roster.live or best in roster.gone:
            return None
        return Wish(best, self._horizon, 2.0, "completes the best trial")

    def taken(self, wish: Wish) -> None:
        """It runs."""
        self._resting.pop(wish.trial, None)
        self._roster.go(wish.trial, wish.to)

    def reported(self, trial: int, units: int, losses: Losses) -> Decision:
        """Go on, rest until the others have come as far, or take over one of the best."""
        roster = self._roster
        if trial in roster.gone:
            return Rest("it had ended")
        roster.stand(trial, units)
        values = self._values.setdefault(units, {})
        values[trial] = losses
        if self._horizon is not None and units >= self._horizon:
            roster.finish(trial)
            return Finish("stands at the horizon")
        if roster.closed and trial != roster.best:
            return self._rest(trial, "the budget is nearly spent")
        source = None if roster.closed else self._source(trial, units)
        if source is not None:
            return self._clone(trial, source, units)
        if not roster.closed and self._waits_behind(units):
            return self._rest(trial, "others of the population wait at fewer units")
        to = self._next(units)
        roster.go(trial, to)
        return GoOn(to, save=True, why="not among the worst of the population")

    def _rest(self, trial: int, why: str) -> Rest:
        self._resting[trial] = None
        return Rest(why)

    def _waits_behind(self, units: int) -> bool:
        """Whether a member that has no slots stands at fewer units."""
        stands = self._roster.stands
        return self._roster.newest() is not None or any(stands[t] < units for t in self._resting)

    def _source(self, trial: int, units: int) -> int | None:
        """One of the best at comparable units, when the trial is one of the worst; None otherwise."""
        values = self._values.get(units - self._every, {}) | self._values[units]
        count = int(len(values) * self._quantile)
        if count < 1:
            return None
        order = ranked(values)
        if trial not in order[-count:]:
            return None
        best = [t for t in order[:count] if self._has_come(t, units) and t != trial and values[t] != values[trial]]
        return Stream(self._seed, "pbt", "exploit", trial, units, self._clones).choice(best) if best else None

    def _has_come(self, trial: int, units: int) -> bool:
        """Whether a clone of it would stand as far: one that falls back might do so for ever."""
        return trial not in self._roster.gone and self._roster.stands[trial] >= units

    def _clone(self, trial: int, source: int, units: int) -> Clone:
        roster = self._roster
        self._clones += 1
        stream = Stream(self._seed, "pbt", "explore", trial, units, self._clones)
        point = perturbed(self._space, self._points[source], stream)
        self._points[trial] = point
        roster.stands[trial] = roster.stands[source]
        to = self._next(roster.stands[source])
        roster.go(trial, to)
        return Clone(source, point, to, f"among the worst at {units} units; goes on from trial {source}")

    def ended(self, trial: int, units: int, losses: Losses | None, failed: bool) -> None:
        """It is no source any more; failed ones lose their values too."""
        self._resting.pop(trial, None)
        if trial in self._roster.gone:
            return
        self._roster.leave(trial, units)
        if failed or losses is None:
            for values in self._values.values():
                values.pop(trial, None)
        else:
            self._values.setdefault(units, {})[trial] = losses

    def learnt(self, horizon: int | None, costs: Costs) -> None:  # noqa: ARG002 (who rests is a matter of slots)
        """Where training ends."""
        self._horizon = self._horizon or horizon

    def close(self, best: int | None) -> None:
        """Complete the best, nothing else."""
        self._roster.close(best)

    def extend(self, spec: Experiment) -> None:
        """A longer horizon: members that stood at the old one go on. The population stays."""
        self._roster.widen(spec)
        horizon = spec.search.max_units
        if horizon is not None and horizon > (self._horizon or 0):
            self._horizon = horizon
            self._resting |= dict.fromkeys(self._roster.reopen())

    def view(self) -> SearchView:
        """One rung per interval."""
        bests = {
            units: min((each[0] for each in values.values()), default=inf) for units, values in self._values.items()
        }
        rungs = tuple(
            RungView(units, len(self._values[units]), best if best < inf else None)
            for units, best in sorted(bests.items())
        )
        return SearchView(rungs, {"units": self._roster.spent, "clones": self._clones, "interval": self._every})
