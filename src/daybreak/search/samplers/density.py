"""A density-ratio sampler: candidates from the density of good points, the one of highest good / bad ratio is taken.

Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011); multivariate kernels and the choice of the
rung as in Falkner et al., "BOHB" (2018).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from daybreak.base.streams import Stream
from daybreak.search.samplers.fresh import Fresh
from daybreak.search.searcher import Losses
from daybreak.search.spaces import Space
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment

Array = NDArray[np.float64]

RANDOM_SHARE = 0.1  # draws that ignore what was learnt, so that the search stays consistent
CANDIDATES = 32
MOST_GOOD, MOST_BAD = 64, 256  # kernels per density


class DensitySampler:
    """Multivariate kernels over the unit cube; see the module's text."""

    def __init__(self, spec: Experiment) -> None:
        self._seed, self._space = spec.seed, Space.from_spec(spec)
        self._fresh = Fresh(self._space, spec.seed)
        self._levels = np.array([self._levels_of(name) for name in self._space.columns], dtype=np.float64)
        self._points: dict[int, list[float]] = {}
        self._rungs: dict[int, dict[int, Losses]] = {}

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:
        """A trial's losses at `units`."""
        self._fresh.saw(point)
        self._points[trial] = self._space.encode(point)
        self._rungs.setdefault(units, {})[trial] = losses

    def ask(self, trial: int, pending: dict[int, Point]) -> Point | None:
        """A point for this trial; None when the space is exhausted."""
        stream = Stream(self._seed, "density", trial)
        rung = self._rung()
        if rung is None or stream.uniform() < RANDOM_SHARE:
            return self._fresh.first(trial, self._space.draws(self._seed, trial), pending)
        good, bad = self._split(rung, pending)
        return self._fresh.first(trial, self._proposals(stream, good, bad), pending)

    def _levels_of(self, name: str) -> float:
        axis = self._space.axes[name]
        return 0.0 if axis.ordered else float(axis.levels or 0)

    def _rung(self) -> int | None:
        need = 2 * (len(self._space.columns) + 1)
        return max((units for units, told in self._rungs.items() if len(told) >= need), default=None)

    def _split(self, rung: int, pending: dict[int, Point]) -> tuple[Array, Array]:
        told = self._rungs[rung]
        order = sorted(told, key=lambda trial: (told[trial], trial))
        n_good = min(max(len(self._space.columns) + 1, len(order) // 7), MOST_GOOD)
        good, bad = order[:n_good], order[n_good:][:: max(1, len(order) // MOST_BAD)]
        waiting = [self._space.encode(point) for point in pending.values()]
        return np.array([self._points[t] for t in good]), np.array([self._points[t] for t in bad] + waiting)

    def _proposals(self, stream: Stream, good: Array, bad: Array) -> Iterator[Point]:
        width = max(0.05, 0.5 * len(good) ** (-1 / (4 + good.shape[1])))
        while True:
            drawn = self._drawn(stream, good, width)
            ratio = self._log_density(drawn, good, width) - self._log_density(drawn, bad, width)
            for place in np.argsort(-ratio, kind="stable"):
                point = self._space.decode([float(at) for at in drawn[place]])
                if self._space.broken(point) is None:
                    yield point

    def _drawn(self, stream: Stream, centres: Array, width: float) -> Array:
        shape = (CANDIDATES, centres.shape[1])
        base = centres[[stream.below(len(centres)) for _ in range(CANDIDATES)]]
        uniform = np.array([stream.uniform() for _ in range(shape[0] * shape[1])]).reshape(shape)
        normal = np.array([stream.normal() for _ in range(shape[0] * shape[1])]).reshape(shape)
        ordered = np.clip(base + width * normal, 0.0, 1.0)
        keep = uniform < 1 - width
        choice = np.where(keep, base, np.where(keep, 0.0, uniform / max(width, 1e-9) % 1.0))
        moved = np.where(self._levels > 0, choice, ordered)
        return np.where(np.isnan(moved), uniform, moved)

    def _log_density(self, at: Array, centres: Array, width: float) -> Array:
        apart = at[:, None, :] - centres[None, :, :]
        ordered = -0.5 * (apart / width) ** 2
        levels = np.maximum(self._levels, 1.0)
        same = np.round(np.abs(apart) * levels) == 0
        choice = np.where(same, np.log(1 - width + width / levels), np.log(width / levels))
        each = np.where(self._levels > 0, choice, ordered)
        each = np.where(np.isnan(each), np.log(0.5), each).sum(axis=2)
        top = each.max(axis=1, keepdims=True)
        return np.asarray(top[:, 0] + np.log(np.exp(each - top).mean(axis=1)), dtype=np.float64)
