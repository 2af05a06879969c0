"""A search space: named domains in the order of the file, conditions between them, constraints over them.

Names are flat (`augment.noise`). A name whose `when` does not hold is absent from the point; a `when` that speaks of
an absent name does not hold, a constraint that does, holds. A draw of a name is a function of (seed, trial, name) alone:
adding a hyperparameter changes no draw of the others.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.base.streams import Stream
from daybreak.search.axes import Axis, axis_of
from daybreak.spec.domains import Constant, Domain, Point
from daybreak.spec.expressions import parse
from daybreak.spec.models import Experiment

MOST_TRIES = 10_000  # draws before a constrained space is called empty


class Space:
    """What points there are; immutable. `columns` are the names that vary, in declared order."""

    def __init__(self, domains: Mapping[str, Domain], constraints: Sequence[str] = ()) -> None:
        self.domains = dict(domains)
        self.axes: dict[str, Axis] = {name: axis_of(name, domain) for name, domain in self.domains.items()}
        self.columns = tuple(name for name, domain in self.domains.items() if not isinstance(domain, Constant))
        self._conditions = {name: parse(d.when) for name, d in self.domains.items() if d.when is not None}
        self._constraints = {text: parse(text) for text in constraints}

    @classmethod
    def from_spec(cls, spec: Experiment) -> "Space":
        """The space of an experiment."""
        return cls(spec.space, spec.constraints)

    def draw(self, seed: int, trial: int) -> Point:
        """The random point of a trial. Raises `UsageError` when no draw of `MOST_TRIES` meets the constraints."""
        return next(self.draws(seed, trial))

    def draws(self, seed: int, trial: int) -> Iterator[Point]:
        """The random point of a trial, then endlessly others to take in its place. Raises as `draw`."""
        streams = {name: Stream(seed, "space", trial, name) for name in self.domains}
        while True:
            yield self.sought(lambda: self.point(lambda name: streams[name].uniform()))

    def sought(self, propose: Callable[[], Point]) -> Point:
        """The first proposal that meets the constraints. Raises `UsageError` after `MOST_TRIES`."""
        rejected: Counter[str] = Counter()
        for _ in range(MOST_TRIES):
            point = propose()
            broken = self.broken(point)
            if broken is None:
                return point
            rejected[broken] += 1
        text, times = rejected.most_common(1)[0]
        raise UsageError(
            f"a space must have a valid point, got none in {MOST_TRIES} draws: constraint {text!r} rejected {times} of them; "
            "loosen it or widen the space"
        )

    def point(self, coordinate: Callable[[str], float]) -> Point:
        """The point at the coordinates (in [0, 1]) that are asked for name by name, in declared order, where active."""
        point: Point = {}
        for name, axis in self.axes.items():
            if self.active(name, point):
                point[name] = axis.value(coordinate(name))
        return point

    def active(self, name: str, point: Point) -> bool:
        """True when the name's `when` holds, given the values of the names before it."""
        condition = self._conditions.get(name)
        return condition is None or (condition.holds(point, absent=False))

    def broken(self, point: Point) -> str | None:
        """The first constraint that does not hold, or None."""
        for text, constraint in self._constraints.items():
            if not constraint.holds(point, absent=True):
                return text
        return None

    def problem(self, point: Point) -> str | None:
        """Why this is no point of the space, in words; None when it is one."""
        unknown = [name for name in point if name not in self.domains]
        if unknown:
            return f"{unknown[0]!r} is no hyperparameter of the space"
        for name, axis in self.axes.items():
            if not self.active(name, point):
                if name in point:
                    return f"{name!r} must be absent: its condition {self.domains[name].when!r} does not hold"
            elif name not in point:
                return f"{name!r} is missing"
            elif not axis.holds(point[name]):
                return f"{name!r} cannot be {point[name]!r}"
        broken = self.broken(point)
        return None if broken is None else f"constraint {broken!r} does not hold"

    def contains(self, point: Point) -> bool:
        """True for a point that could be drawn."""
        return self.problem(point) is None

    def encode(self, point: Point) -> list[float]:
        """Coordinates in [0, 1] of `columns`; NaN where a name is absent or its value is none of the domain's."""
        return [
            _nan_for_none(self.axes[name].coordinate(point[name])) if name in point else _NAN for name in self.columns
        ]

    def decode(self, coordinates: Sequence[float]) -> Point:
        """The point at coordinates of `columns`; those of inactive names are not looked at (constraints neither)."""
        at = dict(zip(self.columns, coordinates, strict=True))
        return self.point(lambda name: at.get(name, 0.5))

    def key(self, point: Point) -> tuple[Any, ...]:
        """Equal for equal points: by level where there are levels, by value elsewhere."""
        return tuple(
            None
            if name not in point
            else self.axes[name].coordinate(point[name])
            if self.axes[name].levels
            else point[name]
            for name in self.columns
        )

    def grid(self) -> Iterator[Point]:
        """Every valid combination of the grid's values, the last name fastest. Raises `UsageError` for a continuum without `count`."""
        values = {name: axis.grid() for name, axis in self.axes.items()}
        return (point for point in self._combined({}, tuple(values), values) if self.broken(point) is None)

    def all_points(self, limit: int) -> tuple[Point, ...] | None:
        """Every point of a space that has at most `limit` combinations; None for a larger one or a continuum."""
        combinations = 1
        for axis in self.axes.values():
            combinations *= axis.levels or limit + 1
            if combinations > limit:
                return None
        values = {name: axis.every() for name, axis in self.axes.items()}
        return tuple(point for point in self._combined({}, tuple(values), values) if self.broken(point) is None)

    def _combined(self, point: Point, names: Sequence[str], values: Mapping[str, Sequence[Any]]) -> Iterator[Point]:
        if not names:
            yield dict(point)
        elif not self.active(names[0], point):
            yield from self._combined(point, names[1:], values)
        else:
            for value in values[names[0]]:
                yield from self._combined({**point, names[0]: value}, names[1:], values)


_NAN = float("nan")


def _nan_for_none(coordinate: float | None) -> float:
    return _NAN if coordinate is None else coordinate
