"""One challenger against the champion by one outcome: the difference, its interval, what it means, and how far it is to an answer."""

from collections.abc import Sequence
from math import isfinite
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from daybreak.rollout.outcomes import SHARES, Estimate, Kind, Outcome, Sums, difference, estimate
from daybreak.rollout.power import needed
from daybreak.rollout.sequential import p_value, radius

LEAST_HITS = 10  # conversions of both arms: without them nobody has told any, and it is too early for "no difference"
Standing = Literal["better", "worse", "same", "early"]


class Reading(Struct, frozen=True):
    """What is known by now. Differences are challenger less champion: shares, means, or logarithms of seconds.

    `low`, `high`: the 1 - alpha confidence sequence; None while there are too few outcomes. `more`: outcomes of both arms that are still
    wanted for a difference of `effect` to show, as by half of all tests; 0: it would most likely have shown by now.
    """

    outcome: str
    kind: Kind
    effect: float
    arm: str
    standing: Standing
    champion: float | None
    challenger: float | None
    outcomes: tuple[int, int]
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    more: int | None = None


def read(outcome: Outcome, revisions: Sequence[Sums], number: int, name: str, alpha: float) -> Reading:
    """Arm `number` (its place in the sums, and its name) against the champion, which is arm 0."""
    yes_or_no = outcome.kind in SHARES
    two = [_whole(revisions, arm, yes_or_no=yes_or_no) for arm in (0, number)]
    champion, challenger = (one.mean if isfinite(one.mean) else None for one in two)
    start = Reading(
        outcome.name,
        outcome.kind,
        outcome.effect,
        name,
        "early",
        champion,
        challenger,
        (two[0].outcomes, two[1].outcomes),
        more=_more(outcome.effect, two, alpha),
    )
    found = difference(revisions, 0, number, yes_or_no=yes_or_no)
    if not found.compared or (outcome.kind == "conversion" and _hits(two) < LEAST_HITS):
        return start
    if not found.variance:  # every outcome of both arms is the same: nothing can be said of how they scatter
        return replace(start, difference=found.value)
    half = float(radius(found.variance, outcome.effect, alpha))
    low, high = found.value - half, found.value + half
    p = float(p_value(found.value, found.variance, outcome.effect))
    return replace(start, standing=_standing(outcome, low, high), difference=found.value, low=low, high=high, p=p)


def _whole(revisions: Sequence[Sums], arm: int, *, yes_or_no: bool) -> Estimate:
    """An arm over all revisions, as people count; comparisons go by revision."""
    counts, totals = sum(one.counts[arm] for one in revisions), sum(one.totals[arm] for one in revisions)
    return estimate(counts, totals, yes_or_no=yes_or_no)


def _hits(two: list[Estimate]) -> int:
    return sum(round(one.mean * one.outcomes) for one in two if one.outcomes)


def _standing(outcome: Outcome, low: float, high: float) -> Standing:
    if low > 0 or high < 0:
        return "better" if (low > 0) == (outcome.better == "higher") else "worse"
    return "same" if -outcome.effect < low and high < outcome.effect else "early"


def _more(effect: float, two: list[Estimate], alpha: float) -> int | None:
    """From what one outcome scatters in each arm, and the share in which they come."""
    if not all(one.enough and one.variance for one in two):
        return None
    champion, challenger = two
    seen = champion.outcomes + challenger.outcomes
    scatter = [one.variance * one.outcomes for one in two]
    asked = needed(effect, scatter[0], scatter[1], challenger.outcomes / seen, alpha)
    return max(0, (asked.half if seen < asked.half else asked.most) - seen)
