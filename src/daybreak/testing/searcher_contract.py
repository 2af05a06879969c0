"""What every searcher must do, proved by driving it through random histories.

Shipped, so that custom searchers can be proved too::

    class TestMine(SearcherContract):
        method = "mine"                      # as named by its entry point
        def make(self, spec): return Mine(SearchContext(spec))   # or leave it to the registry

A history is a function of its seed: how many slots there are, which live trial reports next, what it reports (NaN and infinity
included), which trials fail or end by themselves, when costs become known and when the budget nears its end.
"""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Any

import pytest

from daybreak.base.streams import Stream
from daybreak.search.registry import make_searcher
from daybreak.search.searcher import Clone, Costs, Decision, Finish, GoOn, Losses, Rest, Searcher, Wish
from daybreak.spec.domains import Choice, Int, Log, Point
from daybreak.spec.models import Budget, Experiment, Objective, Search

END_OF_HORIZONLESS = 40  # units at which trials end by themselves where the spec names no horizon
SPACE = {"lr": Log(low=1e-4, high=1e-1), "layers": Int(low=1, high=4), "act": Choice(options=("relu", "tanh"))}
POINT: Point = {"lr": 1e-2, "layers": 2, "act": "relu"}


@dataclass
class Hardship:
    """What befalls trials in a history, as chances per report."""

    diverges: float = 0.0
    fails: float = 0.0
    ends: float = 0.0  # by itself, before its target
    closes_after: int | None = None  # reports until the budget nears its end
    costs: Costs | None = None


@dataclass
class History:
    """Drives one searcher and checks, at every call, what it may never do. `transcript` is all that it answered."""

    searcher: Any
    spec: Experiment
    seed: int
    hardship: Hardship
    pickle_every: int | None = None
    transcript: list[Any] = field(default_factory=list)
    stands: dict[int, int] = field(default_factory=dict)
    live: dict[int, int | None] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)
    added: int = 0
    reports: int = 0
    closed_for: int | None = None
    exhausted: bool = False

    def __post_init__(self) -> None:
        self.stream = Stream(self.seed, "searcher contract")
        self.slots = 1 + self.stream.below(12)
        self.points = self.spec.search.max_trials or 30
        self.horizon = self.spec.search.max_units
        self.end = self.horizon or END_OF_HORIZONLESS

    def run(self) -> "History":
        """To the end: nothing is live and nothing is wished for. Fails when that takes unreasonably many reports."""
        most = 20 * (self.points + self.spec.search.population) * self.end
        while self._fill() or self.live:
            assert self.reports < most, f"no end after {self.reports} reports of {self.added} trials"
            self._one_event()
            if self.pickle_every and self.reports % self.pickle_every == 0:
                self.searcher = pickle.loads(pickle.dumps(self.searcher))  # noqa: S301 (our own bytes)
        return self

    def _fill(self) -> bool:
        """Use free slots; True while something runs."""
        while len(self.live) < self.slots:
            wish = self.searcher.peek()
            if wish is not None:
                self._check_wish(wish)
                self.searcher.taken(wish)
                self.live[wish.trial] = wish.to
            elif not self._add():
                break
        return bool(self.live)

    def _add(self) -> bool:
        """Offer another point, or say once that there are no more; False when neither makes a difference."""
        room = self.searcher.room()
        assert room >= 0
        assert room == 0 or self.closed_for is None, "a closed search has no room"
        if room > 0 and self.added < self.points:
            self.added += 1
            self.searcher.added(self.added, dict(POINT))
            return True
        if self.exhausted or not hasattr(self.searcher, "exhausted"):
            return False
        self.exhausted = True
        self.searcher.exhausted()
        return True

    def _check_wish(self, wish: Wish) -> None:
        self.transcript.append(wish)
        assert wish == self.searcher.peek(), "to peek twice must show the same wish"
        assert 1 <= wish.trial <= self.added, f"{wish} is for a trial that was never added"
        assert wish.trial not in self.live, f"{wish} is for a trial that runs"
        assert wish.trial not in self.over, f"{wish} is for a trial of which nothing more comes"
        assert self.closed_for in (None, wish.trial), f"{wish} once only trial {self.closed_for} is to be completed"
        self._check_target(wish.to, self.stands.get(wish.trial, 0), wish)

    def _check_target(self, to: int | None, stands: int, what: object) -> None:
        if to is None:
            assert self.horizon is None, f"{what} has no target though the horizon is known"
            return
        assert to > stands, f"{what} is not above where the trial stands ({stands})"
        assert self.horizon is None or to <= self.horizon, f"{what} is beyond the horizon {self.horizon}"

    def _one_event(self) -> None:
        trial = sorted(self.live)[self.stream.below(len(self.live))]
        to, hard = self.live.pop(trial), self.hardship
        luck = self.stream.uniform()
        if luck < hard.fails:
            self._ends(trial, self.stands.get(trial, 0), failed=True)
        elif luck < hard.fails + hard.ends or to is None or to > self.end:
            stands = self.stands.get(trial, 0)
            self._ends(trial, stands + 1 + self.stream.below((to or self.end) - stands), failed=False)
        else:
            self._reports(trial, to)
        if hard.costs is not None and self.reports % 5 == 0:
            self.searcher.learnt(self.horizon, hard.costs)
        if hard.closes_after is not None and self.reports >= hard.closes_after and self.closed_for is None:
            alive = [t for t in self.stands if t not in self.over]
            self.closed_for = alive[0] if alive else -1
            self.searcher.close(alive[0] if alive else None)

    def _losses(self, trial: int, units: int) -> Losses:
        own = Stream(self.seed, "losses", trial, units)
        if own.uniform() < self.hardship.diverges:
            return (inf,) * len(self.spec.objectives)
        quality = Stream(self.seed, "quality", trial)
        return tuple(round(quality.uniform() + own.uniform() / max(units, 1), 2) for _ in self.spec.objectives)

    def _ends(self, trial: int, units: int, *, failed: bool) -> None:
        units = min(units, self.end)
        self.over.add(trial)
        if not failed:
            self.stands[trial] = units
            if self.horizon is None:
                self.horizon = self.end
                self.searcher.learnt(self.horizon, Costs())
        self.reports += 1
        self.searcher.ended(trial, units, None if failed else self._losses(trial, units), failed=failed)
        late = self.searcher.reported(trial, units, self._losses(trial, units))
        assert isinstance(late, Rest), f"a report of a trial that has ended is answered by Rest, got {late}"

    def _reports(self, trial: int, units: int) -> None:
        self.reports += 1
        self.stands[trial] = units
        decision: Decision = self.searcher.reported(trial, units, self._losses(trial, units))
        self.transcript.append((trial, units, decision))
        match decision:
            case GoOn(to=to):
                self._check_target(to, units, decision)
                self.live[trial] = to
            case Clone(source=source, to=to):
                assert source != trial, f"{decision} clones the trial itself"
                assert source in self.stands, f"{decision} clones a trial that never reported"
                self.stands[trial] = self.stands[source]
                self._check_target(to, self.stands[source], decision)
                self.live[trial] = to
            case Finish():
                self.over.add(trial)
            case Rest():
                pass


