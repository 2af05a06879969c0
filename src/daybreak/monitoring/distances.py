"""How far a window's shares are from the reference's, and what of it chance alone gives.

All are functions of counts. Under the null both are samples of one distribution; with N rows in the reference and n in the window, and
r = 1/N + 1/n, the law of each is known:

- Population stability index: PSI / r ~ chi-square with k - 1 degrees of freedom (Yurdakul, "Statistical properties of population stability
  index", 2018). So a fixed cut of 0.1 over ten bins is passed by most windows of 50 identical rows, and by none of 5,000.
- Jensen-Shannon divergence D (nats): 8 D / r ~ the same; told as the distance sqrt(D / ln 2) in [0, 1].
- Pearson's chi-square of two samples ~ the same.
- Wasserstein-1 is the sum of width x |F - G| over bins; F - G is a Brownian bridge at the edges, so mean and variance are sums of
  moments of |normal| variables, and a gamma variable with these is close to its law.
"""

from math import log, pi, sqrt
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.special import Vector, chi_square_cut, chi_square_tail, gamma_cut, gamma_tail

Counts = NDArray[np.int64]


class Measured(NamedTuple):
    """A distance, the probability of one as large by chance, and the distance that chance passes with the asked probability."""

    value: float
    p: float
    cut: float


class Distance(Protocol):
    """A distance of counts (k,) of a window from those of a reference."""

    def __call__(self, reference: Counts, window: Counts, level: float) -> Measured:
        """Both hold rows; cells are pooled so that none is nearly empty."""


def shares(counts: Counts) -> Vector:
    """Shares of counts (k,), an empty cell counted as half a row, so that logarithms exist."""
    held = np.maximum(counts, 0.5)
    result: Vector = held / held.sum()
    return result


def _rate(reference: Counts, window: Counts) -> float:
    return 1 / float(reference.sum()) + 1 / float(window.sum())


def psi(reference: Counts, window: Counts, level: float) -> Measured:
    """Population stability index."""
    p, q = shares(reference), shares(window)
    value = float(((q - p) * np.log(q / p)).sum())
    rate = _rate(reference, window)
    freedom = len(reference) - 1
    if freedom < 1:
        return Measured(0.0, 1.0, 0.0)
    return Measured(value, chi_square_tail(freedom, value / rate), rate * chi_square_cut(freedom, level))


def jensen_shannon(reference: Counts, window: Counts, level: float) -> Measured:
    """Jensen-Shannon distance, base 2."""
    p, q = shares(reference), shares(window)
    middle = (p + q) / 2
    divergence = max(0.0, float((p * np.log(p / middle) + q * np.log(q / middle)).sum()) / 2)
    rate = _rate(reference, window)
    freedom = len(reference) - 1
    if freedom < 1:
        return Measured(0.0, 1.0, 0.0)
    cut = sqrt(rate * chi_square_cut(freedom, level) / 8 / log(2))
    return Measured(sqrt(divergence / log(2)), chi_square_tail(freedom, 8 * divergence / rate), cut)


def total_variation(reference: Counts, window: Counts, level: float) -> Measured:
    """The share of rows that changed class (total variation); chance told by Pearson's chi-square.

    The cut is the largest total variation that chi-square at its cut allows.
    """
    rows, many = float(reference.sum()), float(window.sum())
    pooled = (reference + window) / (rows + many)
    p, q = reference / rows, window / many
    freedom = int((pooled > 0).sum()) - 1
    if freedom < 1:
        return Measured(0.0, 1.0, 0.0)
    rate = _rate(reference, window)
    square = float(((q - p)[pooled > 0] ** 2 / pooled[pooled > 0]).sum()) / rate
    cut = sqrt(rate * chi_square_cut(freedom, level)) / 2
    return Measured(float(np.abs(q - p).sum()) / 2, chi_square_tail(freedom, square), cut)


def wasserstein(reference: Counts, window: Counts, edges: Vector, scale: float, level: float) -> Measured:
    """Wasserstein-1 distance in units of `scale` (the reference's standard deviation), on k bins between `edges` (k + 1,).

    Mass is spread evenly within a bin; |F - G| at a bin's two ends is averaged.
    """
    f, g = np.cumsum(reference) / reference.sum(), np.cumsum(window) / window.sum()
    away = np.abs(f - g)[:-1]
    weights = (edges[2:] - edges[:-2]) / 2 / scale
    if not len(weights):
        return Measured(0.0, 1.0, 0.0)
    value = float(weights @ away)
    mean, variance = _bridge(f[:-1], weights)
    if variance <= 0:
        return Measured(value, 1.0, 0.0)
    rate = _rate(reference, window)
    shape, unit = mean**2 / variance, sqrt(rate) * variance / mean
    return Measured(value, gamma_tail(shape, value / unit), unit * gamma_cut(shape, level))


def _bridge(at: Vector, weights: Vector) -> tuple[float, float]:
    """Mean and variance of sum weights x |B(at)| of a Brownian bridge.

    E|XY| of normals with correlation r: 2/pi (sqrt(1 - r^2) + r asin r) x the standard deviations.
    """
    inner = np.minimum(at[:, None], at) - at[:, None] * at
    sd = np.sqrt(np.diag(inner))
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.clip(np.nan_to_num(inner / (sd[:, None] * sd)), -1, 1)
    mean = sqrt(2 / pi) * float(weights @ sd)
    product = 2 / pi * (np.sqrt(1 - r**2) + r * np.arcsin(r)) * sd[:, None] * sd
    return mean, float(weights @ product @ weights) - mean**2
