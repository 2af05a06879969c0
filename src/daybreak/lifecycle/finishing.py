"""The end of a budget: what may still finish is decided, said, and the best trial is complete.

The rule, in order: (1) when what is left is about what it costs to take the best trial to its end, plus what running attempts
still have until their targets, plus the confirmation that was asked for (as far as half the budget pays for it), no new points are
asked for and only the best trial is taken further; others go on to the target they have, then rest. (2) Where what is left does
not pay for the targets of all the others beside the best trial, the others are frozen, the last granted first. (3) When a budget
is used up, what runs is frozen. Nothing is thrown away.
"""

from math import inf

from daybreak.lifecycle import attempts, budget, confirm
from daybreak.lifecycle.commands import SetTimer
from daybreak.lifecycle.failures import give_up
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.ranking import best
from daybreak.lifecycle.state import Attempt, Experiment, State, Trial

MARGIN = 1.1  # what is measured varies
SOONEST = 0.05  # seconds until the budget is looked at again, at least


def watch(state: State, exp: Experiment) -> None:
    """Look at what is left of the budget, after an event that touched the experiment."""
    if exp.over or exp.leaving:
        return
    if exp.searcher.fault:
        give_up(state, exp, f"the search method failed: {exp.searcher.fault}")
        freeze_all(state, exp, "the search method failed")
    if exp.paused or not exp.limited or exp.turns is not None:
        return
    if not exp.spent and (why := budget.used_up(exp, state.at)):
        exp.spent = why
        freeze_all(state, exp, why)
    if (
        exp.spent
    ):  # nothing is left to wait for: a timer would come due again and again until the last attempt is frozen
        return
    if exp.phase == "confirm":
        set_timer(state, exp, inf)
        return
    slack = _slack(state, exp)
    if not exp.closed and slack <= 0:
        _close(state, exp)
    if exp.closed:
        _secure(state, exp)
    set_timer(state, exp, inf if exp.closed else slack)


def freeze_all(state: State, exp: Experiment, why: str, but: int | None = None) -> None:
    """Freeze every running attempt of the experiment, except that of trial `but`."""
    for attempt in live(state, exp):
        if attempt.key.trial != but:
            attempts.freeze(state, exp, attempt, why)


def live(state: State, exp: Experiment) -> list[Attempt]:
    """Its attempts that hold slots."""
    return [attempt for attempt in state.attempts.values() if attempt.key.experiment == exp.number] if exp.live else []


def remaining(exp: Experiment, trial: Trial | None, at: float) -> int:
    """Units that a trial still has until it is complete; 0 where that is not known."""
    if trial is None or exp.horizon is None or trial.state in ("finished", "failed"):
        return 0
    if trial.live is None:
        return max(exp.horizon - (trial.latest.units if trial.latest else 0), 0)
    units, unit = trial.live.units, exp.costs.unit
    if unit and trial.live.started is not None:
        units = min(units + int((at - trial.live.heard) / unit), units + trial.live.pledged)
    return max(exp.horizon - units, 0)


def unit_cost(exp: Experiment) -> float | None:
    """Slot-seconds of one unit: as measured inside, else what was spent over what was trained; None before any unit."""
    if exp.costs.unit is not None:
        return exp.costs.unit * exp.spec.resources.slots
    return exp.slot_seconds / exp.units if exp.units and exp.slot_seconds else None


