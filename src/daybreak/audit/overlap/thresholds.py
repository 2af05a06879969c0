"""When a likeness is a copy: what train's own samples look like to each other decides (leave one out), and nothing absolute.

A copy is far nearer than other samples are. Let d be the distance to the best partner and e the distance at which other partners lie (the
farthest quarter of the candidates, so that a dozen further copies do not hide one): the ratio d / e is about as large for a sample of
train against the rest of train as for an honest test sample against train. The limit is the 0.1 % quantile of those ratios, hence one in a
thousand honest test samples is a false hit. Copies that train itself holds are taken out of the quantile first, where they are sure.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from daybreak.audit.overlap.likeness import Likeness
from daybreak.audit.overlap.projection import Floats, Indices

Kind = Literal["none", "few", "inherited", "structural"]

QUANTILE = 0.001
SURE = 0.04  # a ratio that no two different samples of the sets looked at have had
WIDEST = 0.5  # no limit beyond: a copy is at least twice as near as others
FEWEST = 1000  # samples below which the tail is not seen, and is drawn out from the middle
Z, EXCESS = 4.0, 0.001
_MIDDLE = (0.5, 0.25)
_NORMAL = (0.674, 3.09)  # standard deviations to the 25 % and 0.1 % quantiles


@dataclass(frozen=True)
class Judged:
    """`limit`: of the ratio. `hits`: queries of test below it. Rates: of test, and of train against itself (the null)."""

    kind: Kind
    limit: float
    hits: Indices
    rate: float
    null: float
    z: float


def limit(ratios: Floats) -> float:
    """The ratio below which a pair counts as a copy. `ratios`: train against itself, inf where a sample has no likeness at all."""
    unsure = np.sort(ratios[ratios > SURE])
    if not len(unsure):
        return SURE
    found = float(unsure[max(0, int(QUANTILE * len(unsure)) - 1)])
    finite = unsure[np.isfinite(unsure)]
    if len(unsure) < FEWEST and len(finite) > len(unsure) // 2:
        middle, quarter = (float(np.log(np.quantile(finite, share))) for share in _MIDDLE)
        found = min(found, float(np.exp(middle - (middle - quarter) / _NORMAL[0] * _NORMAL[1])))
    return float(np.clip(found, SURE, WIDEST))


def judge(train: Likeness, test: Likeness) -> Judged:
    """Whether test has more copies in train than train has within itself: by more than 0.1 points, and z > 4.

    Where it has not, only pairs that are sure are hits: at the limit itself one in a thousand is false.
    """
    most = limit(train.ratio[~train.same])
    levels = (most, SURE) if most > SURE else (SURE,)
    for level in levels:
        judged = _judged(train, test, level)
        if judged.kind == "structural":
            return judged
    return _judged(train, test, min(SURE, most / 2))


def _judged(train: Likeness, test: Likeness, level: float) -> Judged:
    hits = np.flatnonzero((test.ratio <= level) & ~test.same)
    twins = int(((train.ratio <= level) & ~train.same).sum())
    n, m = max(1, len(test.ratio)), max(1, len(train.ratio))
    rate, null = len(hits) / n, twins / m
    z = _z(len(hits), n, twins, m)
    if not len(hits):
        kind: Kind = "none"
    elif z > Z and rate - null > EXCESS:
        kind = "structural"
    else:
        kind = "inherited" if twins and null > EXCESS else "few"
    return Judged(kind, level, hits, rate, null, z)


def _z(hits: int, n: int, twins: int, m: int) -> float:
    """Two shares, pooled. Twins of train come in pairs: they are half as many facts."""
    pooled = (hits + twins) / (n + m)
    spread = sqrt(pooled * (1 - pooled) * (1 / n + 2 / m))
    return (hits / n - twins / m) / spread if spread else 0.0