class SearcherContract:
    """Subclass it in a test file; override `make` or the class attributes."""

    method = "asha"
    needs_horizon = False
    several_objectives = True
    seeds = 6

    def make(self, spec: Experiment) -> Searcher:
        """A fresh searcher."""
        return make_searcher(spec)

    def specs(self) -> Iterator[Experiment]:
        """The experiments it is driven through."""
        yield self.spec(max_trials=40, max_units=27)
        yield self.spec(max_trials=25, max_units=30, max_concurrent=3, reduction=2)
        yield self.spec(max_units=81, min_units=2, reduction=4)
        if self.several_objectives:
            yield self.spec(objectives=2, max_trials=30, max_units=27)
        if not self.needs_horizon:
            yield self.spec(max_trials=30)

    def spec(self, objectives: int = 1, **search: Any) -> Experiment:
        """An experiment of this method."""
        names = ("loss", "latency", "size")[:objectives]
        return Experiment(
            name="contract",
            run="train:main",
            space=SPACE,
            objectives=tuple(Objective(metric=name, direction="minimize") for name in names),
            search=Search.model_construct(**(Search().model_dump() | {"method": self.method} | search)),
            budget=Budget(),
        )

    def histories(self, hardship: Hardship, pickle_every: int | None = None) -> Iterator[History]:
        """Each spec with each seed, run to its end."""
        for spec in self.specs():
            for seed in range(self.seeds):
                yield History(self.make(spec), spec, seed, hardship, pickle_every).run()

    def test_comes_to_an_end(self) -> None:
        """Every wish and decision is lawful, and the search ends by itself with its limits kept."""
        for history in self.histories(Hardship()):
            assert history.added <= history.points, "the limit of trials is kept"
            assert history.over, "some trial was completed"

    @pytest.mark.parametrize(
        "hardship",
        [
            Hardship(diverges=0.3),
            Hardship(diverges=1.0),
            Hardship(fails=0.2),
            Hardship(ends=0.2),
            Hardship(diverges=0.1, fails=0.1, ends=0.1),
            Hardship(costs=Costs(unit=0.01, freeze=1.0, resume=1.0)),
        ],
        ids=["some diverge", "all diverge", "some fail", "some end by themselves", "all of it", "freezing is costly"],
    )
    def test_survives(self, hardship: Hardship) -> None:
        """Nothing that befalls trials makes it wait for ever or break its word."""
        for history in self.histories(hardship):
            assert not history.live, "nothing is live at the end"

    def test_closing_completes_the_best(self) -> None:
        """Once the budget nears its end only the best is wished for, and it comes to the horizon."""
        for history in self.histories(Hardship(closes_after=15)):
            best = history.closed_for
            if best is not None and best > 0 and history.spec.search.max_units is not None:
                assert history.stands[best] == history.end, f"trial {best} was to be completed"

    def test_pickles_midway(self) -> None:
        """It is plain data: pickled and restored after every few events it goes on the same."""
        hardship = Hardship(diverges=0.1, fails=0.05, ends=0.05)
        for whole, pickled in zip(self.histories(hardship), self.histories(hardship, pickle_every=3), strict=True):
            assert whole.transcript == pickled.transcript, "pickled midway, it must go on the same"

    def test_replays(self) -> None:
        """The same facts give the same decisions."""
        hardship = Hardship(diverges=0.1, fails=0.05, ends=0.05)
        for first, second in zip(self.histories(hardship), self.histories(hardship), strict=True):
            assert first.transcript == second.transcript, "the same facts must give the same decisions"
            assert first.searcher.view() == second.searcher.view(), "the same facts must give the same view"
