"""What a group, or nearness in the file, does to a score: rows held out at random against whole groups or blocks held out."""

from dataclasses import dataclass

import numpy as np

from daybreak.audit.encoding import Codes, Encoded, Vector
from daybreak.audit.frame import Frame
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.probe import (
    cluster_variance,
    filled,
    folds_of_groups,
    out_of_fold,
    out_of_fold_and_on_test,
    probed,
    random_folds,
)
from daybreak.audit.problem import Problem
from daybreak.audit.sketch import thinned

MOST_ROWS = 4000  # a side
FOLDS = 5
BLOCKS = 20  # of which each fifth is held out together
FEWEST = 100
SORTED = 0.9  # rank correlation of a column with the position above which the file is sorted by it


@dataclass(frozen=True)
class Drop:
    """Scores of a quick forest with rows held out at random, and with whole groups held out; the standard error of the difference."""

    at_random: float
    apart: float
    error: float
    name: str  # "accuracy" or "skill"
    on_test: float | None = None

    @property
    def z(self) -> float:
        """Standard errors by which random rows are easier."""
        return (self.at_random - self.apart) / max(self.error, 1e-9)


def of_groups(frame: Frame, groups: Codes) -> Drop | None:
    """What knowing the groups is worth on train. `groups`: of each train row of the frame. None where it cannot be asked."""
    groups_by_position = dict(zip(frame.train.positions.tolist(), groups.tolist(), strict=True))
    frame = thinned(frame, MOST_ROWS, "group effect")
    try:
        encoded, problem = probed(frame)
    except NotApplicable:
        return None
    mine = np.array(
        [groups_by_position[position] for position in frame.train.positions[problem.rows].tolist()], np.int64
    )
    mine = np.where(mine < 0, -1 - np.arange(len(mine)), mine)  # rows without a group are groups of their own
    if len(mine) < FEWEST or len(np.unique(mine)) < 2:  # noqa: PLR2004
        return None
    X = filled(encoded.train, encoded.train)
    at_random = out_of_fold(X, problem, random_folds(len(mine), FOLDS, frame.seed, "effect"), frame.seed)
    apart = out_of_fold(X, problem, folds_of_groups(mine, FOLDS, frame.seed), frame.seed)
    return _drop(at_random, apart, mine, problem)


def of_neighbours(frame: Frame) -> Drop | None:
    """What nearness in the file is worth. None where rows are sorted by what they hold, or it cannot be asked.

    Whole blocks of neighbours are held out, and the score on test tells whether the split was by blocks or at random.
    """
    frame = thinned(frame, MOST_ROWS, "group effect")
    try:
        encoded, problem = probed(frame)
    except NotApplicable:
        return None
    count = len(problem.y)
    if count < FEWEST or len(problem.y_test) < FEWEST // 4 or _is_sorted(encoded, problem):
        return None
    blocks = _blocks(problem)
    at_random, on_test = out_of_fold_and_on_test(
        encoded, problem, random_folds(count, FOLDS, frame.seed, "effect"), frame.seed
    )
    folds = random_folds(BLOCKS, FOLDS, frame.seed, "blocks")[blocks]
    apart = out_of_fold(filled(encoded.train, encoded.train), problem, folds, frame.seed)
    return _drop(at_random, apart, blocks, problem, float(on_test.mean()))


def _drop(at_random: Vector, apart: Vector, clusters: Codes, problem: Problem, on_test: float | None = None) -> Drop:
    error = float(np.sqrt(cluster_variance(at_random - apart, clusters)))
    name = "skill" if problem.numeric else "accuracy"
    return Drop(float(at_random.mean()), float(apart.mean()), error, name, on_test)


def _blocks(problem: Problem) -> Codes:
    """Twenty runs of neighbouring rows within each class (or tenth of the values): a file sorted by its target still has all in each."""
    blocks = np.empty(len(problem.y), np.int64)
    tenths = np.unique(np.quantile(problem.y, np.linspace(0, 1, 11)[1:-1]))
    strata = np.searchsorted(tenths, problem.y) if problem.numeric else problem.y.astype(np.int64)
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
