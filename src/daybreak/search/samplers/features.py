"""Points as features, so that one Gaussian kernel compares ordered, unordered and conditional hyperparameters alike.

The kernel between two points is exp(-|f(x) - f(y)|^2 / 2). An ordered hyperparameter is its coordinate over a bandwidth; a choice is
one-hot, scaled so that two different options are as alike as a draw that changes them is likely (Aitchison and
Aitken, 1976); a conditional hyperparameter has one more feature that says whether it is there. Since good and bad points are
compared by the same kernel, its normalisation cancels in their ratio.

Shapes: N points, D columns, F features.
"""

# ruff: noqa: N803, N806, N815 (tensors are named with their shapes)

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daybreak.base.streams import Stream
from daybreak.search.spaces import Space

Array = NDArray[np.float64]

WIDTH = (
    0.25  # bandwidth over the unit interval where good points are spread evenly, before it shrinks with their number
)
NARROWEST = 0.04  # the same where they lie close together
PSEUDO = 0.3  # weight of one evenly spread pseudo-point
EVEN = 12**-0.5  # standard deviation of a uniform variable
ABSENT = 2.0  # distance in the kernel between having a hyperparameter and not having it


class Columns:
    """What the columns of a space are: ordered or one of n options, always there or not."""

    def __init__(self, space: Space) -> None:
        axes = [space.axes[name] for name in space.columns]
        self.count = len(axes)
        self.options = [0 if axis.ordered else axis.levels or 0 for axis in axes]
        self.conditional = [space.domains[name].when is not None for name in space.columns]
        self.ordered = np.array([n == 0 for n in self.options], dtype=bool)
        self.step = np.array([0.5 / axis.levels if axis.levels else 0.0 for axis in axes])


@dataclass(frozen=True, slots=True)
class Kernel:
    """Bandwidths fitted to some good points. `moved_D` is how likely a draw changes an option."""

    columns: Columns
    width_D: Array
    moved_D: Array

    @classmethod
    def fitted(cls, columns: Columns, good_ND: Array) -> "Kernel":
        """They follow the spread of the good points, column by column, and shrink as those grow in number (Scott, 1992).

        A pseudo-point that is spread evenly keeps a few points that happen to lie together from settling a column.
        """
        shrink = len(good_ND) ** (-1.0 / (4 + columns.count))
        there_D = (~np.isnan(good_ND)).sum(axis=0)
        apart_D = np.nansum((good_ND - _mean(good_ND)) ** 2, axis=0)
        spread_D = np.sqrt((apart_D / EVEN**2 + PSEUDO) / (there_D + PSEUDO))
        width_D = shrink * np.maximum(NARROWEST, WIDTH * spread_D)
        return cls(columns, np.maximum(width_D, columns.step), np.full(columns.count, min(1.0, shrink * 2 * WIDTH)))

    def features(self, points_ND: Array) -> Array:
        """N x F."""
        columns, parts = self.columns, []
        there_ND = ~np.isnan(points_ND)
        middle_ND = np.where(there_ND, points_ND, 0.5)
        for d, options in enumerate(columns.options):
            if options:
                parts.append(self._one_hot(d, middle_ND[:, d], there_ND[:, d]))
            else:
                parts.append(middle_ND[:, d : d + 1] / self.width_D[d])
            if columns.conditional[d]:
                parts.append(ABSENT * there_ND[:, d : d + 1])
        return np.concatenate(parts, axis=1) if parts else np.zeros((len(points_ND), 1))

    def _one_hot(self, d: int, at_N: Array, there_N: NDArray[np.bool_]) -> Array:
        options = self.columns.options[d]
        place_N = np.minimum((at_N * options).astype(np.int64), options - 1)
        scale = np.sqrt(-np.log(self._alike(d)))
        return np.asarray(scale * (np.eye(options)[place_N] * there_N[:, None]), dtype=np.float64)

    def _alike(self, d: int) -> float:
        """Kernel between two different options, relative to that of an option with itself."""
        other = float(self.moved_D[d]) / self.columns.options[d]
        return max(other / (1.0 - float(self.moved_D[d]) + other), 1e-6)

    def mass(self) -> float:
        """The kernel's mean over a uniform point: what one uniform pseudo-observation adds to a sum of kernels."""
        total = 1.0
        for d, options in enumerate(self.columns.options):
            mean = (1 + (options - 1) * self._alike(d)) / options if options else float(self.width_D[d]) * 2.5066
            total *= min(1.0, mean)
        return total

    def drawn(self, stream: Stream, good_ND: Array, count: int) -> Array:
        """`count` points from the density of the good: a centre of theirs, moved by the kernel, reflected at the ends.

        Rounded, so that the last bits of a machine's logarithm do not show in the points.
        """
        columns = self.columns
        uniform_4ND = _uniforms(stream, 4 * count * max(1, columns.count)).reshape(4, count, -1)
        centre_ND = good_ND[(_uniforms(stream, count) * len(good_ND)).astype(np.int64)]
        if not columns.count:
            return centre_ND
        normal_ND = np.sqrt(-2 * np.log1p(-uniform_4ND[0])) * np.cos(2 * np.pi * uniform_4ND[1])
        moved_ND = np.abs(centre_ND + self.width_D * normal_ND) % 2.0
        moved_ND = np.where(moved_ND > 1.0, 2.0 - moved_ND, moved_ND)
        kept_ND = np.where(uniform_4ND[2] < self.moved_D, uniform_4ND[3], centre_ND)
        chosen_ND = np.where(columns.ordered, moved_ND, kept_ND)
        whole_ND: Array = np.where(np.isnan(chosen_ND), uniform_4ND[3], chosen_ND)
        return whole_ND.round(9)


def kernels(at_NF: Array, of_MF: Array) -> Array:
    """N x M: the kernel between each point and each other."""
    apart_NM = (at_NF**2).sum(axis=1)[:, None] + (of_MF**2).sum(axis=1) - 2.0 * (at_NF @ of_MF.T)
    return np.asarray(np.exp(-0.5 * np.maximum(apart_NM, 0.0)), dtype=np.float64)


def _mean(points_ND: Array) -> Array:
    """Mean by column over those who have it; 0.5 where nobody has."""
    there_ND = ~np.isnan(points_ND)
    count_D = there_ND.sum(axis=0)
    return np.asarray(
        np.where(count_D > 0, np.nansum(points_ND, axis=0) / np.maximum(count_D, 1), 0.5), dtype=np.float64
    )


def _uniforms(stream: Stream, count: int) -> Array:
    """Floats in [0, 1) from a named stream."""
    words = np.frombuffer(stream.words(count), dtype="<u8")
    return np.asarray((words >> np.uint64(11)) * 2.0**-53, dtype=np.float64)
