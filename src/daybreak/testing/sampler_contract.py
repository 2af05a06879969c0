"""What every sampler must do, proved by asking and telling it in random order.

Shipped, so that custom samplers can be proved too::

    class TestMine(SamplerContract):
        sampler = "mine"                         # as named by its entry point
        def make(self, spec): return Mine(spec)  # or leave it to the registry

A sampler that cannot work on some experiments (no choices, one objective) raises `UsageError` when made for them: those tests skip.
"""

from collections.abc import Iterable
from math import inf

import pytest

from daybreak.base.errors import UsageError
from daybreak.base.streams import Stream
from daybreak.search.samplers.registry import make_sampler
from daybreak.search.searcher import Losses, Sampler
from daybreak.search.spaces import Space
from daybreak.spec.domains import Choice, Constant, Domain, Int, Log, Point, Uniform
from daybreak.spec.models import Experiment, Objective, Search

MIXED: dict[str, Domain] = {
    "lr": Log(low=1e-4, high=1e-1, count=3),
    "optimizer": Choice(options=("sgd", "adamw", None)),
    "momentum": Uniform(low=0.0, high=0.9, step=0.1, when="optimizer == 'sgd'"),
    "model.width": Int(low=1, high=256, log=True, count=3),
    "model.layers": Int(low=1, high=4),
    "epochs": Constant(value=30),
}
CONSTRAINT = "model.width * model.layers <= 512"
SMALL: dict[str, Domain] = {"a": Int(low=1, high=4), "b": Choice(options=(True, 1, "1"))}  # 12 points
RUNGS = (1, 3, 9)


class History:
    """Asks for points, keeps some pending, tells the others at one rung or several. A function of its seed."""

    def __init__(self, sampler: Sampler, seed: int, objectives: int = 1) -> None:
        self.sampler = sampler
        self.points: dict[int, Point] = {}
        self.pending: dict[int, Point] = {}
        self.told: list[tuple[int, Point, int, Losses]] = []
        self._stream = Stream(seed, "history")
        self._objectives = objectives

    def ask(self) -> Point | None:
        """The next trial's point, which is pending from now on."""
        trial = len(self.points) + 1
        point = self.sampler.ask(trial, dict(self.pending))
        if point is not None:
            self.points[trial] = self.pending[trial] = point
        return point

    def tell(self) -> None:
        """One pending trial, at the first rung; sometimes at higher ones, too; sometimes it diverged."""
        trial = self._stream.choice(sorted(self.pending))
        point = self.pending.pop(trial)
        for units in RUNGS[: 1 + self._stream.below(len(RUNGS))]:
            self.told.append((trial, point, units, self._losses()))
            self.sampler.tell(*self.told[-1])

    def _losses(self) -> Losses:
        diverged = self._stream.uniform() < 0.1
        return tuple(inf if diverged else self._stream.uniform() for _ in range(self._objectives))

    def run(self, trials: int, at_once: int = 4) -> None:
        """So many trials, as many pending as are at once. Stops where the sampler has no further point."""
        while len(self.points) < trials and self.ask() is not None:
            if len(self.pending) >= at_once:
                self.tell()


class SamplerContract:
    """Subclass and name the sampler."""

    sampler: str
    forgetful = True  # False for one whose draws depend on what it was asked, too: it begins anew after a restart

    def make(self, spec: Experiment) -> Sampler:
        """The sampler under test for an experiment."""
        return make_sampler(spec)

    def made(self, spec: Experiment) -> Sampler:
        """The sampler, or a skip where it says that it cannot work on this experiment."""
        try:
            return self.make(spec)
        except UsageError as no:
            pytest.skip(str(no))

    def spec(
        self, space: dict[str, Domain], *, seed: int = 0, objectives: int = 1, constraints: Iterable[str] = ()
    ) -> Experiment:
        """An experiment over a space."""
        return Experiment(
            name="contract",
            run="train:main",
            space=space,
            constraints=tuple(constraints),
            objectives=tuple(Objective(metric=f"loss{i}", direction="minimize") for i in range(objectives)),
            search=Search(sampler=self.sampler),
            seed=seed,
        )

    def test_every_point_is_of_the_space(self) -> None:
        """Bounds, steps, conditions and constraints hold, whatever was learnt."""
        spec = self.spec(MIXED, constraints=[CONSTRAINT])
        history = History(self.made(spec), seed=1)
        history.run(60)
        problems = [Space.from_spec(spec).problem(point) for point in history.points.values()]
        assert history.points
        assert set(problems) == {None}

    def test_the_same_history_gives_the_same_points(self) -> None:
        """Draws come from named streams."""
        histories = [History(self.made(self.spec(MIXED, seed=3)), seed=2) for _ in range(2)]
        for history in histories:
            history.run(40)
        assert histories[0].points == histories[1].points

    def test_a_sampler_made_anew_and_told_the_same_draws_the_same(self) -> None:
        """Nothing but what it was told decides a draw: a controller that restarts goes on with the same points."""
        if not self.forgetful:
            pytest.skip("it keeps a state of its own")
        spec = self.spec(MIXED, seed=3)
        history = History(self.made(spec), seed=2)
        history.run(30)
        fresh = self.made(spec)
        for told in history.told:
            fresh.tell(*told)
        expected = history.sampler.ask(31, dict(history.pending))
        assert fresh.ask(31, dict(history.pending)) == expected

    def test_a_small_space_is_walked_without_repeating_then_exhausted(self) -> None:
        """Twelve points, each once, then None."""
        history = History(self.made(self.spec(SMALL)), seed=4)
        history.run(13)
        space = Space(SMALL)
        assert len({space.key(point) for point in history.points.values()}) == len(history.points) == 12
        assert history.sampler.ask(13, history.pending) is None

    def test_points_that_others_chose_are_learnt_from(self) -> None:
        """Queued points were not asked for, and may lie outside of the space."""
        sampler = self.made(self.spec(MIXED))
        for trial in range(1, 13):
            sampler.tell(
                trial,
                {"lr": 0.5, "optimizer": "lion", "model.width": 8, "model.layers": 2, "epochs": 30},
                1,
                (float(trial),),
            )
        assert sampler.ask(13, {}) is not None

    def test_several_objectives(self) -> None:
        """Losses are compared by non-dominated sorting or not at all; infinite ones do no harm."""
        spec = self.spec(MIXED, objectives=2)
        history = History(self.made(spec), seed=5, objectives=2)
        history.run(40)
        assert all(Space.from_spec(spec).contains(point) for point in history.points.values())

    def test_all_trials_diverged(self) -> None:
        """Nothing to learn from is no error."""
        sampler = self.made(self.spec(MIXED))
        for trial in range(1, 21):
            point = sampler.ask(trial, {})
            if point is not None:
                sampler.tell(trial, point, 1, (inf,))
        assert sampler.ask(21, {}) is not None

    def test_an_empty_space_has_one_point(self) -> None:
        """Only constants: one point, then none."""
        sampler = self.made(self.spec({"epochs": Constant(value=3)}))
        assert [sampler.ask(1, {}), sampler.ask(2, {})] == [{"epochs": 3}, None]

    def test_a_space_without_valid_point_is_refused(self) -> None:
        """By an error that names the constraint, when made or when asked."""
        spec = self.spec(MIXED, constraints=["model.layers > 9"])
        with pytest.raises(UsageError, match=r"model\.layers > 9"):
            self.make(spec).ask(1, {})
