"""Near neighbours judged by their ratios: distance to the nearest train row over that to the fifth nearest.

A ratio needs no scale, and stays where rows are dense, or denser in test. Honest rows have small ratios, too, the more often the fewer
dimensions the data has. So train's own rows are held against the rest of train (leave one out): the limit is the 0.1 % quantile of their
ratios, up to the 1 % quantile where train itself holds near copies and much more is found so. Test rows below it are near copies where
there are more of them than that null allows; the chance of so many is exact (where train's ratios stand among all: negative
hypergeometric).

Where train is full of near copies itself, and test as much, they are *inherited*: the split tore them apart. They are told by a ratio so
small that rows in four dimensions or more hardly ever have it by chance; the dimension is that of the data, not the number of columns
(from the median ratio, as in Facco et al., "Estimating the intrinsic dimension of datasets by a minimal neighborhood information", 2017).
"""

from dataclasses import dataclass, replace
from math import lgamma, log
from typing import Literal

import numpy as np

from daybreak.audit.overlap.rowspace import Floats, Places

Kind = Literal["none", "inherited", "unclear", "structural"]

LEVELS = (0.001, 0.003, 0.01)  # quantiles of train's own ratios
BLOCKS, PERHAPS = 3.2e-5, 1e-3  # chances under the null: of z > 4, and of something to look at
EXCESS = 0.001
WORTH = 0.9  # a wider limit is taken where a narrower one finds less than this part of the copies
MOSTLY = 3  # times as many rows as are expected: two thirds of what is told are copies
FIFTH = 4
SURE, FEWEST_DIMENSIONS = 0.04, 4.0  # the chance of such a ratio there: one in a hundred thousand
MANY, AT_LEAST = 0.01, 5  # share of train and of test, and rows of test, from which inherited ones are told


@dataclass(frozen=True)
class Near:
    """What was measured.

    `limit`: of ratios; `expected`: share of honest test rows below it; `chance`: of so many; `hits`: places among test rows,
    ascending; `partners`: of train.
    """

    kind: Kind
    limit: float
    expected: float
    chance: float
    asked: int
    hits: Places
    partners: Places
    ratios: Floats

    @property
    def share(self) -> float:
        """Of the test rows that were looked at."""
        return len(self.hits) / self.asked if self.asked else 0.0


def ratios_of(apart: Floats, places: Places) -> tuple[Floats, Places]:
    """Nearest over fifth nearest (n,), and the place of the nearest (n,), of distances (n, k) in ascending order."""
    far = apart[:, min(FIFTH, apart.shape[1] - 1)]
    return np.where(far > 0, apart[:, 0] / np.where(far > 0, far, 1), 1.0), places[:, 0]


def judged(null: Floats, asked: Places, ratios: Floats, partners: Places) -> Near:
    """The narrowest limit that finds nine in ten of the copies that the widest makes out.

    `null`: train's own ratios; `asked`, `ratios`, `partners`: test rows (n,), theirs, and the nearest train rows.
    """
    null, order = np.sort(null), np.argsort(asked)
    test = asked[order], ratios[order], partners[order]
    sure = dimension(null) >= FEWEST_DIMENSIONS
    ranks = {max(1, int(level * len(null))) for level in LEVELS}
    tried = [_below(float(null[rank - 1]), rank, len(null), *test) for rank in sorted(ranks)]
    tried += [_below(SURE, int((null < SURE).sum()) + 1, len(null), *test)] if sure else []
    copies = [0.0 if near.kind == "none" else near.asked * (near.share - near.expected) for near in tried]
    found = next(near for near, count in zip(tried, copies, strict=True) if count >= WORTH * max(copies))
    return _inherited(tried[-1]) if sure and found.kind == "none" else found


def dimension(null: Floats) -> float:
    """How many dimensions rows spread in, from the median ratio: (d1 / d5) ** dimension has the law Beta(1, 4)."""
    middle = float(np.median(null))
    return log(1 - 0.5**0.25) / log(middle) if 0 < middle < 1 else 0.0


def _inherited(near: Near) -> Near:
    """Test rows below the sure limit, where train's own are as many."""
    many = len(near.hits) >= AT_LEAST and min(near.share, near.expected) >= MANY
    return replace(near, kind="inherited") if many else near


def _below(limit: float, rank: int, null: int, asked: Places, ratios: Floats, partners: Places) -> Near:
    """Test rows whose ratio is below the limit, which is about the rank-th smallest of train's own."""
    below = ratios < limit
    count, expected = int(below.sum()), rank / (null + 1)
    chance = min(1.0, (len(LEVELS) + 1) * _chance(count, len(asked), rank, null))
    many = count > len(asked) * max(MOSTLY * expected, expected + EXCESS)
    kind: Kind = "none"
    if many and chance < PERHAPS:
        kind = "structural" if chance < BLOCKS else "unclear"
    return Near(kind, limit, expected, chance, len(asked), asked[below], partners[below], ratios[below])


def _chance(hits: int, asked: int, rank: int, null: int) -> float:
    """The chance that so many of `asked` honest ratios are below the rank-th smallest of `null` others, all in random order."""
    counts = range(hits, asked + 1)
    logs = [_log_choose(rank - 1 + k, k) + _log_choose(null - rank + asked - k, asked - k) for k in counts]
    return float(min(1.0, np.exp(np.array(logs) - _log_choose(null + asked, asked)).sum())) if hits else 1.0


def _log_choose(of: int, some: int) -> float:
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)
