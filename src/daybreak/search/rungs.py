"""Rungs: at how many units trials are compared, and which of a rung's values are among its best.

Lengths follow successive halving (Jamieson and Talwalkar, 2016; Li et al., "A System for Massively Parallel Hyperparameter Tuning",
2020), with exact integer logarithms: floating point loses a rung at 243, 1000 and 59049.
"""

from bisect import bisect_right
from heapq import heappop, heappush
from math import inf

from daybreak.spec.models import Search

Losses = tuple[float, ...]
_Key = tuple[float, int]  # (loss, order of arrival): the earlier of two equal values is the better
_IN, _OUT = 1, 0


def whole_log(value: int, base: int) -> int:
    """The largest k with base**k <= value. Raises `ValueError` unless value >= 1 and base >= 2."""
    if value < 1 or base < 2:  # noqa: PLR2004 (a logarithm's base)
        raise ValueError(f"value >= 1 and base >= 2 must hold, got value={value}, base={base}")
    k, power = 0, base
    while power <= value:
        k, power = k + 1, power * base
    return k


def rung_lengths(rungs: int, max_units: int, divisor: int) -> list[int]:
    """Units of each rung, ascending: `max(floor(max_units / divisor^(rungs-1-i)), 1)`, duplicates removed."""
    return sorted({max(max_units // divisor ** (rungs - 1 - i), 1) for i in range(rungs)})


def ladder_of(search: Search, horizon: int | None) -> "Ladder":
    """The rungs of one experiment. The last is exactly the horizon, the first exactly `min_units` where given.

    Else as many as the horizon allows, at most `max_rungs`: from the horizon down by the reduction, or from 1 up where that comes first.
    """
    eta = search.reduction
    if horizon is None:
        return Ladder([search.min_units or 1], eta, None)
    if search.min_units is None and horizon >= eta ** (search.max_rungs - 1):
        return Ladder(rung_lengths(search.max_rungs, horizon, eta), eta, horizon)
    lengths = [min(search.min_units or 1, horizon)]
    while lengths[-1] * eta < horizon:
        lengths.append(lengths[-1] * eta)
    return Ladder([*(u for u in lengths if worth_a_rung(u, horizon, eta)), horizon], eta, horizon)


def worth_a_rung(units: int, horizon: int, divisor: int) -> bool:
    """Whether the way from there to the horizon is at least half a step: a factor of the divisor's square root."""
    return units * units * divisor <= horizon * horizon


class Ladder:
    """Ascending rung lengths; without a horizon it goes on for ever, times the divisor at each rung."""

    __slots__ = ("divisor", "horizon", "lengths")

    def __init__(self, lengths: list[int], divisor: int, horizon: int | None) -> None:
        self.lengths = lengths
        self.divisor = divisor
        self.horizon = horizon

    def units(self, index: int) -> int:
        """Units of a rung; rungs beyond the last one written down exist only without a horizon."""
        while self.horizon is None and index >= len(self.lengths):
            self.lengths.append(self.lengths[-1] * self.divisor)
        return self.lengths[index]

    def is_top(self, index: int) -> bool:
        """True for the horizon's rung."""
        return self.horizon is not None and index >= len(self.lengths) - 1

    def index_at(self, units: int) -> int:
        """The highest rung with at most so many units; -1 below the first."""
        if self.horizon is None:
            while self.lengths[-1] < units:
                self.lengths.append(self.lengths[-1] * self.divisor)
        return bisect_right(self.lengths, units) - 1

    def settle(self, horizon: int, reached: int) -> None:
        """The horizon became known. Rungs up to `reached` units hold values and stay; one too close to the end goes."""
        top = max(horizon, reached)
        while self.lengths[-1] * self.divisor < top:
            self.lengths.append(self.lengths[-1] * self.divisor)
        kept = [u for u in self.lengths if u < top and (u <= reached or worth_a_rung(u, top, self.divisor))]
        self.lengths = [*kept, top]
        self.horizon = top


class Rung:
    """The values at one rung, split into its best and the rest by two heaps, so that each operation is O(log n).

    *Among the best* are floor(n / divisor) of its n members. A member is *ready* while it is among them and was not passed on.
    `inf` is the worst, and neither ready nor among the best while the rung holds a finite value.
    """

    __slots__ = (
        "_arrivals",
        "_inside",
        "_keys",
        "_outside",
        "_ready",
        "_side",
        "_within",
        "best",
        "divisor",
        "finite",
        "passed",
    )

    def __init__(self, divisor: int) -> None:
        self.divisor = divisor
        self.finite = 0
        self.best = inf
        self.passed: set[int] = set()
        self._arrivals = 0
        self._within = 0
        self._keys: dict[int, _Key] = {}
        self._side: dict[int, int] = {}
        self._inside: list[tuple[float, int, int]] = []  # (-loss, -arrival, trial): the worst of the best on top
        self._outside: list[tuple[float, int, int]] = []  # (loss, arrival, trial): the best of the rest on top
        self._ready: list[tuple[float, int, int]] = []  # candidates; those no longer within or passed on are skipped

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, trial: int) -> bool:
        return trial in self._keys

    def loss(self, trial: int) -> float:
        """A member's loss. Raises `KeyError`."""
        return self._keys[trial][0]

    def losses(self, trial: int) -> Losses:
        """All losses of a member. Raises `KeyError`."""
        return (self._keys[trial][0],)

    def leads(self, trial: int) -> bool:
        """Nothing here is better."""
        return self._keys[trial][0] <= self.best

    def add(self, trial: int, losses: Losses) -> None:
        """A value came in; a second one of the same trial replaces the first."""
        if trial in self._keys:
            self.remove(trial)
        loss = losses[0]
        self._arrivals += 1
        self._keys[trial] = (loss, self._arrivals)
        self._side[trial] = _IN
        self._within += 1
        heappush(self._inside, (-loss, -self._arrivals, trial))
        if trial not in self.passed:
            heappush(self._ready, (loss, self._arrivals, trial))
        if loss < inf:
            self.finite += 1
            self.best = min(self.best, loss)
        self._worst_out()
        self._balance()

    def remove(self, trial: int) -> None:
        """Forget a member (its trial failed)."""
        loss, _ = self._keys.pop(trial)
        self._within -= self._side.pop(trial)
        self.finite -= loss < inf
        if loss == self.best:
            self.best = min((key[0] for key in self._keys.values()), default=inf)
        self._balance()

    def among(self, trial: int) -> bool:
        """True while this member is among the best floor(n / divisor)."""
        return self._side.get(trial) == _IN and (self._keys[trial][0] < inf or not self.finite)

    def admits(self, losses: Losses) -> bool:
        """True when a value like this would be among the best, were it added; it need only tie with the worst of them."""
        quota = (len(self._keys) + 1) // self.divisor
        if quota > self._within and self._rest():
            return losses[0] <= self._best_outside() < inf
        return quota > 0 and losses[0] < inf and (quota > self._within or losses[0] <= self.cut())

    def holds_up(self, trial: int) -> bool:
        """The stopping rule: no worse than the value at the cut, where at least the best of a rung always goes on."""
        loss = self._keys[trial][0]
        if loss == inf:
            return not self.finite
        return loss <= (self.cut() if self._within else self.best)

    def cut(self) -> float:
        """The worst loss that is among the best; -inf when none is."""
        self._clean(self._inside, _IN, -1)
        return -self._inside[0][0] if self._inside else -inf

    def ready(self) -> int | None:
        """The best member that is among the best and was not passed on, or None."""
        heap, side, keys = self._ready, self._side, self._keys
        while heap:
            loss, arrival, trial = heap[0]
            if side.get(trial) == _IN and trial not in self.passed and keys[trial][1] == arrival:
                return trial if loss < inf or not self.finite else None
            heappop(heap)
        return None

    def members(self) -> list[int]:
        """All members, the best first. O(n log n)."""
        return sorted(self._keys, key=self._keys.__getitem__)

    def pass_on(self, trial: int) -> None:
        """This trial went on beyond the rung."""
        self.passed.add(trial)

    def take_back(self, trial: int) -> None:
        """It may be ready again (the horizon was raised)."""
        self.passed.discard(trial)
        if self._side.get(trial) == _IN:
            heappush(self._ready, (*self._keys[trial], trial))

    def _rest(self) -> int:
        return len(self._keys) - self._within

    def _best_outside(self) -> float:
        self._clean(self._outside, _OUT, 1)
        return self._outside[0][0] if self._outside else inf

    def _balance(self) -> None:
        quota = len(self._keys) // self.divisor
        while self._within > quota:
            self._worst_out()
        while self._within < quota and self._rest():
            self._best_in()

    def _worst_out(self) -> None:
        self._clean(self._inside, _IN, -1)
        loss, arrival, trial = heappop(self._inside)
        heappush(self._outside, (-loss, -arrival, trial))
        self._side[trial] = _OUT
        self._within -= 1

    def _best_in(self) -> None:
        self._clean(self._outside, _OUT, 1)
        loss, arrival, trial = heappop(self._outside)
        heappush(self._inside, (-loss, -arrival, trial))
        self._side[trial] = _IN
        self._within += 1
        if trial not in self.passed:
            heappush(self._ready, (loss, arrival, trial))

    def _clean(self, heap: list[tuple[float, int, int]], side: int, sign: int) -> None:
        """Drop what left this heap (removed, or replaced by a later value) from its top."""
        while heap:
            _, arrival, trial = heap[0]
            if self._side.get(trial) == side and self._keys[trial][1] == sign * arrival:
                return
            heappop(heap)
