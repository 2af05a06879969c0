"""When a likeness is a copy: what train's own samples look like to each other decides (leave one out), and nothing absolute.

A copy is far nearer than other samples are. Let d be the distance to the best partner and e the distance at which other partners lie (the
farthest quarter of the candidates, so that a dozen further copies do not hide one): the ratio d / e is about as large for a sample of
train against the rest of train as for an honest test sample against train. The limit is the 0.1 % quantile of those ratios, hence one in a
thousand honest test samples is a false hit. Copies that train itself holds are taken out of the quantile first, where they are sure.
"""

from dataclasses import dataclass

import numpy as np

from daybreak.audit.overlap.likeness import Likeness
from daybreak.audit.overlap.projection import Floats, Indices
from daybreak.audit.overlap.rates import Rates, rates

QUANTILE = 0.001
SURE = 0.04  # a ratio that no two different samples of the sets looked at have had
WIDEST = 0.5  # no limit beyond: a copy is at least twice as near as others
FEWEST = 1000  # samples below which the tail is not seen, and is drawn out from the middle
_MIDDLE = (0.5, 0.25)
_NORMAL = (0.674, 3.09)  # standard deviations to the 25 % and 0.1 % quantiles


@dataclass(frozen=True)
class Judged:
    """`limit`: of the ratio. `hits`: queries of test below it. `rates`: of test, and of train against itself (the null)."""

    limit: float
    hits: Indices
    rates: Rates


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


def judge(train: Likeness, test: Likeness, overlapping: int = 1) -> Judged:
    """Whether test has more copies in train than train has within itself.

    Where it has not, only pairs that are sure are hits: at the limit itself one in a thousand is false. `overlapping`: how many of
    train's samples share their content, as windows of a series do: so many times fewer facts they are.
    """
    most = limit(train.ratio[~train.same])
    for level in (most, SURE) if most > SURE else (SURE,):
        judged = judge_at(train, test, level, overlapping)
        if judged.rates.kind == "structural":
            return judged
    return judge_at(train, test, min(SURE, most / 2), overlapping)


def judge_at(train: Likeness, test: Likeness, level: float, overlapping: int = 1) -> Judged:
    """The same at one limit of the ratio."""
    hits = np.flatnonzero((test.ratio <= level) & ~test.same)
    twins = int(((train.ratio <= level) & ~train.same).sum())
    return Judged(
        level, hits, rates(len(hits), len(test.ratio), -(-twins // overlapping), len(train.ratio) // overlapping)
    )
