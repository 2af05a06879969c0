"""What the budget of a deterministic search pays for: decided when a segment is granted, never by what was measured.

A segment is paid in full when it is granted; the end of the best trial and the confirmation are kept aside. When a segment cannot be
paid any more the search closes: no new points, what was granted goes on to its target, and the best trial is completed. It is the
rule of `finishing` without its estimates.
"""

from math import inf

from daybreak.lifecycle import confirm
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.ranking import best
from daybreak.lifecycle.state import Experiment, State, Trial
from daybreak.lifecycle.turns import Turns


def pays(exp: Experiment, turns: Turns, trial: Trial, to: int | None) -> bool:
    """Whether the budget pays for this trial's next segment: the best may have what is kept for it, others may not."""
    limit = exp.spec.budget.units
    if limit is None:
        return True
    cost = max(to - turns.stands.get(trial.number, trial.units), 0) if to is not None else 1
    left = limit - turns.units - cost
    if exp.closed or trial is best(exp):
        return left >= 0
    return left >= confirm.reserve(exp, exp.horizon or 0, limit) + _kept(exp, turns, limit, to)


def _kept(exp: Experiment, turns: Turns, limit: int, to: int | None) -> int:
    """Units that the best trial still needs to its end; before any has a score, a whole trial's that the budget pays for."""
    top, horizon = best(exp), exp.horizon or 0
    if top is not None:
        return _to_its_end(exp, turns, top)
    begun = max([to or 0, *(segment.to or 0 for segment in turns.running.values())])
    return max(horizon - begun, 0) if horizon <= limit else 0


def _to_its_end(exp: Experiment, turns: Turns, top: Trial) -> int:
    """Units that a trial still needs and was not granted yet; 0 where the horizon is not known."""
    segment = turns.running.get(top.number)
    stands = segment.to if segment is not None and segment.to is not None else turns.stands[top.number]
    return 0 if top.plan == "finish" else max((exp.horizon or 0) - stands, 0)


def close(state: State, exp: Experiment, turns: Turns) -> None:
    """No new points from now on; what is left completes the best trial."""
    exp.closed, exp.phase, exp.closing_for = True, "finishing", None
    exp.searcher.close(None)
    notify(state, exp, "info", "the budget nears its end: no new points; what runs goes on to its target")
    secure(state, exp, turns)


def secure(state: State, exp: Experiment, turns: Turns) -> None:
    """The best trial is the one that is completed, where the budget pays for its end."""
    top = best(exp)
    if top is None or top.number == exp.closing_for:
        return
    left = (exp.spec.budget.units or inf) - turns.units
    need = _to_its_end(exp, turns, top)
    if need <= left:
        exp.closing_for = top.number
        exp.searcher.close(top.number)
    else:
        text = f"what is left of the budget, {left} units, does not take trial {top.number}, the best, to its end"
        advice = f"it needs {need} more; `daybreak resume {exp.number} --budget.units ...` goes on"
        notify(state, exp, "warning", f"{text}: {advice}", top.number, once="too small")
