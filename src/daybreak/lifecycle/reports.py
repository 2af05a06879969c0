"""A report at a target, and the verdict that is its answer."""

from math import isfinite, nan

from daybreak.lifecycle.attempts import advance, pledge
from daybreak.lifecycle.checkpoints import borrow
from daybreak.lifecycle.commands import Verdict
from daybreak.lifecycle.costs import measured
from daybreak.lifecycle.events import RungReported
from daybreak.lifecycle.failures import metric_missing
from daybreak.lifecycle.finishing import units_left
from daybreak.lifecycle.losses import losses, merge_best
from daybreak.lifecycle.notices import notify, pass_on
from daybreak.lifecycle.ranking import best
from daybreak.lifecycle.state import Attempt, Experiment, RungTally, State, Trial, touch, touch_trial
from daybreak.lifecycle.trials import rank
from daybreak.lifecycle.turns import Outcome, Turns
from daybreak.search.searcher import Clone, Decision, Finish, GoOn, Losses


def reported(state: State, exp: Experiment, attempt: Attempt, event: RungReported) -> bool:
    """Answer it; the same report again gets the same answer. False when it is older than that."""
    if event.number <= attempt.number:
        if event.number == attempt.number and attempt.verdict is not None and attempt.verdict.number == event.number:
            state.out.append(attempt.verdict)
        return event.number == attempt.number
    trial = exp.trials[attempt.key.trial]
    attempt.number = event.number
    if attempt.state == "granted":
        attempt.state, attempt.started = "running", state.at
    advance(state, exp, attempt, trial, event.units)
    trial.losses_in_row = 0
    trial.pace = event.unit_seconds or trial.pace
    if trial.role != "baseline":
        measured(exp, event.unit_seconds)
    if attempt.target is not None and event.units < attempt.target:
        answer(state, attempt, event.number, "go", attempt.target)
    elif exp.turns is not None and trial.role == "search":
        _hold(state, exp, exp.turns, trial, attempt, event)
    else:
        _decide(state, exp, trial, attempt, event)
    state.touched.attempts[attempt.key] = attempt
    touch(state, exp)
    touch_trial(state, exp, trial)
    return True


def _hold(state: State, exp: Experiment, turns: Turns, trial: Trial, attempt: Attempt, event: RungReported) -> None:
    """The search hears of it in its turn. A report from where its last turn was was asked for to save a checkpoint there."""
    merge_best(exp.spec, trial.reached, event.best, event.metrics)
    segment = turns.running.get(trial.number)
    if trial.complete:  # trained again for the checkpoint that was lost with its process
        trial.plan = "finish"
        answer(state, attempt, event.number, "finish")
        return
    again = segment is None or trial.number in turns.held
    early = segment is not None and segment.to is not None and event.units < segment.to
    if again or (early and attempt.state == "ending"):
        answer(state, attempt, event.number, "freeze")
    elif segment is not None and early:
        attempt.target = segment.to
        pledge(state, exp, attempt)
        answer(state, attempt, event.number, "go", segment.to, save=True)
    else:
        turns.held[trial.number] = Outcome(
            "report", event.units, dict(event.metrics), dict(event.best), attempt.key.epoch, event.number
        )


def _decide(state: State, exp: Experiment, trial: Trial, attempt: Attempt, event: RungReported) -> None:
    units = event.units if attempt.target is None else attempt.target
    values = take_in(state, exp, trial, units, event.metrics, event.best)
    if (
        trial.role != "search" or trial.complete
    ):  # complete: trained again for the checkpoint that was lost with its process
        trial.plan = "finish"
        answer(state, attempt, event.number, "finish")
        return
    decision = exp.searcher.reported(trial.number, units, values)
    follow(state, exp, trial, attempt, event.number, decision)
    pass_on(state, exp)


def take_in(
    state: State, exp: Experiment, trial: Trial, units: int, metrics: dict[str, float], best: dict[str, float]
) -> Losses:
    """A trial stands at so many units with these metrics: remember it, rank it, tell what is wrong with it."""
    values = losses(exp.spec, metrics)
    trial.last = dict(metrics)
    merge_best(exp.spec, trial.best, best, metrics)
    again = bool(trial.rungs) and trial.rungs[-1][0] == units
    if again:
        trial.rungs.pop()
    metric_missing(state, exp, trial, metrics)
    trial.rungs.append((units, [metrics.get(o.metric, nan) for o in exp.spec.objectives]))
    if trial.role != "search":
        return values
    _diverged(state, exp, trial, metrics)
    rank(exp, trial)
    exp.reports += 1
    exp.observed.append((trial.number, trial.point, units, values))
    rung = exp.rungs.get(units)
    if rung is None:
        rung = exp.rungs[units] = RungTally()
    rung.reported += not again
    rung.best = min(rung.best, values[0])
    return values


