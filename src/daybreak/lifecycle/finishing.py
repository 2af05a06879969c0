"""The end of a budget: what may still finish is decided, said, and the best trial is complete.

The rule, in order: (1) when what is left is about what it costs to take the best trial to its end, plus what running attempts
still have until their targets, plus the confirmation that was asked for (as far as half the budget pays for it), no new points are
asked for and only the best trial is taken further; others go on to the target they have, then rest. (2) When what is left is about
the best trial's own cost, the others are frozen at once. (3) When a budget is used up, what runs is frozen. Nothing is thrown away.
"""

from math import inf

from daybreak.lifecycle import attempts, budget, confirm
from daybreak.lifecycle.commands import SetTimer
from daybreak.lifecycle.failures import give_up
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.state import Attempt, Experiment, State, Trial
from daybreak.lifecycle.trials import best

MARGIN = 1.1  # what is measured varies
SOONEST = 0.05  # seconds until the budget is looked at again, at least


def watch(state: State, exp: Experiment) -> None:
    """Look at what is left of the budget, after an event that touched the experiment."""
    if exp.over or exp.leaving:
        return
    if exp.searcher.fault:
        give_up(state, exp, f"the search method failed: {exp.searcher.fault}")
        freeze_all(state, exp, "the search method failed")
    if exp.paused or not exp.limited:
        return
    if not exp.spent and (why := budget.used_up(exp, state.at)):
        exp.spent = why
        freeze_all(state, exp, why)
    if exp.spent or exp.phase == "confirm":
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
    cost = unit_cost(exp)
    if cost is None or exp.scored == 0:
        return inf
    top, width = best(exp), exp.spec.resources.slots
    own = remaining(exp, top, state.at)
    running = own if top and top.live else 0
    others = max(exp.pledged - budget.progress(exp, state.at) - running, 0.0)
    overhead = (exp.costs.resume or 0.0) + (exp.costs.freeze or 0.0) if own else 0.0
    horizon = exp.horizon or 0
    slacks = [inf]
    seconds = budget.slot_second_limit(exp)
    if seconds is not None:
        need = MARGIN * (own + others) * cost + overhead * width + confirm.reserve(exp, horizon * cost, seconds)
        slacks.append((seconds - budget.slot_seconds(exp, state.at) - need) / max(exp.held, 1))
    limit = exp.spec.budget.units
    if limit is not None:
        need_units = own + others + confirm.reserve(exp, horizon, limit)
        slacks.append((limit - exp.units - need_units) * cost / max(exp.held, 1))
    wall = exp.spec.budget.wall
    if wall is not None:
        at_once = max(state.pool.total(exp.spec.resources.kind) // width, 1)
        last = confirm.reserve(exp, horizon * cost / width, wall, at_once)
        slacks.append(wall - budget.wall(exp, state.at) - MARGIN * own * cost / width - overhead - last)
    return min(slacks)


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
    if not _affordable(state, exp, chosen, MARGIN):
        freeze_all(state, exp, f"what is left of the budget is for trial {chosen.number}, the best", but=chosen.number)
    elif chosen.live is None and not state.pool.fits(exp.spec.resources.kind, exp.spec.resources.slots):
        running = live(state, exp)
        if running and all(a.state != "ending" for a in running):
            last = max(running, key=lambda a: (a.granted, a.key))
            attempts.freeze(state, exp, last, f"made room for trial {chosen.number}, the best")


def _affordable(state: State, exp: Experiment, trial: Trial, margin: float = 1.0) -> bool:
    own, cost = remaining(exp, trial, state.at), unit_cost(exp)
    seconds, limit, wall = budget.slot_second_limit(exp), exp.spec.budget.units, exp.spec.budget.wall
    if cost is None:
        return True
    need = margin * own * cost
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
