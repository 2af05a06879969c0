"""Grid search: every combination of the grid's values, in order."""

from itertools import chain
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.search.searcher import Losses
from daybreak.search.spaces import Space
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment


class GridSampler:
    """The first point of the grid that nobody has proposed; the last hyperparameter varies fastest.

    Raises `UsageError` for a continuum without `count` and for a grid none of whose points meets the constraints.
    """

    def __init__(self, spec: Experiment) -> None:
        self._space = Space.from_spec(spec)
        grid = self._space.grid()
        first = next(grid, None)
        if first is None:
            raise UsageError(
                f"a grid must have a valid point, got none: the constraints {list(spec.constraints)} reject them all"
            )
        self._left = chain([first], grid)
        self._seen: set[tuple[Any, ...]] = set()

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:  # noqa: ARG002 (it learns nothing)
        """The point was taken."""
        self._seen.add(self._space.key(point))

    def ask(self, trial: int, pending: dict[int, Point]) -> Point | None:  # noqa: ARG002 (the grid has one order)
        """The next point of the grid; None when all were proposed."""
        self._seen.update(self._space.key(point) for point in pending.values())
        return next((point for point in self._left if self._space.key(point) not in self._seen), None)