def _diverged(state: State, exp: Experiment, trial: Trial, metrics: dict[str, float]) -> None:
    bad = [o.metric for o in exp.spec.objectives if o.metric in metrics and not isfinite(metrics[o.metric])]
    if bad:
        exp.diverged.add(trial.number)
        text = f"trial {trial.number} diverged: {bad[0]} = {metrics[bad[0]]}; it counts as the worst at its rung"
        notify(state, exp, "info", f"{text} (told once; the summary counts such trials)", trial.number, once="diverged")


def follow(state: State, exp: Experiment, trial: Trial, attempt: Attempt, number: int, decision: Decision) -> None:
    """What the searcher decided becomes the verdict, unless the attempt has to leave its slots anyway."""
    trial.why = decision.why or trial.why
    if isinstance(decision, GoOn):
        trial.plan, trial.target, trial.graced = "train", decision.to, trial.graced or decision.graced
        if attempt.state == "ending" or exp.leaving or exp.spent or _squeezes(exp, trial, attempt, decision.to):
            answer(state, attempt, number, "freeze")
            return
        attempt.target = decision.to
        pledge(state, exp, attempt)
        answer(state, attempt, number, "go", decision.to, save=decision.save)
    elif isinstance(decision, Finish):
        trial.plan, trial.complete = "finish", True
        answer(state, attempt, number, "finish")
    elif isinstance(decision, Clone):
        become_clone(state, exp, trial, decision)
        answer(state, attempt, number, "stop")
    else:
        trial.plan = "rest"
        answer(state, attempt, number, "freeze")


def _squeezes(exp: Experiment, trial: Trial, attempt: Attempt, to: int) -> bool:
    """Whether going on would train units that are kept for the best trial; the search closes then."""
    if exp.closed or to - attempt.units <= units_left(exp) or trial is best(exp):
        return False
    exp.squeezed = True
    return True


def become_clone(state: State, exp: Experiment, trial: Trial, decision: Clone) -> None:
    """PBT's exploit and explore: from its next attempt on it is its source's checkpoint with another point."""
    source = exp.trials[decision.source]
    trial.plan, trial.target, trial.point = "train", decision.to, decision.point
    trial.why = decision.why or f"clone of {source.number}"
    if saving(source, pinning(exp)):
        trial.waits_for = source.number
        exp.wait_for_clone.setdefault(source.number, []).append(trial.number)
    else:
        settle_clone(state, exp, trial, source)


def saving(source: Trial, turns: Turns | None) -> bool:
    """Whether a clone should wait: a running source has no checkpoint yet, or one of where it stands is being written.

    With `turns` it must be the one of the source's last turn, which is trained for again where it was lost.
    """
    if turns is not None:
        stands = turns.stands[source.number]
        return source.pinned is None and (source.latest is None or source.latest.units < stands)
    attempt = source.live
    if attempt is None or source.latest is None:
        return attempt is not None
    verdict = attempt.verdict
    asked = verdict is not None and (verdict.save or verdict.action in ("freeze", "finish"))
    return asked and source.latest.units < source.rungs[-1][0]


def pinning(exp: Experiment) -> Turns | None:
    """The turns of a search whose clones start exactly from where their source's last turn left it."""
    return exp.turns if exp.turns is not None and exp.turns.pins else None


def settle_clone(state: State, exp: Experiment, trial: Trial, source: Trial) -> None:
    """The source's checkpoint is there (or never will be: then the clone trains its new point from 0)."""
    trial.waits_for = None
    borrow(state, exp, trial, source)
    trial.history.append((trial.units, trial.point))
    touch_trial(state, exp, trial)


def answer(
    state: State, attempt: Attempt, number: int, action: str, target: int | None = None, *, save: bool = False
) -> None:
    """Reply to a report; with anything but `go` the attempt is about to end."""
    attempt.verdict = Verdict(attempt.key, number, action, target, save)  # type: ignore[arg-type]
    if action != "go":
        attempt.state = "ending"
    state.out.append(attempt.verdict)
