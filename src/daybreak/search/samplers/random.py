"""Random search: each point drawn from the space, whatever was learnt."""

from daybreak.search.samplers.fresh import Fresh
from daybreak.search.searcher import Losses
from daybreak.search.spaces import Space
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment


class RandomSampler:
    """Draws `Space.draw(seed, trial)`; in a small discrete space without repeating itself."""

    def __init__(self, spec: Experiment) -> None:
        self._seed, self._space = spec.seed, Space.from_spec(spec)
        self._fresh = Fresh(self._space, spec.seed)

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:  # noqa: ARG002 (it learns nothing)
        """The point exists."""
        self._fresh.saw(point)

    def ask(self, trial: int, pending: dict[int, Point]) -> Point | None:
        """The trial's draw; None when every point was proposed. Raises `UsageError` for a space without a valid point."""
        return self._fresh.first(trial, self._space.draws(self._seed, trial), pending)
