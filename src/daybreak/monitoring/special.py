"""Tails of distributions, by the standard library and NumPy: a serving process does not load SciPy.

Incomplete gamma: series and continued fraction (Lentz), as in Abramowitz and Stegun 6.5.
"""

from math import exp, lgamma, log

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_TINY = 1e-300
_TERMS = 10_000
_BLOCK = 64


def gamma_tail(shape: float, x: float) -> float:
    """P(X > x) of a gamma variable of this shape (> 0) and scale 1."""
    if x <= 0:
        return 1.0
    scale = exp(-x + shape * log(x) - lgamma(shape))
    return 1 - scale * _series(shape, x) if x < shape + 1 else scale * _fraction(shape, x)


def _series(shape: float, x: float) -> float:
    term = total = 1 / shape
    for step in range(1, _TERMS):
        term *= x / (shape + step)
        total += term
        if term < total * 1e-16:
            break
    return total


def _fraction(shape: float, x: float) -> float:
    b = x + 1 - shape
    c, d = 1 / _TINY, 1 / b
    result = d
    for step in range(1, _TERMS):
        a = -step * (step - shape)
        b += 2
        d = 1 / (a * d + b or _TINY)
        c = b + a / c or _TINY
        result *= c * d
        if abs(c * d - 1) < 1e-15:  # noqa: PLR2004
            break
    return result


def gamma_cut(shape: float, level: float) -> float:
    """The x with `gamma_tail(shape, x) == level`; 0 < level < 1. Bisection: to 12 digits."""
    low, high = 0.0, shape + 1
    while gamma_tail(shape, high) > level:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if gamma_tail(shape, middle) > level else (low, middle)
    return high


def chi_square_tail(freedom: int, x: float) -> float:
    """P(X > x) of chi-square with `freedom` >= 1 degrees of freedom."""
    return gamma_tail(freedom / 2, x / 2)


def chi_square_cut(freedom: int, level: float) -> float:
    """What chi-square exceeds with probability `level`."""
    return 2 * gamma_cut(freedom / 2, level)


def beta_binomial_tail(least: int, rows: int, a: float, b: float) -> float:
    """P(K >= least) where K of `rows` rows have a trait whose share is Beta(a, b).

    With a = seen + 1 and b = others + 1 of a reference sample it is the chance of so many rows when nothing has changed, the
    reference's own sampling error included (Laplace's rule of succession).
    """
    if least <= 0:
        return 1.0
    if least > rows:
        return 0.0
    if least > rows * a / (a + b):
        return min(1.0, _summed(least, rows, 1, rows, a, b))
    return max(0.0, 1 - _summed(least - 1, 0, -1, rows, a, b))


def _summed(begin: int, end: int, step: int, rows: int, a: float, b: float) -> float:
    """The sum of the probabilities from `begin` to `end`, until what is left does not matter; away from the mean, so they fall."""
    first = exp(_log_probability(begin, rows, a, b))
    total, block = first, _BLOCK
    while begin != end and first * abs(end - begin) > 1e-14:  # noqa: PLR2004
        last = begin + step * min(block, abs(end - begin))
        k = np.arange(min(begin, last), max(begin, last), dtype=np.float64)
        ratios = (rows - k) * (k + a) / ((k + 1) * (rows - k - 1 + b))  # P(k + 1) / P(k)
        terms = first * np.cumprod(ratios if step > 0 else 1 / ratios[::-1])
        total += float(terms.sum())
        first, begin, block = float(terms[-1]), last, 2 * block
    return total


def _log_probability(k: int, rows: int, a: float, b: float) -> float:
    chosen = lgamma(rows + 1) - lgamma(k + 1) - lgamma(rows - k + 1)
    return chosen + lgamma(k + a) + lgamma(rows - k + b) - lgamma(rows + a + b) + lgamma(a + b) - lgamma(a) - lgamma(b)


def beta_binomial_cut(rows: int, a: float, b: float, level: float) -> int:
    """The smallest count with `beta_binomial_tail(count, ...) <= level`; `rows` + 1 if there is none."""
    low, step = 0, 1
    high = min(rows + 1, int(rows * a / (a + b)) + 1)
    while high <= rows and beta_binomial_tail(high, rows, a, b) > level:
        low, high, step = high + 1, min(rows + 1, high + step), 2 * step
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if beta_binomial_tail(middle, rows, a, b) <= level else (middle + 1, high)
    return low
