"""Confirmation: the best points trained again on fresh seeds, because the best of many noisy scores flatters itself.

Each point's mean comes with a 95 % t-interval. A point wins clearly when its interval does not overlap the next one's. Seeds are the
same for every point. The budget holds for the confirmation too: seeds are given up first, then points.
"""

from math import ceil, inf, isfinite, sqrt
from typing import Any

from daybreak.lifecycle import budget
from daybreak.lifecycle.losses import score
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.ranking import leaders
from daybreak.lifecycle.state import Experiment, State, Trial, touch
from daybreak.lifecycle.trials import add_confirm

# 97.5 % quantile of Student's t for 1, 2, ... degrees of freedom
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)
LEAST_SEEDS = 2  # fewer have no interval


def reserve(exp: Experiment, run_cost: float, limit: float, at_once: int = 1) -> float:
    """What to keep of a budget for the confirmation: as many of its trainings as half the limit pays for, if that is any use.

    `run_cost` is that of one training to the horizon, in the limit's unit; `at_once` of them cost no more than one.
    """
    plan = exp.spec.confirm
    if plan is None or exp.horizon is None or run_cost <= 0:
        return 0.0
    waves = min(ceil(plan.top * plan.seeds / at_once), int(limit / 2 // run_cost))
    return waves * run_cost if waves * at_once >= LEAST_SEEDS else 0.0


def start(state: State, exp: Experiment) -> bool:
    """Queue the confirmation's trials; False when there is none to do."""
    plan = exp.spec.confirm
    if plan is None:
        return False
    done = {exp.trials[number].of for number in exp.confirming}
    points = [trial for trial in leaders(exp, plan.top) if trial.number not in done]
    top, seeds = _fit(state, exp, len(points), plan.seeds)
    exp.confirm_plan = f"{top} of {plan.top} points on {seeds} of {plan.seeds} seeds"
    if top * seeds == 0:
        if points:
            notify(state, exp, "warning", "the budget leaves nothing for the confirmation that was asked for")
        return False
    if (top, seeds) != (len(points), plan.seeds):
        notify(state, exp, "info", f"the budget leaves room to confirm {exp.confirm_plan}")
    exp.phase = "confirm"
    for seed in range(1, seeds + 1):
        for trial in points[:top]:
            exp.confirming.append(add_confirm(state, exp, trial, seed, exp.horizon or trial.units or None).number)
    touch(state, exp)
    return True


def _fit(state: State, exp: Experiment, top: int, seeds: int) -> tuple[int, int]:
    runs = _affordable_runs(state, exp)
    while top * seeds > runs and (seeds > LEAST_SEEDS or top > 1):
        if seeds > LEAST_SEEDS:
            seeds -= 1
        else:
            top -= 1
    return (top, seeds) if top * seeds <= runs else (0, 0)


def _affordable_runs(state: State, exp: Experiment) -> float:
    """How many full trainings what is left of the budget pays for."""
    runs = [inf]
    units = exp.horizon or 1
    cost = (exp.costs.unit or 0.0) * units
    left = {name: limit - used for name, (used, limit) in budget.limits(exp, state.at).items()}
    if "units" in left:
        runs.append(left["units"] // units)
    seconds = budget.slot_second_limit(exp)
    if seconds is not None and cost:
        runs.append((seconds - budget.slot_seconds(exp, state.at)) // (cost * exp.spec.resources.slots))
    if "wall" in left and cost:
        side_by_side = state.pool.total(exp.spec.resources.kind) // exp.spec.resources.slots
        runs.append(left["wall"] // cost * side_by_side)
    return min(runs)


def results(exp: Experiment) -> dict[str, Any]:
    """Plain JSON data: per confirmed point its runs, mean and interval, best first; and who wins, how clearly."""
    rows: list[dict[str, Any]] = []
    for number in dict.fromkeys(exp.trials[n].of for n in exp.confirming):
        runs = [exp.trials[n] for n in exp.confirming if exp.trials[n].of == number]
        values = [value for trial in runs if (value := score(exp.spec, trial)) is not None and isfinite(value)]
        rows.append({"trial": number, "values": values, "failed": _failed(runs), **_interval(values)})
    sign = -1.0 if exp.spec.objectives[0].direction == "maximize" else 1.0
    rows.sort(key=lambda row: (row["mean"] is None, sign * (row["mean"] or 0.0), row["trial"]))
    winner = rows[0]["trial"] if rows and rows[0]["mean"] is not None else None
    return {"plan": exp.confirm_plan, "points": rows, "winner": winner, "clear": _clear(rows)}


def _failed(runs: list[Trial]) -> int:
    return sum(trial.state == "failed" for trial in runs)


def _interval(values: list[float]) -> dict[str, float | None]:
    count = len(values)
    if count == 0:
        return {"mean": None, "low": None, "high": None}
    mean = sum(values) / count
    if count < LEAST_SEEDS:
        return {"mean": mean, "low": None, "high": None}
    spread = sqrt(sum((v - mean) ** 2 for v in values) / (count - 1))
    half = t_quantile(count - 1) * spread / sqrt(count)
    return {"mean": mean, "low": mean - half, "high": mean + half}


def t_quantile(degrees: int) -> float:
    """97.5 % quantile of Student's t; above the table by its expansion in 1/degrees (Cornish and Fisher), within 0.001."""
    if degrees <= len(_T):
        return _T[degrees - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def _clear(rows: list[dict[str, Any]]) -> bool:
    ends = [(row["low"], row["high"]) for row in rows[:2]]
    if len(ends) < 2 or any(end is None for pair in ends for end in pair):  # noqa: PLR2004 (the first two are compared)
        return False
    (low_a, high_a), (low_b, high_b) = ends
    return bool(low_a > high_b or high_a < low_b)
