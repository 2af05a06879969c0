"""Do rows that are near in the file belong together, and does test lie among them? For data whose groups nobody wrote down.

Rows of one patient often stand together in a file. Then neighbours are alike, a model does better on rows held out at random than on
whole blocks of neighbouring rows, and on a test set drawn at random it does as well as on random rows.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from daybreak.audit import chance
from daybreak.audit.encoding import Codes, Encoded, Vector
from daybreak.audit.frame import Frame, Part
from daybreak.audit.group_alike import Alike, alike
from daybreak.audit.group_effect import Drop, drop_of
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.probe import filled, out_of_fold, out_of_fold_and_on_test, probed, random_folds
from daybreak.audit.problem import Problem
from daybreak.audit.sketch import standardised

MOST_ROWS = 4000  # of train
WINDOWS = 8  # stretches of the file that are looked at, where it is longer
FOLDS = 5
BLOCKS = 20  # of which each fifth is held out together
NEAR = 5  # rows that are called neighbours
FEWEST = 100
SORTED = 0.9  # rank correlation of a column with the position above which the file is sorted by it
BEYOND = 2.0  # standard errors by which random rows must be easier than blocks, where neighbours are alike beyond doubt
POINTS = 0.02


@dataclass(frozen=True)
class Neighbours:
    """What nearness says: how alike neighbours are, what they are worth to a score, and the score on test."""

    alike: Alike
    drop: Drop
    on_test: float

    @property
    def related(self) -> bool:
        """Whether neighbours belong together, and test was drawn among them."""
        worth = self.drop.z > BEYOND and self.drop.gap > POINTS
        return self.alike.significant and worth and self.on_test - self.drop.apart > self.drop.gap / 2


def neighbours(frame: Frame) -> Neighbours | None:
    """What nearness in the file is worth. None where rows are sorted by what they hold, or it cannot be asked."""
    frame = _windows(frame)
    try:
        encoded, problem = probed(frame)
    except NotApplicable:
        return None
    count = len(problem.y)
    if count < FEWEST or len(problem.y_test) < FEWEST // 4 or _is_sorted(encoded, problem):
        return None
    strata = _strata(problem)
    near = standardised(encoded.train, encoded.categorical)
    found = alike(near, _runs(strata, NEAR), strata, frame.seed)
    blocks = _blocks(strata)
    random = random_folds(count, FOLDS, frame.seed, "effect")
    at_random, on_test = out_of_fold_and_on_test(encoded, problem, random, frame.seed)
    folds = random_folds(BLOCKS, FOLDS, frame.seed, "blocks")[blocks]
    apart = out_of_fold(filled(encoded.train, encoded.train), problem, folds, frame.seed)
    return Neighbours(found, drop_of(at_random, apart, blocks, problem), float(on_test.mean()))


def _windows(frame: Frame) -> Frame:
    """Whole stretches of the file, the same share of either side: what was near stays near, and test rows keep their neighbours."""
    share = MOST_ROWS / max(len(frame.train.positions), 1)
    if share >= 1:
        return frame
    starts = (np.arange(WINDOWS) + chance.generator(frame.seed, "windows").random(WINDOWS) * (1 - share)) / WINDOWS
    return replace(frame, train=_within(frame.train, starts, share), test=_within(frame.test, starts, share))


def _within(part: Part, starts: Vector, share: float) -> Part:
    place = (part.positions + 0.5) / max(part.total, 1)
    window = np.minimum((place * WINDOWS).astype(int), WINDOWS - 1)
    chosen = np.flatnonzero((place >= starts[window]) & (place < starts[window] + share / WINDOWS))
    return Part(part.rows.take(pa.array(chosen)), part.positions[chosen], part.total)


def _strata(problem: Problem) -> Codes:
    """Classes, or tenths of the values."""
    if not problem.numeric:
        return problem.y.astype(np.int64)
    return np.searchsorted(np.unique(np.quantile(problem.y, np.linspace(0, 1, 11)[1:-1])), problem.y)


def _runs(strata: Codes, rows: int) -> Codes:
    """Runs of so many neighbouring rows of one stratum."""
    runs = np.empty(len(strata), np.int64)
    for stratum in np.unique(strata):
        at = np.flatnonzero(strata == stratum)
        runs[at] = np.arange(len(at)) // rows + stratum * len(strata)
    return runs


def _blocks(strata: Codes) -> Codes:
    """Twenty runs of neighbouring rows within each class (or tenth of the values): a file sorted by its target still has all in each."""
    blocks = np.empty(len(strata), np.int64)
    for stratum in np.unique(strata):
        at = np.flatnonzero(strata == stratum)
        blocks[at] = np.arange(len(at)) * BLOCKS // len(at)
    return blocks


def _is_sorted(encoded: Encoded, problem: Problem) -> bool:
    """Whether the rows stand in the order of a column, all of them or within each class: blocks of them are hard for that reason alone."""
    strata = problem.y if not problem.numeric else np.zeros(len(problem.y))
    for i in range(encoded.train.shape[1]):
        column = np.nan_to_num(encoded.train[:, i].astype(np.float64))
        if encoded.categorical[i]:
            if _in_runs(column):
                return True
        elif _monotone(column) or all(_monotone(column[strata == s]) for s in np.unique(strata)):
            return True
    return False


def _monotone(values: Vector) -> bool:
    from scipy.stats import rankdata

    if len(values) < 5 or values.min() == values.max():  # noqa: PLR2004 (too few to tell)
        return False
    ranks = rankdata(values)
    return bool(abs(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1]) > SORTED)


def _in_runs(codes: Vector) -> bool:
    """Whether equal values stand together."""
    runs = 1 + int((codes[1:] != codes[:-1]).sum())
    distinct = len(np.unique(codes))
    return distinct > 1 and runs <= 2 * distinct and runs < len(codes) / 4
