"""One hyperparameter as a stretch of the unit interval: domain <-> coordinate in [0, 1].

Coordinates are what samplers reason about: a log domain is spread evenly over its logarithm, a domain of n
levels (int, quantised, choice) gives each level a stretch of its own. Values are
computed in decimal arithmetic with 28 digits, which rounds alike on every machine; libm does not.
"""

import math
from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any, Protocol

from daybreak.base.errors import UsageError
from daybreak.base.hashing import canonical_json
from daybreak.spec.domains import Choice, Constant, Domain, Int, Log, Uniform

_EXACT = Context(prec=28)
_ON_GRID = 1e-9  # relative slack when a value is compared with bounds and steps


class Axis(Protocol):
    """A domain seen from the unit interval."""

    levels: int | None  # how many values there are; None: a continuum
    ordered: bool  # False: neighbouring coordinates mean nothing (choices)

    def value(self, coordinate: float) -> Any:
        """The value at a coordinate in [0, 1]."""
        ...

    def coordinate(self, value: Any) -> float | None:
        """Where a value lies (the middle of its stretch); clipped to [0, 1]; None for what is no such value."""
        ...

    def holds(self, value: Any) -> bool:
        """True when the domain has this value."""
        ...

    def every(self) -> list[Any]:
        """All values in order; none for a continuum."""
        ...

    def grid(self) -> list[Any]:
        """The values a grid takes. Raises `UsageError` for a continuum without `count`."""
        ...


def axis_of(name: str, domain: Domain) -> Axis:
    """The axis of a domain; `name` is for messages."""
    match domain:
        case Uniform(step=None) | Log():
            return _Continuum(name, domain)
        case Uniform():
            return _Quantised(domain)
        case Int(log=True):
            return _LogLevels(domain)
        case Int():
            return _Levels(domain)
        case Choice():
            return _Options(domain.options, domain.count)
        case Constant():
            return _Options((domain.value,), None)


class _Continuum:
    """A float in [low, high], even over the value or over its logarithm."""

    ordered = True

    def __init__(self, name: str, domain: Uniform | Log) -> None:
        self.levels: int | None = None
        self._name, self._count = name, domain.count
        self._low, self._high = domain.low, domain.high
        self._log = isinstance(domain, Log)
        self._start = self._scaled(domain.low)
        self._width = self._scaled(domain.high) - self._start

    def value(self, coordinate: float) -> float:
        at = self._start + Decimal(coordinate) * self._width
        return min(max(float(_EXACT.exp(at) if self._log else at), self._low), self._high)

    def coordinate(self, value: Any) -> float | None:
        if not _is_number(value):
            return None
        if self._width == 0:
            return 0.5
        inside = min(max(float(value), self._low), self._high)
        return min(max(self._share(inside), 0.0), 1.0)

    def holds(self, value: Any) -> bool:
        slack = _ON_GRID * max(abs(self._low), abs(self._high))
        return _is_number(value) and self._low - slack <= value <= self._high + slack

    def every(self) -> list[float]:
        return []

    def grid(self) -> list[float]:
        if self._count is None:
            raise UsageError(
                f"a grid needs `count` for a continuous hyperparameter, got none for {self._name!r}: add count"
            )
        return [self.value(at) for at in _spread(self._count)]

    def _share(self, value: float) -> float:
        if self._log:
            return math.log(value / self._low) / float(self._width)
        return (value - self._low) / float(self._width)

    def _scaled(self, value: float) -> Decimal:
        return _EXACT.ln(Decimal(value)) if self._log else Decimal(value)


class _Levels:
    """Integers low, low + step, ... up to high, each as likely."""

    ordered = True

    def __init__(self, domain: Int) -> None:
        self._low, self._step, self._count = domain.low, domain.step, domain.count
        self.levels: int | None = (domain.high - domain.low) // domain.step + 1
        self._n = self.levels

    def value(self, coordinate: float) -> int:
        return self._low + min(int(coordinate * self._n), self._n - 1) * self._step

    def coordinate(self, value: Any) -> float | None:
        if not _is_number(value):
            return None
        return (self._nearest(value) + 0.5) / self._n

    def holds(self, value: Any) -> bool:
        if not _is_number(value) or value != int(value):
            return False
        steps, rest = divmod(int(value) - self._low, self._step)
        return rest == 0 and 0 <= steps < self._n

    def _nearest(self, value: float) -> int:
        return min(max(round((value - self._low) / self._step), 0), self._n - 1)

    def every(self) -> list[int]:
        return [self._low + level * self._step for level in range(self._n)]

    def grid(self) -> list[int]:
        return [self._low + level * self._step for level in _picked(self._n, self._count)]


