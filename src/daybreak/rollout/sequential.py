"""Tests and intervals that may be looked at any time, as often as one likes: their promise holds for all looks together.

p-values: the mixture sequential probability ratio test with a normal mixture of differences (Robbins 1970; Johari, Koomen, Pekelis, Walsh,
"Always valid inference: continuous monitoring of A/B tests", Operations Research 2022). Intervals: asymptotic confidence sequences
(Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics
2024). Both come from one mixture, so they never disagree: p < alpha exactly when the interval leaves zero out.

Every function takes numbers or arrays. `variance` is that of the difference, as estimated at the look; `effect` sets the mixture: the
interval is tightest about where a true difference of that size is found. Where `variance` >> `effect`**2 it is very wide, so early
looks, at which variances are rough, cost nothing and claim nothing.
"""

from typing import Any

import numpy as np


def radius(variance: Any, effect: Any, alpha: float) -> Any:
    """Half the width of the 1 - `alpha` confidence sequence of a difference."""
    ratio = effect**2 / variance
    return np.sqrt(variance * (1 + 1 / ratio) * (np.log1p(ratio) - 2 * np.log(alpha)))


def one_sided_radius(variance: Any, effect: Any, alpha: float) -> Any:
    """What the difference may lie below its estimate: a lower bound alone, tighter than `radius`."""
    ratio = effect**2 / variance
    return np.sqrt(2 * variance * (1 + 1 / ratio) * np.log1p(np.sqrt(1 + ratio) / (2 * alpha)))


def spent(alpha: float, look: int) -> float:
    """The level of the `look`-th of ever so many tests (1, 2, ...), all of which together raise a false alarm with `alpha` at most.

    Alpha spending (Lan, DeMets, "Discrete sequential boundaries for clinical trials", Biometrika 1983) by 1 / (k (k + 1)), which sums to 1,
    for tests whose number is not known beforehand; by Bonferroni it holds whatever they have to do with each other.
    """
    return alpha / (look * (look + 1))


def p_value(difference: Any, variance: Any, effect: Any) -> Any:
    """The always-valid p-value of "there is no difference"."""
    ratio = effect**2 / variance
    likelihood = np.asarray(difference) ** 2 / (2 * variance) * ratio / (1 + ratio) - np.log1p(ratio) / 2
    return np.exp(np.minimum(0.0, -likelihood))
