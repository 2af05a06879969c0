"""The end of an experiment: when nothing runs and nothing more will, the confirmation, then the outcome and why."""

from math import inf

from daybreak.lifecycle import budget, confirm
from daybreak.lifecycle.checkpoints import end_processes
from daybreak.lifecycle.commands import Release
from daybreak.lifecycle.failures import in_words
from daybreak.lifecycle.grants import next_demand
from daybreak.lifecycle.notices import notify, pass_on
from daybreak.lifecycle.proposals import wanted
from daybreak.lifecycle.ranking import best
from daybreak.lifecycle.state import Experiment, Outcome, State, touch
from daybreak.lifecycle.trials import rank, set_state
from daybreak.wire.worker import Failure


def maybe_end(state: State, exp: Experiment) -> bool:
    """When nothing runs and nothing more will: the confirmation, then the end. True when something changed."""
    if exp.over or exp.live or (exp.paused and not exp.leaving):
        return False
    if not exp.leaving and not exp.spent and not _nothing_left(state, exp):
        return False
    if exp.leaving or exp.spent:
        _rank_short(exp)
    if exp.leaving:
        return end(state, exp, exp.leaving, exp.leaving_why)
    if exp.scored == 0:
        return end(state, exp, "failed", _why_nothing(exp))
    if exp.phase != "confirm" and not exp.spent and confirm.start(state, exp):
        return True
    _tell_incomplete(state, exp)
    return end(state, exp, "done", exp.spent or _why_done(exp))


def _rank_short(exp: Experiment) -> None:
    """Trials that were frozen on the way to a target have scores too, by what they reported until then."""
    for trial in exp.trials.values():
        if trial.state != "failed":
            rank(exp, trial)


def _tell_incomplete(state: State, exp: Experiment) -> None:
    """The budget ended before any trial did: what is called best is that of short trials."""
    top = best(exp)
    if exp.spent and top is not None and top.state not in ("finished", "failed"):
        end_units = f"its end at {exp.horizon} units" if exp.horizon else "its end"
        text = f"{exp.spent} before any trial came to {end_units}: the best, trial {top.number}, stands at {top.units}"
        notify(
            state,
            exp,
            "warning",
            f"{text}; go on with `daybreak resume {exp.number} --budget ...`, or lower max_units",
            top.number,
        )


def _nothing_left(state: State, exp: Experiment) -> bool:
    if exp.phase == "confirm":
        return next_demand(state, exp) is None
    if exp.turns is not None and exp.turns.running:
        return False
    return exp.request is None and not exp.wait_for_clone and wanted(exp) == 0 and next_demand(state, exp) is None


def _why_done(exp: Experiment) -> str:
    if exp.closed:
        return "budget nearly used, and the best trial is complete"
    limits = budget.limits(exp, exp.seen)
    used, limit = limits.get("trials", (0.0, inf))
    if used >= limit:
        return f"budget of {int(limit)} trials used"
    return "the space is exhausted" if exp.exhausted else "the search is complete"


def _why_nothing(exp: Experiment) -> str:
    metric = exp.spec.objectives[0].metric
    if not exp.next_trial - 1:
        return "the space has no valid point: no trial could be proposed; loosen its constraints"
    if exp.missing:
        return exp.missing
    if exp.failures:
        worst = max(exp.failures.values(), key=lambda story: story.count)
        return f"no trial reported {metric!r}: {in_words(Failure(worst.kind, worst.message))} ({worst.count} times)"
    why = f"{exp.spent} before any trial reported {metric!r}" if exp.spent else f"no trial reported a finite {metric!r}"
    return f"{why}; raise the budget, or report more often" if exp.spent else why


def end(state: State, exp: Experiment, outcome: Outcome, why: str) -> bool:
    """It is over; trials that wait rest from now on, and go on if it is extended."""
    pass_on(state, exp, now=True)
    budget.stop_wall(state, exp)
    exp.phase, exp.outcome, exp.why, exp.ended = "over", outcome, why, state.at
    exp.paused, exp.request = False, None
    exp.timers.clear()
    for trial in exp.trials.values():
        if trial.state == "waiting":
            set_state(state, exp, trial, "frozen" if trial.rungs or trial.latest else "stopped", "the experiment ended")
    end_processes(state, exp)
    state.active.pop(exp.number, None)
    touch(state, exp)
    exp.prepared.clear()
    state.out.append(Release(exp.number))
    return True
