"""A density-ratio sampler: candidates from the density of good points; the one of the highest good / bad ratio is taken.

The ratio is that of Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011); that kernels are multivariate and
that the highest rung with enough values is what is learnt from, of Falkner et al., "BOHB" (2018). Ours are the common
kernel of good and bad (see `features`), that trials being trained count as bad, and that it begins with very few values.

A draw costs about the same however many trials there were: the number of kernels is capped (see `evidence`).
"""

# ruff: noqa: N806 (tensors are named with their shapes)

from collections.abc import Iterator

import numpy as np

from daybreak.base.streams import Stream
from daybreak.search.samplers.evidence import Evidence, Ratio
from daybreak.search.samplers.fresh import Fresh
from daybreak.search.searcher import Losses
from daybreak.search.spaces import Space
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment

RANDOM_SHARE = 0.1  # draws that ignore what was learnt, so that every point keeps a chance
CANDIDATES = 64


class DensitySampler:
    """Draws anywhere in the space; never the same point twice while a small space has others."""

    def __init__(self, spec: Experiment) -> None:
        self._seed, self._space = spec.seed, Space.from_spec(spec)
        self._fresh = Fresh(self._space, spec.seed)
        self._evidence = Evidence(self._space, len(spec.objectives))

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:
        """A trial's losses at `units`."""
        self._fresh.saw(point)
        self._evidence.tell(trial, point, units, losses)

    def ask(self, trial: int, pending: dict[int, Point]) -> Point | None:
        """A point for this trial; None when the space is exhausted. Raises `UsageError` for a space without a valid point."""
        stream = Stream(self._seed, "density", trial)
        ratio = None if stream.uniform() < RANDOM_SHARE else self._evidence.ratio(pending)
        return self._fresh.first(trial, self._proposals(trial, stream, ratio), pending)

    def _proposals(self, trial: int, stream: Stream, ratio: Ratio | None) -> Iterator[Point]:
        """Candidates that meet the constraints, in order of their ratio; then random draws."""
        if ratio is not None:
            drawn_ND = ratio.kernel.drawn(stream, ratio.good_ND, CANDIDATES)
            for place in np.argsort(-ratio.of(drawn_ND), kind="stable"):
                point = self._space.decode(drawn_ND[place].tolist())
                if self._space.broken(point) is None:
                    yield point
        yield from self._space.draws(self._seed, trial)
