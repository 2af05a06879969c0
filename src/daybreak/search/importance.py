"""How much each hyperparameter matters for the score, as shares that add up to 1.

Where enough points share their hyperparameters: PED-ANOVA (Watanabe, Bansal and Hutter, IJCAI 2023) through Optuna. Else our own:
how much of the variance of the trials' ranks lies between groups of a hyperparameter's values (Kruskal and Wallis' H
over n - 1, less what chance would give), which also does for few points and for conditional hyperparameters.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daybreak.search.spaces import Space
from daybreak.spec.domains import Point

FEW = 30  # points from which PED-ANOVA is asked
GROUPS = 4  # of an ordered hyperparameter's values, of equal size


def importance(space: Space, points: Sequence[Point], losses: Sequence[float]) -> dict[str, float]:
    """Share by name, the largest first; smaller losses are better, infinite ones count as the worst.

    Empty where nothing can be told: fewer than 4 points, or losses or hyperparameters that do not vary.
    """
    if len(points) < GROUPS or not space.columns or len(set(losses)) < 2:  # noqa: PLR2004 (nothing varies)
        return {}
    method = _ped_anova if _suits_ped_anova(space, points, losses) else _by_rank
    raw = method(space, points, losses)
    total = sum(raw.values())
    if not total:
        return {}
    return dict(sorted(((name, value / total) for name, value in raw.items()), key=lambda item: (-item[1], item[0])))


def _suits_ped_anova(space: Space, points: Sequence[Point], losses: Sequence[float]) -> bool:
    """Enough points, few ties among their losses, and all hyperparameters in all of them."""
    always = all(space.domains[name].when is None for name in space.columns)
    return len(points) >= FEW and 2 * len(set(losses)) > len(losses) and always and all(map(space.contains, points))


def _by_rank(space: Space, points: Sequence[Point], losses: Sequence[float]) -> dict[str, float]:
    at = np.array([space.encode(point) for point in points])
    ranks = _ranks(np.asarray(losses, dtype=np.float64))
    return {
        name: _between(_grouped(at[:, place], ordered=space.axes[name].ordered), ranks)
        for place, name in enumerate(space.columns)
    }


def _between(groups: NDArray[np.int64], ranks: NDArray[np.float64]) -> float:
    """Share of the ranks' variance between groups, less its expectation under chance (epsilon squared); 0 at least."""
    n, total = len(ranks), float(((ranks - ranks.mean()) ** 2).sum())
    names = np.unique(groups)
    if len(names) < 2 or len(names) >= n or total == 0.0:  # noqa: PLR2004 (one group explains nothing)
        return 0.0
    between = sum(float((groups == g).sum()) * float(ranks[groups == g].mean() - ranks.mean()) ** 2 for g in names)
    within = (total - between) / (n - len(names))
    return max(0.0, (between - (len(names) - 1) * within) / total)


def _grouped(at: NDArray[np.float64], *, ordered: bool) -> NDArray[np.int64]:
    """Groups of about equal size of what is ordered, one per option of what is not; one more for absent."""
    groups = np.full(len(at), -1, dtype=np.int64)
    there = ~np.isnan(at)
    if ordered and there.any():
        ranks = _ranks(at[there])
        groups[there] = np.minimum(ranks / max(1, there.sum()) * GROUPS, GROUPS - 1).astype(np.int64)
    elif there.any():
        groups[there] = np.unique(at[there], return_inverse=True)[1]
    return groups


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0; equal values share the middle of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    return np.asarray((ends - (count + 1) / 2)[place], dtype=np.float64)


def _ped_anova(space: Space, points: Sequence[Point], losses: Sequence[float]) -> dict[str, float]:
    from daybreak.search.samplers.optuna_adapter import ped_anova  # noqa: PLC0415 (half a second of imports)

    worst = max((loss for loss in losses if math.isfinite(loss)), default=0.0)
    return ped_anova(space, points, [min(loss, worst) for loss in losses])
