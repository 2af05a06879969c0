"""Several objectives at once: non-dominated sorting, and a rung that ranks by it.

Deb et al., "A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II" (2002): fronts first, crowding distance within a
front. Fronts are kept up to date by inserting (Li et al., "Efficient Non-domination Level Update", 2017) instead of sorting anew.
"""

from collections.abc import Mapping, Sequence
from math import inf, isfinite
from operator import le

Losses = tuple[float, ...]


def dominates(left: Losses, right: Losses) -> bool:
    """No worse in any objective and better in one."""
    return left != right and all(map(le, left, right))


def crowding(front: Sequence[int], losses: Mapping[int, Losses]) -> dict[int, float]:
    """How alone each member of a front is: infinite at its ends, else the sum over objectives of the gap between its neighbours."""
    distance = dict.fromkeys(front, 0.0)
    for objective in range(len(losses[front[0]])):
        order = sorted(front, key=lambda trial: (losses[trial][objective], trial))
        low, high = losses[order[0]][objective], losses[order[-1]][objective]
        distance[order[0]] = distance[order[-1]] = inf
        if not (isfinite(high) and high > low):
            continue
        for before, trial, after in zip(order, order[1:], order[2:], strict=False):
            distance[trial] += (losses[after][objective] - losses[before][objective]) / (high - low)
    return distance


class Fronts:
    """Non-dominated levels of a growing set of trials; a trial costs one comparison with each member of the levels it meets."""

    __slots__ = ("levels", "losses")

    def __init__(self) -> None:
        self.losses: dict[int, Losses] = {}
        self.levels: list[list[int]] = []

    def insert(self, trial: int, losses: Losses) -> None:
        """Add one."""
        self.losses[trial] = losses
        moving, level = [trial], 0
        while moving:
            if level == len(self.levels):
                self.levels.append(moving)
                return
            moving = self._merge(level, moving)
            level += 1

    def _merge(self, level: int, moving: list[int]) -> list[int]:
        """Put into a level those that nothing of it dominates; hand on the others and what they displace."""
        known, here = self.losses, self.levels[level]
        staying = [t for t in moving if not any(dominates(known[other], known[t]) for other in here)]
        displaced = [t for t in here if any(dominates(known[other], known[t]) for other in staying)]
        gone = set(displaced)
        self.levels[level] = [t for t in here if t not in gone] + staying
        stayed = set(staying)
        return [t for t in moving if t not in stayed] + displaced

    def remove(self, trial: int) -> None:
        """Forget one; levels are built again. Rare: only failed trials leave."""
        del self.losses[trial]
        known, self.losses, self.levels = self.losses, {}, []
        for other, losses in known.items():
            self.insert(other, losses)

    def best(self, count: int) -> list[int]:
        """The best so many, level by level, the less crowded first in the level that does not fit whole."""
        chosen: list[int] = []
        for level in self.levels:
            if len(chosen) + len(level) > count:
                alone = crowding(level, self.losses)
                order = sorted(level, key=lambda trial: (-alone[trial], trial))
                return chosen + order[: count - len(chosen)]
            chosen += level
        return chosen


class ParetoRung:
    """A rung of several objectives, with the operations of `rungs.Rung`; ranks are worked out when first asked for after a change."""

    __slots__ = ("_among", "_fronts", "divisor", "finite", "passed")

    def __init__(self, divisor: int) -> None:
        self.divisor = divisor
        self.finite = 0
        self.passed: set[int] = set()
        self._fronts = Fronts()
        self._among: dict[int, None] | None = {}

    def __len__(self) -> int:
        return len(self._fronts.losses)

    def __contains__(self, trial: int) -> bool:
        return trial in self._fronts.losses

    @property
    def best(self) -> float:
        """The best first objective; inf when there is none."""
        return min((losses[0] for losses in self._fronts.losses.values()), default=inf)

    def loss(self, trial: int) -> float:
        """A member's first objective. Raises `KeyError`."""
        return self._fronts.losses[trial][0]

    def losses(self, trial: int) -> Losses:
        """All losses of a member. Raises `KeyError`."""
        return self._fronts.losses[trial]

    def leads(self, trial: int) -> bool:
        """Nothing dominates it."""
        return trial in self._fronts.levels[0]

    def add(self, trial: int, losses: Losses) -> None:
        """A value came in; a second one of the same trial replaces the first. A diverged objective makes all of them worst."""
        if trial in self:
            self.remove(trial)
        whole = all(map(isfinite, losses))
        self._fronts.insert(trial, losses if whole else (inf,) * len(losses))
        self.finite += whole
        self._among = None

    def remove(self, trial: int) -> None:
        """Forget a member."""
        self.finite -= isfinite(self.loss(trial))
        self._fronts.remove(trial)
        self._among = None

    def among(self, trial: int) -> bool:
        """True while it is among the best floor(n / divisor)."""
        return trial in self._best() and (isfinite(self.loss(trial)) or not self.finite)

    def admits(self, losses: Losses) -> bool:
        """True when a value like this would be among the best: nothing among the best may dominate it."""
        quota = (len(self) + 1) // self.divisor
        known = self._fronts.losses
        return quota > 0 and all(map(isfinite, losses)) and not any(dominates(known[t], losses) for t in self._best())

    def holds_up(self, trial: int) -> bool:
        """The stopping rule: among the best, of which there is at least one."""
        if not isfinite(self.loss(trial)):
            return not self.finite
        return trial in self._best() or (len(self) < self.divisor and self.leads(trial))

    def ready(self) -> int | None:
        """The first of the best that was not passed on, or None."""
        for trial in self._best():
            if trial not in self.passed:
                return trial if self.among(trial) else None
        return None

    def members(self) -> list[int]:
        """All members, the best level first."""
        return [trial for level in self._fronts.levels for trial in level]

    def pass_on(self, trial: int) -> None:
        """This trial went on beyond the rung."""
        self.passed.add(trial)

    def take_back(self, trial: int) -> None:
        """It may be ready again (the horizon was raised)."""
        self.passed.discard(trial)

    def _best(self) -> dict[int, None]:
        if self._among is None:
            self._among = dict.fromkeys(self._fronts.best(len(self) // self.divisor))
        return self._among
