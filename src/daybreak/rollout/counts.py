"""Exact sequential tests on counts: whether units come in the ratio they were dealt in, and whether one arm has more failing units.

Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022. Both are likelihood ratios whose expectation is 1
while the null holds, however traffic moves with time, since arms are dealt out at the same times.

They count units, not requests, and each unit once, for the requests of one unit are no chance of their own. A unit is known again by
a bit of its hash (`FirstSeen`): two units that share a bit count as one, in either arm alike, so the tests stay exact; only they learn
less once most of the 16.8 million bits are set.
"""

from collections.abc import Sequence
from math import exp, lgamma, log
from typing import Any

import numpy as np

BITS = 1 << 24
STRENGTH = 100.0  # of the Dirichlet mixture, in units seen: mismatches of a few points are found first
RATES = (1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)  # times the champion's rate that the mixture looks for


class FirstSeen:
    """Which units were seen: 2 MiB, whatever their number."""

    def __init__(self) -> None:
        self.bits = np.zeros(BITS // 8, np.uint8)

    def new(self, hashes: Any) -> Any:
        """Of (n,) uint64 hashes: whether each is seen for the first time, (n,) bool. Remembers them."""
        places = np.asarray(hashes, np.uint64) % np.uint64(BITS)
        first = np.zeros(len(places), bool)
        first[np.unique(places, return_index=True)[1]] = True
        bytes_, bits = (places >> np.uint64(3)).astype(np.int64), (1 << (places & np.uint64(7))).astype(np.uint8)
        first &= (self.bits[bytes_] & bits) == 0
        np.bitwise_or.at(self.bits, bytes_[first], bits[first])
        return first


def ratio_evidence(counts: Sequence[int], weights: Sequence[float]) -> float:
    """Log of the Bayes factor against "units come as dealt". `weights`: what each arm was given, summing to 1, each above 0.

    Of several revisions of a split, each with its own weights, evidence is the sum.
    """
    found = lgamma(STRENGTH) - lgamma(STRENGTH + sum(counts))
    for count, weight in zip(counts, weights, strict=True):
        found += lgamma(STRENGTH * weight + count) - lgamma(STRENGTH * weight) - count * log(weight)
    return found


def rate_evidence(counted: Sequence[tuple[int, int, float]]) -> float:
    """Log of the likelihood ratio against "units fail no more often at the challenger than at the champion".

    `counted`: for each revision the units that failed first (champion's, challenger's) and the challenger's share of units of the two.
    """
    found = []
    for rate in RATES:
        gain = 0.0
        for champion, challenger, share in counted:
            other = share * rate / (1 - share + share * rate)  # the challenger's part of failing units at this rate
            gain += challenger * log(other / share) + champion * log((1 - other) / (1 - share))
        found.append(gain)
    best = max(found)
    return best + log(sum(exp(one - best) for one in found) / len(found))


def p_of(evidence: float) -> float:
    """The always-valid p-value of a log likelihood ratio (Ville's inequality)."""
    return exp(min(0.0, -evidence))
