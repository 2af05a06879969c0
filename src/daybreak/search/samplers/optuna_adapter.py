"""Optuna's samplers behind our contract: TPE, CMA-ES, NSGA-II and GP, in memory.

Akiba et al., "Optuna" (KDD 2019). A study is made anew for each question and given what was told at the highest rung with enough
values: finished trials with the values of that rung, and the pending ones as running. Its samplers keep their state (generations,
the optimiser of CMA-ES) in attributes of trials, which are kept here; after a restart they begin anew from the points told.
A draw costs about 10 ms at 1,000 trials (see `benchmarks/samplers.py`): samplers run outside the step, so that nothing waits for it.

Optuna's GP sampler imports torch, which must not come into the controller: `bootstrap.aside` runs it in a process of its own.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from daybreak.base.errors import UsageError
from daybreak.base.streams import derive_seed
from daybreak.search.axes import Axis
from daybreak.search.samplers.fresh import Fresh
from daybreak.search.samplers.standings import Standings
from daybreak.search.searcher import Losses
from daybreak.search.spaces import Space
from daybreak.spec.domains import Choice, Constant, Domain, Int, Log, Point, Uniform
from daybreak.spec.models import Experiment

optuna.logging.set_verbosity(optuna.logging.WARNING)  # it tells of each study on stderr

ENOUGH = 10  # values a rung must have to be learnt from
TRIES = 20  # proposals that break a constraint or repeat a point before a random one is taken
POPULATION = 20  # of NSGA-II


class OptunaSampler:
    """`name` is tpe, cmaes, nsga2 or gp. Raises `UsageError` where the sampler cannot work on the experiment."""

    def __init__(self, spec: Experiment, name: str) -> None:
        if name == "cmaes" and find_spec("cmaes") is None:
            raise UsageError(
                "sampler cmaes needs the package cmaes, which is not installed: pip install 'daybreak[cmaes]'"
            )
        if name == "gp" and (find_spec("torch") is None or find_spec("scipy") is None):
            raise UsageError("sampler gp needs torch and scipy: pip install 'daybreak[torch]' scipy")
        if name == "cmaes" and len(spec.objectives) > 1:
            raise UsageError(
                f"sampler cmaes takes one objective, got {len(spec.objectives)}: use density, tpe or nsga2"
            )
        self._name, self._spec = name, spec
        self._space = Space.from_spec(spec)
        self._distributions = {
            name: _distribution(spec.space[name], self._space.axes[name]) for name in self._space.columns
        }
        self._standings = Standings(len(spec.objectives))
        self._fresh = Fresh(self._space, spec.seed)
        self._points: dict[int, Point] = {}
        self._attributes: dict[int, dict[str, Any]] = {}

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:
        """A trial's losses at `units`."""
        self._points[trial] = point
        self._fresh.saw(point)
        self._standings.tell(trial, units, losses)

    def ask(self, trial: int, pending: dict[int, Point]) -> Point | None:
        """A point for this trial; None when the space is exhausted."""
        rung = self._standings.rung(ENOUGH)
        if rung is None:
            return self._fresh.first(trial, self._space.draws(self._spec.seed, trial), pending)
        study = self._study(trial, rung, pending)
        return self._fresh.first(trial, self._proposals(study, trial), pending)

    def _proposals(self, study: optuna.Study, trial: int) -> Iterator[Point]:
        for _ in range(TRIES):
            point = self._suggested(study, trial)
            if self._space.broken(point) is None:
                yield point
        yield from self._space.draws(self._spec.seed, trial)

    def _suggested(self, study: optuna.Study, trial: int) -> Point:
        asked = study.ask()
        point: Point = {}
        for name, domain in self._spec.space.items():
            if self._space.active(name, point):
                point[name] = domain.value if isinstance(domain, Constant) else self._value(asked, name, domain)
        self._attributes[trial] = dict(study.get_trials(deepcopy=False)[-1].system_attrs)
        return point

    def _value(self, asked: Trial, name: str, domain: Uniform | Log | Int | Choice) -> Any:
        axis = self._space.axes[name]
        suggested = asked._suggest(name, self._distributions[name])  # noqa: SLF001 (what suggest_float and its kin call)
        if isinstance(domain, Choice):
            return domain.options[int(suggested)]  # choices are known to Optuna by their places
        return axis.value(axis.coordinate(suggested) or 0.0) if axis.levels else suggested

    def _study(self, trial: int, rung: int, pending: dict[int, Point]) -> optuna.Study:
        seed = derive_seed(self._spec.seed, "optuna", trial)
        directions = [StudyDirection.MINIMIZE] * len(self._spec.objectives)
        study = optuna.create_study(directions=directions, sampler=_sampler(self._name, seed))
        told = self._standings.losses(rung)
        study.add_trials([self._finished(number, losses) for number, losses in sorted(_finite(told).items())])
        study.add_trials([self._running(pending[number]) for number in sorted(pending.keys() - told.keys())])
        return study

    def _finished(self, trial: int, losses: Losses) -> FrozenTrial:
        params, distributions = self._params(self._points[trial])
        attributes = self._attributes.get(trial, {})
        return create_trial(params=params, distributions=distributions, system_attrs=attributes, values=list(losses))

    def _running(self, point: Point) -> FrozenTrial:
        params, distributions = self._params(point)
        return create_trial(state=TrialState.RUNNING, params=params, distributions=distributions)

    def _params(self, point: Point) -> tuple[dict[str, Any], dict[str, BaseDistribution]]:
        """Values as Optuna knows them; what lies outside of its domain (a queued point) is left out."""
        params, distributions = {}, {}
        for name, distribution in self._distributions.items():
            if name in point and self._space.axes[name].holds(point[name]):
                params[name] = internal(self._space.axes[name], point[name])
                distributions[name] = distribution
        return params, distributions


