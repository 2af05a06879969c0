"""What a group does to a score: rows held out at random against whole groups held out."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from daybreak.audit import chance
from daybreak.audit.encoding import Codes, Vector
from daybreak.audit.frame import Frame, Part
from daybreak.audit.outcome import NotApplicable
from daybreak.audit.probe import cluster_variance, filled, folds_of_groups, out_of_fold, probed, random_folds
from daybreak.audit.problem import Problem

MOST_ROWS = 4000  # of train
FOLDS = 5
FEWEST = 100
LARGE = 20  # rows of a group from which on it may lose some


@dataclass(frozen=True)
class Drop:
    """Scores of a quick forest with rows held out at random, and with whole groups held out; the standard error of the difference."""

    at_random: float
    apart: float
    error: float
    name: str  # "accuracy" or "skill"

    @property
    def gap(self) -> float:
        """How much better it does on random rows."""
        return self.at_random - self.apart

    @property
    def z(self) -> float:
        """The gap in standard errors."""
        return self.gap / max(self.error, 1e-9)


def of_groups(frame: Frame, groups: Codes) -> Drop | None:
    """What knowing the groups is worth on train. `groups`: of each train row of the frame. None where it cannot be asked."""
    chosen = _some(groups, frame.seed)
    train = Part(frame.train.rows.take(pa.array(chosen)), frame.train.positions[chosen], frame.train.total)
    frame = replace(frame, train=train, test=_first(frame.test, MOST_ROWS))
    try:
        encoded, problem = probed(frame)
    except NotApplicable:
        return None
    mine = groups[chosen][problem.rows]
    mine = np.where(mine < 0, -1 - np.arange(len(mine)), mine)  # rows without a group are groups of their own
    if len(mine) < FEWEST or len(np.unique(mine)) < 2:  # noqa: PLR2004
        return None
    X = filled(encoded.train, encoded.train)
    at_random = out_of_fold(X, problem, random_folds(len(mine), FOLDS, frame.seed, "effect"), frame.seed)
    apart = out_of_fold(X, problem, folds_of_groups(mine, FOLDS, frame.seed), frame.seed)
    return drop_of(at_random, apart, mine, problem)


def _some(groups: Codes, seed: int) -> Codes:
    """At most `MOST_ROWS` rows: whole groups where they are small, so that who is in has its others in, too."""
    if len(groups) <= MOST_ROWS:
        return np.arange(len(groups))
    rng = chance.generator(seed, "some groups")
    values, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    rank = rng.random(len(values) if np.median(counts) < LARGE else len(groups))
    order = np.argsort(rank[inverse] if len(rank) == len(values) else rank, kind="stable")
    return np.sort(order[:MOST_ROWS])


def _first(part: Part, most: int) -> Part:
    return part if len(part.positions) <= most else Part(part.rows.slice(0, most), part.positions[:most], part.total)


def drop_of(at_random: Vector, apart: Vector, clusters: Codes, problem: Problem) -> Drop:
    """The drop from rightness row by row, (n,), twice. `clusters`: rows of one are no independent evidence."""
    error = float(np.sqrt(cluster_variance(at_random - apart, clusters)))
    return Drop(float(at_random.mean()), float(apart.mean()), error, "skill" if problem.numeric else "accuracy")