def _slack(state: State, exp: Experiment) -> float:
    """Seconds until the search has to close, as slots are held now; at or below 0: now."""
    cost, left = unit_cost(exp), units_left(exp)
    if exp.squeezed or left <= 0:
        return 0.0
    if cost is None or exp.scored == 0:
        return inf
    top, width = best(exp), exp.spec.resources.slots
    slow = max(cost, (top.pace or 0.0) * width) if top else cost
    own = remaining(exp, top, state.at)
    running = own if top and top.live else 0
    others = max(exp.pledged - budget.progress(exp, state.at) - running, 0.0)
    overhead = (exp.costs.resume or 0.0) + (exp.costs.freeze or 0.0) if own else 0.0
    horizon = exp.horizon or 0
    slacks = [left * cost / max(exp.held, 1)]
    seconds = budget.slot_second_limit(exp)
    if seconds is not None:
        need = MARGIN * (own * slow + others * cost) + overhead * width + confirm.reserve(exp, horizon * cost, seconds)
        slacks.append((seconds - budget.slot_seconds(exp, state.at) - need) / max(exp.held, 1))
    wall = exp.spec.budget.wall
    if wall is not None:
        at_once = max(state.pool.total(exp.spec.resources.kind) // width, 1)
        last = confirm.reserve(exp, horizon * cost / width, wall, at_once)
        slacks.append(wall - budget.wall(exp, state.at) - MARGIN * own * slow / width - overhead - last)
    return min(slacks)


def units_left(exp: Experiment) -> float:
    """Units neither trained, nor promised to running attempts, nor kept for the best trial's end and the confirmation.

    `inf` without a limit. Before any trial has a score, one trial's end is kept if the budget pays for a whole trial.
    """
    limit = exp.spec.budget.units
    if limit is None:
        return inf
    horizon, top = exp.horizon or 0, best(exp)
    if top is None:
        own = horizon - exp.pledged // max(exp.pledging, 1) if horizon <= limit else 0
    elif top.state in ("finished", "failed"):
        own = 0
    else:
        own = horizon - _stands(top) - (top.live.pledged if top.live else 0)
    return limit - exp.units - exp.pledged - max(own, 0) - confirm.reserve(exp, horizon, limit)


def _stands(trial: Trial) -> int:
    """Where it is known to stand, or where it would start from."""
    return trial.live.units if trial.live else trial.latest.units if trial.latest else 0


def _close(state: State, exp: Experiment) -> None:
    top = best(exp)
    exp.closed, exp.phase = True, "finishing"
    exp.closing_for = top.number if top else None
    exp.searcher.close(exp.closing_for)
    text = "the budget nears its end: no new points"
    if top is None or not remaining(exp, top, state.at):
        notify(state, exp, "info", f"{text}; what runs goes on to its target")
    elif _affordable(state, exp, top):
        notify(
            state, exp, "info", f"{text}; what is left of it completes trial {top.number}, the best so far", top.number
        )
    else:
        _too_small(state, exp, top)


def _too_small(state: State, exp: Experiment, top: Trial) -> None:
    text = f"what is left of the budget does not take trial {top.number}, the best, to its end at {exp.horizon} units"
    seconds = (unit_cost(exp) or 0.0) * (exp.horizon or 0)
    advice = f"a whole trial costs about {seconds:.3g} slot-seconds; raise the budget (extend) or lower max_units"
    notify(state, exp, "warning", f"{text}: {advice}", top.number)


def _secure(state: State, exp: Experiment) -> None:
    """The best trial has slots to run on and the means to come to its end."""
    top = best(exp)
    if top is not None and top.number != exp.closing_for and _affordable(state, exp, top):
        exp.closing_for = top.number
        exp.searcher.close(top.number)
    chosen = exp.trials.get(exp.closing_for) if exp.closing_for is not None else None
    if chosen is None or not remaining(exp, chosen, state.at):
        return
    short = _shortfall(state, exp, chosen)
    crowded = chosen.live is None and not state.pool.fits(exp.spec.resources.kind, exp.spec.resources.slots)
    others = [a for a in live(state, exp) if a is not chosen.live] if short > 0 or crowded else []
    if crowded and not any(a.state == "ending" for a in others):
        short = max(short, 0.5)
    for attempt in sorted(others, key=lambda a: (a.granted, a.key), reverse=True):
        if short > 0:
            attempts.freeze(state, exp, attempt, f"the rest of the budget is for trial {chosen.number}, the best")
            short -= max(attempt.pledged, 1)


def _shortfall(state: State, exp: Experiment, chosen: Trial) -> float:
    """Units that others still have until their targets, and that are not left once the best trial has come to its end."""
    others = exp.pledged - (chosen.live.pledged if chosen.live else 0)
    short = [-inf]
    if exp.spec.budget.units is not None:
        to_end = (exp.horizon or 0) - _stands(chosen)
        short.append(exp.units + to_end + others - exp.spec.budget.units)
    seconds, cost = budget.slot_second_limit(exp), unit_cost(exp)
    if seconds is not None and cost:
        own = MARGIN * remaining(exp, chosen, state.at)
        left = (seconds - budget.slot_seconds(exp, state.at)) / cost
        short.append(own + max(others - budget.progress(exp, state.at), 0.0) - left)
    return min(max(short), others)


def _affordable(state: State, exp: Experiment, trial: Trial) -> bool:
    own, cost = remaining(exp, trial, state.at), unit_cost(exp)
    seconds, limit, wall = budget.slot_second_limit(exp), exp.spec.budget.units, exp.spec.budget.wall
    if cost is None:
        return True
    need = own * cost
    return (
        (seconds is None or seconds - budget.slot_seconds(exp, state.at) >= need)
        and (limit is None or limit - exp.units >= own)
        and (wall is None or wall - budget.wall(exp, state.at) >= need / exp.spec.resources.slots)
    )


def set_timer(state: State, exp: Experiment, slack: float) -> None:
    """Look again when a budget of time would be used up or the search would have to close, if nothing happens before."""
    if not exp.live:
        return
    due = min(budget.due(state, exp), state.at + max(slack, SOONEST, 0.25 * (exp.costs.unit or 0.0)))
    known = exp.timers.get(budget.TIMER)
    if due < inf and (known is None or due < known - budget.SLACK * max(known - state.at, 0.0) - 1e-3):
        exp.timers[budget.TIMER] = due
        state.out.append(SetTimer(exp.number, budget.TIMER, due))
