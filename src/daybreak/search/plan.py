"""What a search will cost, before anything runs: trials per rung, units, and once a unit has been timed slot-hours, wall and money.

Expected numbers: of a rung's n trials floor(n / eta) go on (at least one where the method always lets one go on). Values that arrive
in a lucky or unlucky order promote a few more or fewer, and the guard spends at most its share on top.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import ceil

from daybreak.search.brackets import adaptive_brackets, hyperband_brackets
from daybreak.search.rungs import ladder_of
from daybreak.spec.models import Experiment

MOST = 10_000_000  # trials beyond which a budget is called unlimited


@dataclass(frozen=True, slots=True)
class BracketPlan:
    """One ladder: how many trials are expected to reach each of its rungs."""

    lengths: tuple[int, ...]
    reach: tuple[int, ...]
    concurrent: int | None = None

    @property
    def ends(self) -> dict[int, int]:
        """Trials that end at each length."""
        after = (*self.reach[1:], 0)
        return {units: here - beyond for units, here, beyond in zip(self.lengths, self.reach, after, strict=True)}

    @property
    def units(self) -> int:
        """Units of all of them."""
        return sum(units * count for units, count in self.ends.items())


@dataclass(frozen=True, slots=True)
class Plan:
    """A search before it runs. What depends on the time of a unit is None while that is not known."""

    method: str
    trials: int | None  # None: nothing bounds them but a budget in time, and a unit was not timed
    brackets: tuple[BracketPlan, ...] = ()
    guard_units: int = 0  # at most
    confirm_units: int = 0  # the best again on fresh seeds; a budget in trials does not count them
    random_units: int | None = None  # random search, as many trials at full length
    slot_hours: float | None = None
    wall: float | None = None  # seconds, with all slots busy, but no less than one full trial
    money: float | None = None
    random_slot_hours: float | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def ends(self) -> dict[int, int]:
        """{units: trials expected to end there}, over all brackets."""
        total: Counter[int] = Counter()
        for bracket in self.brackets:
            total.update({units: count for units, count in bracket.ends.items() if count})
        return dict(sorted(total.items()))

    @property
    def units(self) -> int:
        """Units expected, the guard's and the confirmation's apart."""
        return sum(bracket.units for bracket in self.brackets)


def plan(
    spec: Experiment,
    *,
    unit_seconds: float | None = None,
    slots: int = 1,
    grid_size: int | None = None,
) -> Plan:
    """The plan of an experiment. `unit_seconds`: one unit of one trial; `slots`: of the machine; `grid_size`: points of a grid."""
    horizon = spec.search.max_units
    if horizon is None:
        note = "the horizon is not known before the first trial ends by itself: give search.max_units for a plan"
        return Plan(spec.search.method, _given_trials(spec, grid_size), notes=(note,))
    trials = _given_trials(spec, grid_size)
    allowed = units_allowed(spec, unit_seconds, slots)
    runs = _confirmations(spec, trials, allowed)
    if allowed is not None:
        afforded = _afforded(spec, allowed - runs * horizon, trials)
        trials = afforded if trials is None else min(trials, afforded)
    if trials is None:
        note = "nothing bounds the trials but time: one unit must be timed (or unit seconds given) for a plan"
        return Plan(spec.search.method, None, notes=(note,))
    return _priced(spec, trials, runs, unit_seconds, slots)


def _confirmations(spec: Experiment, trials: int | None, allowed: int | None) -> int:
    """Trainings of the confirmation: of a budget in time or units it may take half. A budget in trials does not count them."""
    if spec.confirm is None:
        return 0
    wanted = min(spec.confirm.top, trials or MOST) * spec.confirm.seeds
    return wanted if allowed is None else min(wanted, allowed // 2 // (spec.search.max_units or 1))


def _given_trials(spec: Experiment, grid_size: int | None) -> int | None:
    search = spec.search
    fixed = {"single": 1, "grid": grid_size, "pbt": search.population}.get(search.method)
    bounds = [bound for bound in (fixed, search.max_trials, spec.budget.trials) if bound is not None]
    return min(bounds, default=None)


def units_allowed(spec: Experiment, unit_seconds: float | None, slots: int) -> int | None:
    """Units that the budget pays for; None when none of its limits can be told in units."""
    budget, gang = spec.budget, spec.resources.slots
    limits = [] if budget.units is None else [float(budget.units)]
    if unit_seconds:
        hours = [] if budget.slot_hours is None else [budget.slot_hours]
        if budget.money is not None and budget.price_per_slot_hour:
            hours.append(budget.money / budget.price_per_slot_hour)
        if budget.wall is not None:
            hours.append(budget.wall / 3600 * _slots_used(spec, slots))
        limits += [each * 3600 / (unit_seconds * gang) for each in hours]
    return int(min(limits)) if limits else None


def _slots_used(spec: Experiment, slots: int) -> int:
    """Slots that can be busy at once: whole gangs only."""
    gang = spec.resources.slots
    at_once = min(slots, spec.max_slots or slots) // gang
    return max(min(at_once, spec.search.max_concurrent or at_once), 1) * gang


def _afforded(spec: Experiment, units: int, trials: int | None) -> int:
    """The most trials whose plan costs no more than so many units; at least one."""
    low, high = 1, min(max(units, 1), trials or MOST)
    share = 1 + (spec.search.guard if _has_guard(spec) else 0.0)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(bracket.units for bracket in expected(spec, middle)) * share <= units:
            low = middle
        else:
            high = middle - 1
    return low


def _has_guard(spec: Experiment) -> bool:
    return spec.search.method in ("asha", "asha_stopping", "adaptive_asha")


def expected(spec: Experiment, trials: int) -> list[BracketPlan]:
    """How so many trials are expected to be spread over rungs; needs `max_units`."""
    search = spec.search
    eta = search.reduction
    match search.method:
        case "asha":
            return [_halved(tuple(ladder_of(search, search.max_units).lengths), trials, eta, least=0)]
        case "asha_stopping":
            return [_halved(tuple(ladder_of(search, search.max_units).lengths), trials, eta, least=1)]
        case "adaptive_asha":
            return [
                _halved(bracket.lengths, bracket.trials or 0, eta, least=1, concurrent=bracket.concurrent)
                for bracket in adaptive_brackets(search, trials)
            ]
        case "hyperband":
            return _rounds(spec, trials)
        case _:
            return [BracketPlan((search.max_units or 1,), (trials,))]


def _halved(
    lengths: tuple[int, ...], trials: int, eta: int, *, least: int, concurrent: int | None = None
) -> BracketPlan:
    reach = [trials]
    for _ in lengths[1:]:
        reach.append(max(reach[-1] // eta, least) if reach[-1] else 0)
    return BracketPlan(lengths, tuple(reach), concurrent)


def _rounds(spec: Experiment, trials: int) -> list[BracketPlan]:
    """Hyperband's brackets one after another until the trials are used up, rounds taken together."""
    round_of = hyperband_brackets(spec.search)
    sizes = [bracket.trials or 1 for bracket in round_of]
    whole, left = divmod(trials, sum(sizes))
    plans = []
    for bracket, size in zip(round_of, sizes, strict=True):
        started = min(left, size)
        left -= started
        full = _halved(bracket.lengths, size, spec.search.reduction, least=1).reach
        part = _halved(bracket.lengths, started, spec.search.reduction, least=1).reach
        plans.append(BracketPlan(bracket.lengths, tuple(whole * a + b for a, b in zip(full, part, strict=True))))
    return plans


def _priced(spec: Experiment, trials: int, confirmations: int, unit_seconds: float | None, slots: int) -> Plan:
    brackets = tuple(expected(spec, trials))
    units = sum(bracket.units for bracket in brackets)
    guard = int(units * spec.search.guard) if _has_guard(spec) else 0
    horizon = spec.search.max_units or 1
    full, confirm = trials * horizon, confirmations * horizon
    name = spec.search.method
    if not unit_seconds:
        return Plan(name, trials, brackets, guard, confirm, full)
    gang, price = spec.resources.slots, spec.budget.price_per_slot_hour
    hours = (units + guard + confirm) * unit_seconds * gang / 3600
    longest = max(
        (u for bracket in brackets for u, n in zip(bracket.lengths, bracket.reach, strict=True) if n), default=0
    )
    gangs = _slots_used(spec, slots) // gang
    search = max(ceil((units + guard) / min(gangs, trials)), longest)
    wall = (search + ceil(confirmations / gangs) * horizon) * unit_seconds
    money = None if price is None else hours * price
    return Plan(name, trials, brackets, guard, confirm, full, hours, wall, money, full * unit_seconds * gang / 3600)
