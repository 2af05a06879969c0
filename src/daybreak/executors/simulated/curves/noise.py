"""Learning curves made up from a formula: for plans, tests and benchmarks without any recorded run.

Every hyperparameter has a hidden best place; the loss that a configuration approaches is a floor plus its weighted squared
distance from there. On the way there the loss falls by a power law whose speed differs between
configurations, so that curves cross, and each report has normal noise:

    loss(u) = final + (start - final) * (1 + u)**-speed + noise * N(0, 1)

For a metric that is maximised the value is 1 - loss. All numbers come from named streams.
"""

import math
from dataclasses import dataclass

from daybreak.base.streams import Stream
from daybreak.search.axes import axis_of
from daybreak.spec.domains import Choice, Constant, Point
from daybreak.spec.models import Experiment

_START = 1.0  # loss before training
_FLOOR = 0.02


@dataclass(frozen=True, slots=True)
class Shape:
    """What the made-up problem is like."""

    unit_seconds: float = 60.0  # the median configuration's
    spread: float = 0.3  # standard deviation of the logarithm of seconds per unit, between configurations
    noise: float = 0.01  # standard deviation of a report, in units of the loss
    speeds: tuple[float, float] = (0.3, 0.9)  # exponents of the power law, drawn evenly between
    length: int | None = None  # units after which training ends by itself


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """One configuration's curve."""

    final: float
    speed: float
    unit_seconds: float
    noise: float
    seed: int
    objectives: tuple[tuple[str, bool], ...]  # metric, whether it is maximised
    length: int | None

    def metrics(self, units: int) -> dict[str, float]:
        """Every objective after `units` units."""
        mean = self.final + (_START - self.final) * (1 + units) ** -self.speed
        stream = Stream(self.seed, "report", units)
        losses = [mean + self.noise * stream.normal() for _ in self.objectives]
        return {
            name: 1.0 - loss if maximised else loss
            for (name, maximised), loss in zip(self.objectives, losses, strict=True)
        }

    def elapsed(self, units: int) -> float:
        """Every unit takes as long."""
        return units * self.unit_seconds


class NoiseCurves:
    """The curves of an experiment's space, as the seed makes them up."""

    def __init__(self, spec: Experiment, shape: Shape, seed: int) -> None:
        self._shape = shape
        self._objectives = tuple((one.metric, one.direction == "maximize") for one in spec.objectives)
        self._axes = {
            name: axis_of(name, domain) for name, domain in spec.space.items() if not isinstance(domain, Constant)
        }
        self._targets = {name: _Target(seed, name, domain) for name, domain in spec.space.items()}

    def curve(self, point: Point, seed: int) -> PowerLaw:
        """A configuration's curve; another seed is another noise around the same mean."""
        shape = self._shape
        own = Stream(seed, "curve")
        low, high = shape.speeds
        return PowerLaw(
            final=self._final(point),
            speed=low + (high - low) * own.uniform(),
            unit_seconds=shape.unit_seconds * math.exp(shape.spread * own.normal()),
            noise=shape.noise,
            seed=seed,
            objectives=self._objectives,
            length=shape.length,
        )

    def _final(self, point: Point) -> float:
        distance = weight = 0.0
        for name, axis in self._axes.items():
            if name not in point:
                continue
            target = self._targets[name]
            at = axis.coordinate(point[name])
            distance += target.weight * target.distance(0.5 if at is None else at)
            weight += target.weight
        return _FLOOR + (1 - 2 * _FLOOR) * math.sqrt(distance / weight if weight else 0.0)


class _Target:
    """One hyperparameter's hidden best place and how much it matters."""

    __slots__ = ("_offsets", "_place", "weight")

    def __init__(self, seed: int, name: str, domain: object) -> None:
        stream = Stream(seed, "target", name)
        self._place = stream.uniform()
        self.weight = 0.1 + stream.uniform() ** 2  # few hyperparameters matter much
        options = len(domain.options) if isinstance(domain, Choice) else 0
        self._offsets = [stream.uniform() ** 2 for _ in range(options)]

    def distance(self, coordinate: float) -> float:
        """Squared distance in [0, 1]; options of a choice have one each, whatever their order."""
        if self._offsets:
            return self._offsets[min(int(coordinate * len(self._offsets)), len(self._offsets) - 1)]
        return (coordinate - self._place) ** 2 / max(self._place, 1 - self._place) ** 2
