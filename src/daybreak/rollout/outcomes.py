"""What requests led to, by arm: sums by bucket, which merge, and the difference of two arms with a variance that knows of units.

A unit sends many requests, and what they lead to is alike: counted one by one they claim a certainty that is not there (with ten alike
outcomes a unit an honest 5 % become 50). Units are dealt out by bucket, so sums are kept by bucket and the variance is that of buckets
(the delta method for a ratio of sums; Deng, Knoblich, Lu, "Applying the delta method in metric analytics", KDD 2018).

Ramps change who is asked when. Where the rate itself moves (nights, weekends), pooling everything then favours the arm that grew in the
better hours. So sums are kept by revision of the split, arms are compared within each, and the differences are averaged by traffic.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any, Literal

import numpy as np
from msgspec import Struct

from daybreak.rollout.assignment import BUCKETS

Kind = Literal["conversion", "error", "accuracy", "rating", "latency"]
SHARES = ("conversion", "error", "accuracy")  # kinds that are yes or no, whose differences are told in points
OF_ALL = ("conversion", "error")  # kinds of which every request has one: what is never told is a no
MORE_IS_BETTER = ("conversion", "accuracy", "rating")
LEAST = 100  # outcomes of an arm before its variance is trusted
LEAST_BUCKETS = 30  # and buckets: fewer units than that are anecdotes


class Outcome(Struct, frozen=True):
    """What is compared. `effect`: the smallest difference that matters, in the unit in which differences are told.

    conversion, error: yes or no, of all requests: what is never told is a no; differences of shares (0.01 is one point).
    accuracy: whether an answer was right, of those whose truth was told. rating: a number, of those that were told; differences of means.
    latency: seconds, compared by their logarithms (geometric means, which a long tail does not move), so that 0.1 is about 10 % slower.
    """

    name: str
    kind: Kind
    effect: float

    @property
    def better(self) -> Literal["higher", "lower"]:
        """Which direction people want."""
        return "higher" if self.kind in MORE_IS_BETTER else "lower"


class Sums(Struct):
    """Outcomes of all arms under one revision of a split: how many and their sum, each (arms, 10,000 buckets). Mutable; a fold."""

    counts: Any
    totals: Any

    def add(self, arms: Any, buckets: Any, counts: Any, totals: Any) -> None:
        """Outcomes, one an element of the (n,) arrays; `counts` is 0 where `totals` corrects an outcome counted before."""
        np.add.at(self.counts, (arms, buckets), counts)
        np.add.at(self.totals, (arms, buckets), totals)

    def merge(self, other: "Sums") -> None:
        """Take in what another process saw."""
        self.counts += other.counts
        self.totals += other.totals


def no_sums(arms: int) -> Sums:
    """The fold that has seen nothing."""
    return Sums(np.zeros((arms, BUCKETS)), np.zeros((arms, BUCKETS)))


class Estimate(Struct, frozen=True):
    """What is known of one arm. `variance` is that of the mean."""

    outcomes: int
    buckets: int
    mean: float
    variance: float

    @property
    def enough(self) -> bool:
        """Whether its variance can be trusted."""
        return self.outcomes >= LEAST and self.buckets >= LEAST_BUCKETS


class Difference(Struct, frozen=True):
    """The mean of one arm less that of the other. `compared`: outcomes of both that it rests on; none: too few in either."""

    value: float = float("nan")
    variance: float = float("inf")
    compared: int = 0


def estimate(counts: Any, totals: Any, *, yes_or_no: bool) -> Estimate:
    """Of one arm's (buckets,) counts and totals. `yes_or_no`: outcomes are 0 or 1, so that a variance of 0 is known to be chance."""
    count = float(counts.sum())
    if not count:
        return Estimate(0, 0, float("nan"), float("inf"))
    apart, buckets = _influence(counts, totals, count)
    variance = float(apart @ apart)
    return Estimate(
        int(count),
        buckets,
        float(totals.sum() / count),
        max(variance, _least_variance(totals.sum(), count)) if yes_or_no else variance,
    )


def _influence(counts: Any, totals: Any, count: float) -> tuple[Any, int]:
    """What each bucket moves the mean by, (buckets,), and how many buckets hold anything."""
    buckets = int(np.count_nonzero(counts))
    scale = sqrt(buckets / max(buckets - 1, 1)) / count
    return (totals - totals.sum() / count * counts) * scale, buckets


def _least_variance(total: float, count: float) -> float:
    """Of a share, with one hit and one miss added: a handful of outcomes that all agree are not certain."""
    share = (total + 1) / (count + 2)
    return float(share * (1 - share) / count)


def difference(revisions: Sequence[Sums], champion: int, challenger: int, *, yes_or_no: bool) -> Difference:
    """Challenger's mean less the champion's over all revisions in which both have enough outcomes, weighted by their traffic.

    A bucket's parts are summed over revisions before they are squared: a unit that comes back, in whichever arm, is one unit.
    """
    parts = []
    for sums in revisions:
        ours, theirs = ((sums.counts[arm], sums.totals[arm]) for arm in (challenger, champion))
        two = [estimate(*one, yes_or_no=yes_or_no) for one in (ours, theirs)]
        if all(one.enough for one in two):
            moved = [_influence(*one, float(one[0].sum()))[0] for one in (ours, theirs)]
            least = sum(_least_variance(float(one[1].sum()), float(one[0].sum())) for one in (ours, theirs))
            parts.append((two[0].outcomes + two[1].outcomes, two[0].mean - two[1].mean, moved[0] - moved[1], least))
    if not parts:
        return Difference()
    traffic = sum(part[0] for part in parts)
    shares = [part[0] / traffic for part in parts]
    moved_together = sum(share * part[2] for share, part in zip(shares, parts, strict=True))
    variance = float(moved_together @ moved_together)
    if yes_or_no:
        variance = max(variance, sum(share**2 * part[3] for share, part in zip(shares, parts, strict=True)))
    return Difference(float(sum(share * part[1] for share, part in zip(shares, parts, strict=True))), variance, traffic)
