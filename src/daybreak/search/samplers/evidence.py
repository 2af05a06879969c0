"""What a density ratio is made of: good points, others, and those being trained, as rows of one growing table."""

# ruff: noqa: N803, N806, N815 (tensors are named with their shapes)

from dataclasses import dataclass

import numpy as np

from daybreak.search.samplers.features import Array, Columns, Kernel, kernels
from daybreak.search.samplers.standings import Standings
from daybreak.search.searcher import Losses
from daybreak.search.spaces import Space
from daybreak.spec.domains import Point

ENOUGH = 8  # values a rung must have to be learnt from
GOOD_SHARE, FEWEST_GOOD, MOST_GOOD = 0.15, 3, 64
MOST_BAD, MOST_PENDING = 256, 64


@dataclass(frozen=True, slots=True)
class Ratio:
    """Good against bad by one kernel. Points are rows of coordinates, NaN where a column is absent."""

    kernel: Kernel
    good_ND: Array
    bad_ND: Array

    def of(self, points_ND: Array) -> Array:
        """The ratio at some points; one uniform pseudo-observation on each side keeps it finite, and near 1 far from all."""
        among_NF, uniform = (
            self.kernel.features(np.concatenate([points_ND, self.good_ND, self.bad_ND])),
            self.kernel.mass(),
        )
        n, g = len(points_ND), len(self.good_ND)
        near_NM = kernels(among_NF[:n], among_NF[n:])
        good_N = (near_NM[:, :g].sum(axis=1) + uniform) / (g + 1)
        bad_N = (near_NM[:, g:].sum(axis=1) + uniform) / (len(self.bad_ND) + 1)
        return np.asarray(good_N / bad_N, dtype=np.float64)


class Evidence:
    """All that was told, and what it says about good and bad."""

    def __init__(self, space: Space, objectives: int) -> None:
        self._space = space
        self._columns = Columns(space)
        self._standings = Standings(objectives)
        self._points: dict[int, Point] = {}
        self._row: dict[int, int] = {}
        self._table_ND = np.empty((64, self._columns.count))

    def tell(self, trial: int, point: Point, units: int, losses: Losses) -> None:
        """A trial's losses at `units`."""
        self._place(trial, point)
        self._standings.tell(trial, units, losses)

    def ratio(self, pending: dict[int, Point]) -> Ratio | None:
        """Good against bad at the highest rung with enough values; None before there is one.

        Of the pending, the newest count as bad: so that many workers do not all try the same.
        """
        rung = self._standings.rung(ENOUGH)
        if rung is None:
            return None
        most = min(max(FEWEST_GOOD, int(self._standings.count(rung) * GOOD_SHARE)), MOST_GOOD)
        good, bad = self._standings.split(rung, most, MOST_BAD)
        newest = sorted(pending)[-MOST_PENDING:]
        for trial in newest:
            self._place(trial, pending[trial])
        good_ND, bad_ND = self._rows(good), self._rows(bad + newest)
        return Ratio(Kernel.fitted(self._columns, good_ND), good_ND, bad_ND)

    def _rows(self, trials: list[int]) -> Array:
        return self._table_ND[[self._row[trial] for trial in trials]]

    def _place(self, trial: int, point: Point) -> None:
        """Keep a trial's coordinates; anew where its point changed."""
        if self._points.get(trial) == point:
            return
        row = self._row.setdefault(trial, len(self._row))
        if row == len(self._table_ND):
            self._table_ND = np.concatenate([self._table_ND, np.empty_like(self._table_ND)])
        self._points[trial] = point
        self._table_ND[row] = self._space.encode(point)