def _sampler(name: str, seed: int) -> BaseSampler:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        match name:
            case "cmaes":
                return CmaEsSampler(seed=seed, n_startup_trials=ENOUGH, warn_independent_sampling=False)
            case "nsga2":
                return NSGAIISampler(seed=seed, population_size=POPULATION)
            case "gp":
                return GPSampler(seed=seed, n_startup_trials=ENOUGH, warn_independent_sampling=False)
            case _:
                return TPESampler(seed=seed, n_startup_trials=ENOUGH, multivariate=True, group=True, constant_liar=True)


def _distribution(domain: Domain, axis: Axis) -> BaseDistribution:
    """Optuna's domain; a last step that does not meet the bound is left out, as ours does."""
    match domain:
        case Uniform(step=None):
            return FloatDistribution(domain.low, domain.high)
        case Uniform():
            return FloatDistribution(domain.low, axis.every()[-1], step=domain.step)
        case Log():
            return FloatDistribution(domain.low, domain.high, log=True)
        case Int(log=True, step=1):
            return IntDistribution(domain.low, domain.high, log=True)
        case Int():
            return IntDistribution(domain.low, axis.every()[-1], step=domain.step)
        case _:
            return CategoricalDistribution(list(range(axis.levels or 1)))


def internal(axis: Axis, value: Any) -> Any:
    """A value as Optuna knows it: a choice by its place."""
    return value if axis.ordered else int((axis.coordinate(value) or 0.0) * (axis.levels or 1))


def _finite(told: dict[int, Losses]) -> dict[int, Losses]:
    """Infinite losses become as bad as the worst finite one: samplers do arithmetic with them."""
    worst = [
        max((loss for loss in column if math.isfinite(loss)), default=0.0)
        for column in zip(*told.values(), strict=True)
    ]
    return {trial: tuple(map(min, losses, worst)) for trial, losses in told.items()}


def ped_anova(space: Space, points: Sequence[Point], losses: Sequence[float]) -> dict[str, float]:
    """Importance by name, unscaled, of points that all have all columns; losses are finite."""
    distributions = {name: _distribution(space.domains[name], space.axes[name]) for name in space.columns}
    study = optuna.create_study()
    for point, loss in zip(points, losses, strict=True):
        params = {name: internal(space.axes[name], point[name]) for name in space.columns}
        study.add_trial(create_trial(params=params, distributions=distributions, value=loss))
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: float(found.get(name, 0.0)) for name in space.columns}


def make(spec: Experiment) -> OptunaSampler:
    """The sampler of Optuna that the spec names. Raises `UsageError` as `OptunaSampler` does."""
    return OptunaSampler(spec, spec.search.sampler)
