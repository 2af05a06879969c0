"""Who stands where: losses by rung, in order of merit, kept sorted as they come in."""

from bisect import bisect_left, insort
from math import inf

from daybreak.search.pareto import Fronts, crowding
from daybreak.search.searcher import Losses

_Key = tuple[float, int]  # (loss, trial)


class Standings:
    """Losses told at each rung. With several objectives the order is by non-dominated front, then by crowding."""

    def __init__(self, objectives: int) -> None:
        self._objectives = objectives
        self._losses: dict[int, dict[int, Losses]] = {}
        self._sorted: dict[int, list[_Key]] = {}
        self._fronts: dict[int, Fronts] = {}

    def tell(self, trial: int, units: int, losses: Losses) -> None:
        """A trial's losses at `units`; a second time at the same rung replaces the first."""
        rung = self._losses.setdefault(units, {})
        before = rung.get(trial)
        rung[trial] = losses
        if self._objectives == 1:
            order = self._sorted.setdefault(units, [])
            if before is not None:
                del order[bisect_left(order, (before[0], trial))]
            insort(order, (losses[0], trial))
        elif before is None:
            self._fronts.setdefault(units, Fronts()).insert(trial, losses)
        else:
            self._fronts[units] = fronts = Fronts()
            for other, known in rung.items():
                fronts.insert(other, known)

    def rung(self, enough: int) -> int | None:
        """The highest rung with enough values, one of them finite."""
        return max(
            (units for units, rung in self._losses.items() if len(rung) >= enough and self._any_finite(units)),
            default=None,
        )

    def split(self, units: int, good: int, most: int) -> tuple[list[int], list[int]]:
        """The best trials of a rung (`good`, fewer where losses are infinite), and at most `most` of the others, spread evenly."""
        if self._objectives == 1:
            ranked = self._sorted[units]
            best = [trial for loss, trial in ranked[:good] if loss < inf]
            return best, [trial for _, trial in ranked[len(best) :: _stride(len(ranked) - len(best), most)]]
        order, rung = self._by_front(units, good), self._losses[units]
        best = [trial for trial in order[:good] if max(rung[trial]) < inf]
        chosen = set(best)
        others = [trial for trial in order if trial not in chosen]
        return best, others[:: _stride(len(others), most)]

    def losses(self, units: int) -> dict[int, Losses]:
        """What was told at a rung, by trial."""
        return self._losses[units]

    def count(self, units: int) -> int:
        """How many values a rung has."""
        return len(self._losses[units])

    def _by_front(self, units: int, exact: int) -> list[int]:
        """All trials, by merit where it is among the first `exact`, by front beyond."""
        ordered: list[int] = []
        for front in self._fronts[units].levels:
            if len(ordered) < exact:
                alone = crowding(front, self._losses[units])
                ordered += sorted(front, key=lambda trial: (-alone[trial], trial))
            else:
                ordered += front
        return ordered

    def _any_finite(self, units: int) -> bool:
        if self._objectives == 1:
            return self._sorted[units][0][0] < inf
        return any(max(losses) < inf for losses in self._losses[units].values())


def _stride(count: int, most: int) -> int:
    """The step at which `count` things become at most `most`."""
    return max(1, -(-count // most))
