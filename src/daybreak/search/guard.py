"""The guard looks at what is cut at a rung, and whether it deserved it.

Early stopping harms silently where ranks at a rung say little about ranks at the next. So of the trials that would freeze some go
on one rung beyond the cut, chosen by a named random stream, while they cost at most a set share of all units. Together with the
promoted ones they show how values at a rung and at the next go together.

**Estimate.** Promoted trials are all seen at the next rung, cut ones only where graced: a sample stratified by the cut. Each seen
trial stands for `members of its stratum / seen of its stratum`, which makes the sample represent the whole rung; of that, the weighted
Spearman correlation. Its 90 % interval is Fisher's z with the variance of Bonett and Wright (2000) at the effective number
of trials, `(sum w)^2 / sum w^2`.

**Rule.** A cut is *no better than chance* when at least `FEWEST` graced trials were seen and the interval's upper end is below `LOW`.
Then the first rung is lifted, and the burden of proof turns: each cut above it is lifted with it, up to the first of which at least
`HOLDS_PAIRS` pairs show a correlation of `HOLDS` or more. The first rung in use is looked at again at each graced trial, which makes
it easier to be wrong than one look would. Measured as it is used (promotion, eta 3, rungs 1 to 81, 400 trials, 200 searches for each
true correlation of normal values at neighbouring rungs, guard 10 %): the first rung was lifted in 199 of 200 at 0 (in half of them
within 300 units, in 88 % within 600), in 100 of 200 at 0.3, and in none at 0.6 and at 0.9. The guard spent 8 % of the units at 0
until it was sure, and 5 % at 0.6 and at 0.9. The 90 % interval held the truth in 83 % (at 0) to 93 % (at 0.9) of 60 searches of 120 trials.

**Who is graced.** Of the trials about to freeze at the first rung in use `CHANCE`, until its cut is *sound* (the interval is wholly
above `SURE`); `WATCHFUL` elsewhere; fewer where the cut is sound. So where stopping early pays, the guard soon costs next to nothing.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import atanh, inf, sqrt, tanh
from typing import Any

from daybreak.base.streams import Stream

Losses = tuple[float, ...]
Pair = tuple[Losses, Losses]  # losses at a rung and at the next

FEWEST = 8  # graced trials before a cut is condemned
SOUND_FEWEST = 4  # graced trials before a cut is called sound
LOW = 0.35  # an interval wholly below this: the cut is no better than chance
SURE = 0.3  # an interval wholly above this: the cut is sound
HOLDS, HOLDS_PAIRS = 0.4, 6  # what saves a cut above one that was condemned
KEEP = 64  # latest pairs of each stratum that are looked at
EVERY = 8  # once so many graced trials are there, every so many of them are looked at
CHANCE = 0.5  # that a trial about to freeze at the first rung in use is graced
WATCHFUL = 0.05  # the same at other rungs
CALM = 0.02  # the same where the cut is sound
Z90 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Correlation:
    """A rank correlation between a rung and the next, with its 90 % interval and the graced trials it rests on."""

    value: float
    low: float
    high: float
    graced: int


def midranks(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The weight below each value plus half the weight that ties with it."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ordered = [values[i] for i in order]
    below = [0.0]
    for i in order:
        below.append(below[-1] + weights[i])
    return [(below[bisect_left(ordered, value)] + below[bisect_right(ordered, value)]) / 2 for value in values]


def spearman(xs: Sequence[float], ys: Sequence[float], weights: Sequence[float]) -> float:
    """Weighted rank correlation; 0 where one side is constant."""
    ranks_x, ranks_y = midranks(xs, weights), midranks(ys, weights)
    total = sum(weights)
    mean_x = sum(w * r for w, r in zip(weights, ranks_x, strict=True)) / total
    mean_y = sum(w * r for w, r in zip(weights, ranks_y, strict=True)) / total
    xx = xy = yy = 0.0
    for w, x, y in zip(weights, ranks_x, ranks_y, strict=True):
        xx += w * (x - mean_x) ** 2
        yy += w * (y - mean_y) ** 2
        xy += w * (x - mean_x) * (y - mean_y)
    return xy / sqrt(xx * yy) if xx > 0 and yy > 0 else 0.0


def interval(value: float, effective: float) -> tuple[float, float]:
    """A correlation's 90 % interval; (-1, 1) with four trials or fewer."""
    if effective <= 4:  # noqa: PLR2004 (the variance has n - 3 below its line)
        return -1.0, 1.0
    middle = atanh(max(min(value, 0.999), -0.999))
    reach = Z90 * sqrt((1 + value * value / 2) / (effective - 3))
    return tanh(middle - reach), tanh(middle + reach)


def scalar(side: Sequence[Losses]) -> list[float]:
    """One number per trial: its loss, or with several objectives the mean of its ranks."""
    if len(side[0]) == 1:
        return [losses[0] for losses in side]
    even = [1.0] * len(side)
    ranks = [midranks([losses[i] for losses in side], even) for i in range(len(side[0]))]
    return [sum(each) for each in zip(*ranks, strict=True)]


