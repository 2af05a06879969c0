"""What was spent, and what is left: measured slot-seconds, wall time, units, trials, money.

Slot-seconds of ended attempts are what their agents measured; running ones count from their grant to now. Times are kept relative
to the experiment's start, so that sums of them stay exact to microseconds.
"""

from math import inf

from daybreak.lifecycle.state import Attempt, Experiment, State
from daybreak.spec.models import Budget

HOUR = 3600.0
TIMER = "budget"
SLACK = 0.05  # a timer is set again only when it would come due this much sooner


def hold(state: State, exp: Experiment, attempt: Attempt) -> None:
    """Slots are held from now on."""
    if exp.started is None:
        exp.started = state.at
    if exp.wall_since is None:
        exp.wall_since = state.at
    exp.held += attempt.width
    exp.held_since += attempt.width * (attempt.granted - exp.submitted)


def free(exp: Experiment, attempt: Attempt) -> None:
    """Slots are held no longer."""
    exp.held -= attempt.width
    exp.held_since -= attempt.width * (attempt.granted - exp.submitted)
    if exp.held == 0:
        exp.held_since = 0.0
    exp.slot_seconds += attempt.slot_seconds
    exp.user_slot_seconds += attempt.user_seconds * attempt.width


def slot_seconds(exp: Experiment, at: float) -> float:
    """Spent until now, running attempts included."""
    return exp.slot_seconds + max(exp.held * (at - exp.submitted) - exp.held_since, 0.0)


def wall(exp: Experiment, at: float) -> float:
    """Seconds since the first grant, pauses left out."""
    return exp.wall_before + (at - exp.wall_since if exp.wall_since is not None else 0.0)


def stop_wall(state: State, exp: Experiment) -> None:
    """A pause, or the end."""
    exp.wall_before = wall(exp, state.at)
    exp.wall_since = None


def slot_second_limit(exp: Experiment) -> float | None:
    """The tighter of slot-hours and money, in slot-seconds."""
    budget = exp.spec.budget
    limits = []
    if budget.slot_hours is not None:
        limits.append(budget.slot_hours * HOUR)
    if budget.money is not None and budget.price_per_slot_hour:
        limits.append(budget.money / budget.price_per_slot_hour * HOUR)
    return min(limits, default=None)


def is_limited(budget: Budget) -> bool:
    """Whether time, money or units are limited; trials run out by themselves."""
    return any(limit is not None for limit in (budget.slot_hours, budget.money, budget.wall, budget.units))


def trial_limit(exp: Experiment) -> int | None:
    """The most trials the search may have."""
    return min((n for n in (exp.spec.budget.trials, exp.spec.search.max_trials) if n is not None), default=None)


def limits(exp: Experiment, at: float) -> dict[str, tuple[float, float]]:
    """Every limit by name: (used, limit)."""
    budget = exp.spec.budget
    seconds = slot_seconds(exp, at)
    price = (budget.price_per_slot_hour or 0.0) / HOUR
    used = {
        "slot_hours": (seconds / HOUR, budget.slot_hours),
        "money": (seconds * price, budget.money),
        "wall": (wall(exp, at), budget.wall),
        "units": (float(exp.units if exp.turns is None else exp.turns.units), budget.units),
        "trials": (float(exp.next_trial - 1 - len(exp.confirming)), trial_limit(exp)),
    }
    return {name: (value, float(limit)) for name, (value, limit) in used.items() if limit is not None}


def used_up(exp: Experiment, at: float) -> str:
    """Which budget of time, money or units is used up, in words; "" for none. Trials run out by themselves."""
    budget = exp.spec.budget
    seconds = slot_second_limit(exp)
    if seconds is not None and slot_seconds(exp, at) >= seconds:
        if budget.slot_hours is not None and seconds >= budget.slot_hours * HOUR:
            return f"budget of {budget.slot_hours:g} slot-hours used"
        return f"budget of {budget.money:g} (money) used"
    if budget.wall is not None and wall(exp, at) >= budget.wall:
        return f"budget of {budget.wall:g} s used"
    if budget.units is not None and (exp.units >= budget.units or _overdrawn(exp, at)):
        return f"budget of {budget.units} units used"
    return ""


def progress(exp: Experiment, at: float) -> float:
    """Units that running attempts probably trained since they were last heard of, at the usual pace; 0 before there is one."""
    since = exp.pledging * (at - exp.submitted) - exp.heard
    return min(since / exp.costs.unit, exp.pledged) if exp.costs.unit else 0.0


def _overdrawn(exp: Experiment, at: float) -> bool:
    """Running attempts would train more units than there are, and probably have trained what there was."""
    limit = exp.spec.budget.units or 0
    return exp.units + exp.pledged > limit and exp.units + progress(exp, at) >= limit + 0.5


def due(state: State, exp: Experiment) -> float:
    """When the first budget would be used up, were as many slots held until then; `inf` where that is not known."""
    left = [inf]
    seconds = slot_second_limit(exp)
    if seconds is not None and exp.held:
        left.append((seconds - slot_seconds(exp, state.at)) / exp.held)
    if exp.spec.budget.wall is not None and exp.wall_since is not None:
        left.append(exp.spec.budget.wall - wall(exp, state.at))
    limit = exp.spec.budget.units
    if limit is not None and exp.units + exp.pledged > limit and exp.costs.unit and exp.pledging:
        left.append((limit + 0.5 - exp.units - progress(exp, state.at)) * exp.costs.unit / exp.pledging)
    return state.at + max(min(left), 0.001)
