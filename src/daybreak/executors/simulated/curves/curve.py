"""What a simulated trial's training looks like."""

from typing import Protocol

from daybreak.spec.domains import Point


class Curve(Protocol):
    """One configuration's training from 0 units on. A function of the point and the seed: asked twice, it says the same."""

    @property
    def length(self) -> int | None:
        """Units after which it ends by itself; None: never."""
        ...

    def metrics(self, units: int) -> dict[str, float]:
        """What is reported after `units` units, 1 <= units <= length."""
        ...

    def elapsed(self, units: int) -> float:
        """Seconds of training from 0 to `units` units; grows with `units`."""
        ...


class Curves(Protocol):
    """A source of curves."""

    def curve(self, point: Point, seed: int) -> Curve:
        """The curve of one configuration trained with one seed."""
        ...