def wilson(hits: int, of: int) -> tuple[float, float]:
    """90 % interval of a share (Wilson, 1927)."""
    if of == 0:
        return 0.0, 1.0
    share, spread = hits / of, Z90 * Z90 / of
    middle = (share + spread / 2) / (1 + spread)
    reach = Z90 * sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return max(min(middle - reach, share), 0.0), min(max(middle + reach, share), 1.0)


@dataclass(slots=True)
class Evidence:
    """What was seen of one cut. A graced trial that the rung promotes after all moves from the cut to the promoted."""

    promoted: deque[Pair] = field(default_factory=lambda: deque(maxlen=KEEP))
    cut: dict[int, Pair] = field(default_factory=dict)
    best_promoted: float = inf

    def correlation(self, promoted: int, cut: int) -> Correlation:
        """Of a rung where so many trials were promoted and so many cut."""
        if not self.cut and not self.promoted:
            return Correlation(0.0, -1.0, 1.0, 0)
        graced = list(self.cut.values())[-KEEP:]
        pairs = [*graced, *self.promoted]
        weights = [cut / len(graced)] * len(graced) if graced else []
        weights += [promoted / len(self.promoted)] * len(self.promoted) if self.promoted else []
        if not any(weights):  # nobody was seen, or those who were stand for nobody: their rung was lifted
            return Correlation(0.0, -1.0, 1.0, len(self.cut))
        value = spearman(scalar([x for x, _ in pairs]), scalar([y for _, y in pairs]), weights)
        effective = sum(weights) ** 2 / sum(w * w for w in weights)
        return Correlation(value, *interval(value, effective), len(self.cut))

    def regret(self, cut: int) -> dict[str, Any]:
        """What cutting so many trials cost.

        `share`: of the cut trials that were seen, those that beat the best promoted one at the next rung, with its 90 % interval;
        `missed`: so many of all; `gain`: by how much the best of those seen beat it, in losses.
        """
        losses = [pair[1][0] for pair in self.cut.values()]
        hits = sum(loss < self.best_promoted for loss in losses)
        share = hits / len(losses) if losses else 0.0
        low, high = wilson(hits, len(losses))
        gain = self.best_promoted - min(losses) if hits and self.best_promoted < inf else 0.0
        return {"seen": len(losses), "share": share, "low": low, "high": high, "missed": share * cut, "gain": gain}


class Guard:
    """Chooses who goes beyond a cut, keeps the evidence and judges the cuts of one ladder."""

    __slots__ = ("_evidence", "_seed", "_sound", "_stream", "count", "share", "units")

    def __init__(self, seed: int, stream: str, share: float) -> None:
        self._seed = seed
        self._stream = stream
        self.share = share
        self.units = 0  # granted to graced trials
        self.count = 0
        self._evidence: dict[int, Evidence] = {}
        self._sound: set[int] = set()

    def picks(self, trial: int, index: int, first: bool, cost: int, spent: int) -> bool:
        """Whether this trial, about to freeze at a rung, goes on for `cost` units; `spent` are all units so far.

        `first`: it is the first rung in use.
        """
        if self.units + cost > self.share * spent:
            return False
        chance = CALM if index in self._sound else CHANCE if first else WATCHFUL
        if Stream(self._seed, "guard", self._stream, trial, index).uniform() >= chance:
            return False
        self.units += cost
        self.count += 1
        return True

    def saw_promoted(self, index: int, before: Losses, after: Losses) -> None:
        """A promoted trial stands at the rung after `index`."""
        evidence = self._at(index)
        evidence.promoted.append((before, after))
        evidence.best_promoted = min(evidence.best_promoted, after[0])

    def saw_graced(self, trial: int, index: int, before: Losses, after: Losses) -> None:
        """A graced trial stands at the rung after `index`."""
        self._at(index).cut[trial] = (before, after)

    def redeemed(self, trial: int, index: int) -> None:
        """A graced trial was promoted after all."""
        pair = self._at(index).cut.pop(trial, None)
        if pair is not None:
            self.saw_promoted(index, *pair)

    def condemns(self, index: int, promoted: int, cut: int) -> Correlation | None:
        """The evidence that the cut at this rung is no better than chance, or None."""
        graced = len(self._at(index).cut)
        if graced < SOUND_FEWEST or (graced > KEEP and graced % EVERY):
            return None
        seen = self._at(index).correlation(promoted, cut)
        if seen.low > SURE:
            self._sound.add(index)
        else:
            self._sound.discard(index)
        return seen if graced >= FEWEST and seen.high < LOW else None

    def holds(self, index: int, promoted: int, cut: int) -> bool:
        """Whether a cut above a condemned one has shown that it is worth something."""
        evidence = self._at(index)
        pairs = len(evidence.promoted) + len(evidence.cut)
        return pairs >= HOLDS_PAIRS and evidence.correlation(promoted, cut).value >= HOLDS

    def facts(self, index: int, promoted: int, cut: int) -> dict[str, Any]:
        """One rung's correlation and regret, for people."""
        evidence = self._at(index)
        seen = evidence.correlation(promoted, cut)
        return {
            "correlation": seen.value if seen.graced else None,
            "low": seen.low,
            "high": seen.high,
            "graced": seen.graced,
            "regret": evidence.regret(cut),
        }

    def _at(self, index: int) -> Evidence:
        found = self._evidence.get(index)
        if found is None:
            found = self._evidence[index] = Evidence()
        return found