class _LogLevels(_Levels):
    """Integers spaced by their logarithm: each owns the stretch between the midpoints to its neighbours."""

    def __init__(self, domain: Int) -> None:
        super().__init__(domain)
        top = self._low + (self._n - 1) * self._step
        half = Decimal(self._step) / 2
        self._start = _EXACT.ln(max(self._low - half, Decimal(self._low) / 2))
        self._width = _EXACT.ln(top + half) - self._start

    def value(self, coordinate: float) -> int:
        at = _EXACT.exp(self._start + Decimal(coordinate) * self._width)
        level = int(((at - self._low) / self._step).to_integral_value())
        return self._low + min(max(level, 0), self._n - 1) * self._step

    def coordinate(self, value: Any) -> float | None:
        if not _is_number(value):
            return None
        return self._place(self._nearest(value))

    def grid(self) -> list[int]:
        if self._count is None:
            return super().grid()
        low, high = self._place(0), self._place(self._n - 1)
        return list(dict.fromkeys(self.value(low + (high - low) * at) for at in _spread(self._count)))

    def _place(self, level: int) -> float:
        return (math.log(self._low + level * self._step) - float(self._start)) / float(self._width)


class _Quantised:
    """Floats low, low + step, ...; computed in decimals, so that 0.1 + 2 * 0.1 is 0.3."""

    ordered = True

    def __init__(self, domain: Uniform) -> None:
        self._low, self._step = Decimal(repr(domain.low)), Decimal(repr(domain.step))
        self._count = domain.count
        span = (Decimal(repr(domain.high)) - self._low) / self._step
        self._n = int(span + Decimal(_ON_GRID)) + 1
        self.levels: int | None = self._n

    def value(self, coordinate: float) -> float:
        return self._at(min(int(coordinate * self._n), self._n - 1))

    def coordinate(self, value: Any) -> float | None:
        if not _is_number(value):
            return None
        return (min(max(round(self._steps(value)), 0), self._n - 1) + 0.5) / self._n

    def holds(self, value: Any) -> bool:
        if not _is_number(value):
            return False
        steps = self._steps(value)
        return abs(steps - round(steps)) < _ON_GRID * self._n and 0 <= round(steps) < self._n

    def every(self) -> list[float]:
        return [self._at(level) for level in range(self._n)]

    def grid(self) -> list[float]:
        return [self._at(level) for level in _picked(self._n, self._count)]

    def _steps(self, value: float) -> float:
        return float((Decimal(repr(float(value))) - self._low) / self._step)

    def _at(self, level: int) -> float:
        return float(self._low + level * self._step)


class _Options:
    """Unordered values, told apart as JSON (so that `1`, `1.0` and `true` are three)."""

    ordered = False

    def __init__(self, options: tuple[Any, ...], taken: int | None) -> None:
        self._options, self._count = options, taken
        self._places = {canonical_json(option): place for place, option in enumerate(options)}
        self._n = len(options)
        self.levels: int | None = self._n

    def value(self, coordinate: float) -> Any:
        return self._options[min(int(coordinate * self._n), self._n - 1)]

    def coordinate(self, value: Any) -> float | None:
        place = self._places.get(canonical_json(value))
        return None if place is None else (place + 0.5) / self._n

    def holds(self, value: Any) -> bool:
        return canonical_json(value) in self._places

    def every(self) -> list[Any]:
        return list(self._options)

    def grid(self) -> list[Any]:
        return list(self._options[: self._count])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _spread(points: int) -> Iterator[float]:
    """`points` coordinates from 0 to 1, both ends included; the middle for one point."""
    return iter([0.5]) if points == 1 else (place / (points - 1) for place in range(points))


def _picked(levels: int, points: int | None) -> list[int]:
    """`points` of `levels` levels, spread from the first to the last, halves rounded up; all without `points`."""
    if points is None or points >= levels:
        return list(range(levels))
    if points == 1:
        return [(levels - 1) // 2]
    return [(2 * place * (levels - 1) + points - 1) // (2 * (points - 1)) for place in range(points)]
