"""What a challenger must not do while it is compared: fail more, answer more slowly, predict under drift. Else it is taken back.

All tests share one small alpha: that is the chance that they ever take a good challenger back. Those of failures and slow answers are
sequential like the readout and one-sided; that of drift spends its part over the windows that monitoring judges. A violation needs an
effect as well as a proof, so that many requests do not make a trifle an alarm.
"""

from collections.abc import Sequence
from math import log
from typing import Literal

from msgspec import Struct

from daybreak.rollout.counts import p_of, rate_evidence
from daybreak.rollout.outcomes import Sums, difference, estimate
from daybreak.rollout.sequential import one_sided_radius, spent

Rail = Literal["errors", "slow", "drift"]
RAILS: tuple[Rail, ...] = ("errors", "slow", "drift")
TESTS = 4  # that share alpha: failing units, failing requests, slow answers, drift


class Guard(Struct, frozen=True):
    """What is tolerated.

    `errors`, `slow`: by how much the challenger's share of failed requests, or of answers slower than the
    champion's 99th percentile, may lie above the champion's (0.01 is one point).
    `alpha`: of all guards of all challengers, at all looks.
    """

    errors: float = 0.01
    slow: float = 0.01
    alpha: float = 0.01
    rails: tuple[Rail, ...] = RAILS

    def each(self, challengers: int) -> float:
        """The alpha of one test of one challenger."""
        return self.alpha / TESTS / max(1, challengers)

    def drifts(self, p: float, window: int, challengers: int) -> bool:
        """Whether a drift of the `window`-th window (1, 2, ...) is proved, `p` being that of the window, over all its columns."""
        return p <= spent(self.each(challengers), window)


class Watched(Struct, frozen=True):
    """One guard of one challenger.

    `champion`, `challenger`: their shares, None where nothing was seen yet; `bound`: the lower confidence bound of the difference.
    """

    rail: Rail
    arm: str
    violated: bool
    champion: float | None = None
    challenger: float | None = None
    tolerated: float | None = None
    bound: float | None = None
    said: str = ""


def watch_share(
    rail: Rail,
    tolerated: float,
    alpha: float,
    revisions: Sequence[Sums],
    challenger: tuple[int, str],
    units: Sequence[tuple[int, int, float]] = (),
) -> Watched:
    """Whether a share (failed, slow) of arm `challenger` (number, name) lies above the champion's by more than is tolerated.

    `units`: where given, the units that failed first in champion and challenger and the challenger's share, by revision: an exact
    test that tells a challenger that always fails after a handful of requests. `alpha` is that of one test.
    """
    number, name = challenger
    shares = []
    for arm in (0, number):
        counts, totals = sum(one.counts[arm] for one in revisions), sum(one.totals[arm] for one in revisions)
        shares.append(estimate(counts, totals, yes_or_no=True))
    if not all(one.outcomes for one in shares):
        return Watched(rail, name, violated=False, tolerated=tolerated)
    found = difference(revisions, 0, number, yes_or_no=True)
    bound = None
    if found.compared:
        bound = found.value - float(one_sided_radius(found.variance, tolerated, alpha))
    proved = (bound is not None and bound > 0) or (bool(units) and rate_evidence(units) > -log(alpha))
    apart = found.value if found.compared else shares[1].mean - shares[0].mean
    return Watched(
        rail, name, proved and apart > tolerated, shares[0].mean, shares[1].mean, tolerated, bound, _said(units)
    )


def _said(units: Sequence[tuple[int, int, float]]) -> str:
    if not units:
        return ""
    champion, challenger = sum(one[0] for one in units), sum(one[1] for one in units)
    return (
        f"{challenger:,} units met a failure there, {champion:,} at the champion (p = {p_of(rate_evidence(units)):.2g})"
    )


def watch_drift(name: str, said: str) -> Watched:
    """`said`: what monitoring found about the challenger's predictions; empty where there is nothing."""
    return Watched("drift", name, bool(said), said=said)
