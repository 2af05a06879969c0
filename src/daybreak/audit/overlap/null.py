"""The null of exact overlap: how many test rows would have an equal in train if the data had been split by lot.

A train row has a twin among the other train rows about as often as a fresh row of the same source has one in train (leave one out), so
the rate of twins is what an honest split gives. Three questions are asked of an excess, and an overlap is *structural* if each says yes:

1. z > 4 of the two shares (pooled), and an excess of more than 0.1 points: the rule.
2. The same where only rows with at most three equals in train count, on both sides. Values that repeat a hundred times (an empty form, an
   idle sensor) may be more frequent in test than in train without any copy; copies show as rows that train has otherwise never seen.
3. Rows that are equal come in groups, so hits are fewer independent facts than they look. All groups of either side are split by lot
   4,999 times: at most 1 in 200 of the splits may reach the excess.

An excess that no split by lot explains, but of less than 0.1 points, is *few*; one that 1 in 200 to 1 in
100 splits reach (1 in 20 where train holds nothing twice) is *unclear*, unless train's twins explain at least half of the overlap: then it
is inherited, as the rule says.

Where train repeats more than twice as often as test overlaps (copied or oversampled after the split), its twins are no yardstick:
then those within test are, scaled to the number of different train rows, and the overlap must be more than twice what they say.
"""

from math import sqrt
from typing import Literal, NamedTuple

import numpy as np

from daybreak.audit.chance import generator
from daybreak.audit.overlap.joining import Counts
from daybreak.audit.overlap.rates import EXCESS, Z

Kind = Literal["none", "inherited", "few", "unclear", "structural"]

BY_LOT, PERHAPS = 0.005, 0.01  # how often splits by lot may reach the excess: structural, unclear
PERHAPS_ALONE = 0.05  # unclear where train itself holds nothing twice
_DRAWS = 4999
_ONE_BY_ONE = 64  # groups up to this size are drawn by their distribution


class Judged(NamedTuple):
    """`share`: of test rows that have an equal in train; `null`: expected of an honest split; `by_lot`: share of splits that reach it.

    `repeated`: train's twins were no yardstick, test's are.
    """

    kind: Kind
    share: float
    null: float
    z: float
    by_lot: float = 1.0
    repeated: bool = False

    @property
    def excess(self) -> float:
        """Share above the null."""
        return self.share - self.null


def judge(counts: Counts, seed: int = 0) -> Judged:
    """Whether test rows stand in train more often than an honest split would have it."""
    share, null = _share(counts.hits, counts.test_rows), _share(counts.twins, counts.train_rows)
    z = z_of(counts.hits, counts.test_rows, counts.twins, counts.train_rows)
    if not counts.hits:
        return Judged("none", share, null, z)
    if share < null / 2:
        return _by_test(counts, Judged("inherited", share, null, z))
    if share <= null:
        return Judged("inherited", share, null, z)
    by_lot = _reached_by_lot(counts, seed)
    few = z_of(counts.few_hits, counts.test_rows, counts.few_twins, counts.train_rows)
    strayed = by_lot <= (PERHAPS if counts.twins else PERHAPS_ALONE)
    kind: Kind = "unclear" if strayed and null < share / 2 else "inherited"
    if share - null <= EXCESS:
        kind = "few" if by_lot <= BY_LOT else "inherited"
    elif min(z, few) > Z and by_lot <= BY_LOT:
        kind = "structural"
    return Judged(kind, share, null, z, by_lot)


def _by_test(counts: Counts, judged: Judged) -> Judged:
    """Judged by the twins within test, where train repeats itself."""
    different = counts.train_rows - counts.repeats
    null = min(1.0, _share(counts.test_twins, counts.test_rows) * max(1.0, _share(different, counts.test_rows)))
    z = z_of(counts.hits, counts.test_rows, null * counts.test_rows, counts.test_rows)
    if z > Z and judged.share > max(2 * null, null + EXCESS):
        return Judged("structural", judged.share, null, z, repeated=True)
    return judged


def _share(part: float, whole: int) -> float:
    return part / whole if whole else 0.0


def z_of(part: float, whole: int, other_part: float, other_whole: int) -> float:
    """Two shares against each other, pooled variance."""
    if not whole or not other_whole:
        return 0.0
    pooled = (part + other_part) / (whole + other_whole)
    spread = sqrt(pooled * (1 - pooled) * (1 / whole + 1 / other_whole))
    return (part / whole - other_part / other_whole) / spread if spread else 0.0


def _reached_by_lot(counts: Counts, seed: int) -> float:
    """How often the excess is reached when each row of a group goes to either side by lot."""
    to_test = counts.test_rows / (counts.train_rows + counts.test_rows)
    draw = generator(seed, "overlap.exact", "by lot")
    excess = np.zeros(_DRAWS)
    for size, groups in sorted(counts.sizes.items()):
        if size > _ONE_BY_ONE:  # no side stays without it: each row in test is a hit, each in train a twin
            test = draw.binomial(size * groups, to_test, _DRAWS)
            excess += test / counts.test_rows - (size * groups - test) / counts.train_rows
            continue
        test = np.arange(size + 1)
        gains = np.where(test < size, test / counts.test_rows, 0) - np.where(
            test < size - 1, (size - test) / counts.train_rows, 0
        )
        excess += draw.multinomial(groups, _binomial(size, to_test), _DRAWS) @ gains
    reached = int((excess >= counts.hits / counts.test_rows - counts.twins / counts.train_rows - 1e-12).sum())
    return (reached + 1) / (_DRAWS + 1)


def _binomial(size: int, chance: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Probabilities of 0 .. size."""
    probabilities = np.ones(1)
    for _ in range(size):
        probabilities = np.convolve(probabilities, [1 - chance, chance])
    return np.asarray(probabilities / probabilities.sum())
