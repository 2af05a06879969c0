"""How many outcomes a test takes: before it begins, and from where it stands."""

from math import ceil, log, log1p, sqrt
from statistics import NormalDist

from msgspec import Struct

POWER = 0.8


class Needed(Struct, frozen=True):
    """Outcomes of both arms together until a difference of a given size is found.

    `half`: by half of all tests, `most`: by 80 %; `fixed`: by 80 % of tests that are looked at only once, at their end.
    """

    half: int
    most: int
    fixed: int


def needed(effect: float, champion: float, challenger: float, share: float, alpha: float = 0.05) -> Needed:
    """`champion`, `challenger`: variances of one outcome (p (1 - p) for a share); `share`: the challenger's part of outcomes, 0 to 1.

    The bounds tell when the estimate at that very look is beyond the boundary; earlier crossings only help.
    """
    one = (champion / (1 - share) + challenger / share) / effect**2
    z = NormalDist().inv_cdf(1 - alpha / 2) + NormalDist().inv_cdf(POWER)
    return Needed(ceil(one * _ratio(alpha, 0.5)), ceil(one * _ratio(alpha, POWER)), ceil(one * z**2))


def _ratio(alpha: float, power: float) -> float:
    """effect**2 / variance at which the radius and `power`'s share of chance fit into the effect: a fixed point, found by iteration."""
    z, ratio = NormalDist().inv_cdf(power), 10.0
    for _ in range(50):
        ratio = (sqrt((1 + 1 / ratio) * (log1p(ratio) - 2 * log(alpha))) + z) ** 2
    return ratio
