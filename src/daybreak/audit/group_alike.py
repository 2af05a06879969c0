"""Are samples of one group more alike than others? A permutation test on the share of variance that lies between groups.

Anderson, "A new method for non-parametric multivariate analysis of variance", 2001. The features are compared within each class of the
target, so that a group is not found merely because its samples have one label; whether they do is asked on its own.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from daybreak.audit import chance
from daybreak.audit.encoding import Codes, Matrix

PERMUTATIONS = 199
MOST_ROWS = 4000
BEYOND = 5.0  # standard deviations above the permutations
TELLING = 0.01  # share of variance beyond chance
FEWEST_ROWS = 20


@dataclass(frozen=True)
class Alike:
    """How much a group says. `explained`: share of variance between groups beyond chance; `z`, `p`: against permuted groups."""

    explained: float
    z: float
    p: float

    @property
    def significant(self) -> bool:
        """Whether it is beyond chance, and enough to matter."""
        return self.z > BEYOND and self.p <= 2 / (1 + PERMUTATIONS) and self.explained > TELLING


NOTHING = Alike(0.0, 0.0, 1.0)


def alike(X: Matrix, groups: Codes, strata: Codes | None, seed: int) -> Alike:
    """Test (n, d) standardised numbers against groups (n,), -1 for none. `strata`: rows are permuted within these only."""
    rng = chance.generator(seed, "alike")
    rows = _of_whole_groups(groups, rng)
    if len(rows) < FEWEST_ROWS or not X.shape[1]:
        return NOTHING
    groups = np.unique(groups[rows], return_inverse=True)[1]
    within = np.zeros(len(rows), np.int64) if strata is None else np.unique(strata[rows], return_inverse=True)[1]
    X = _centred(X[rows].astype(np.float64), within)
    total = float((X**2).sum())
    if total <= 0:
        return NOTHING
    seen = _between(X, groups)
    null = [_between(X, groups[_permuted(within, rng)]) for _ in range(PERMUTATIONS)]
    mean, sd = float(np.mean(null)), float(np.std(null, ddof=1))
    p = (1 + sum(value >= seen for value in null)) / (1 + PERMUTATIONS)
    return Alike((seen - mean) / max(total - mean, 1e-12), (seen - mean) / max(sd, 1e-9 * total), p)


def _of_whole_groups(groups: Codes, rng: Any) -> Codes:
    """Rows of groups with at least two samples, of as many randomly drawn groups as make `MOST_ROWS`; of large groups some rows."""
    values, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    usable = (counts > 1) & (values >= 0)
    order = rng.permutation(np.flatnonzero(usable))
    if not len(order):
        return np.empty(0, np.int64)
    rank = rng.random(len(groups))
    most = max(MOST_ROWS // len(order), 50)
    taken = np.cumsum(np.minimum(counts[order], most)) <= MOST_ROWS
    chosen = np.isin(inverse, order[taken] if taken.any() else order[:1])
    rows = np.flatnonzero(chosen)
    rows = rows[np.lexsort((rank[rows], inverse[rows]))]
    starts = np.flatnonzero(np.r_[True, inverse[rows][1:] != inverse[rows][:-1]])
    place = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
    kept: Codes = rows[place < most]
    return kept


def _centred(X: Any, within: Codes) -> Any:
    counts = np.bincount(within)[:, None]
    return X - (_sums(X, within) / counts)[within]


def _sums(X: Any, codes: Codes) -> Any:
    from scipy import sparse

    rows = len(codes)
    return sparse.csr_matrix((np.ones(rows), (codes, np.arange(rows))), shape=(int(codes.max()) + 1, rows)) @ X


def _between(X: Any, groups: Codes) -> float:
    """The sum of squares between groups, of a centred matrix."""
    counts = np.bincount(groups)
    return float(((_sums(X, groups) ** 2).sum(axis=1) / counts).sum())


def _permuted(within: Codes, rng: Any) -> Codes:
    """An order of the rows in which each stays in its stratum."""
    order = np.empty(len(within), np.int64)
    order[np.argsort(within, kind="stable")] = np.lexsort((rng.random(len(within)), within))
    return order
