"""What an attempt's end means for its trial."""

from daybreak.lifecycle import attempts
from daybreak.lifecycle.checkpoints import process_ended
from daybreak.lifecycle.costs import measured
from daybreak.lifecycle.events import AttemptEnded
from daybreak.lifecycle.failures import LOST_IN_A_ROW, MISSING_GIVE_UP_AFTER, crashed, fail, give_up, tell_missing
from daybreak.lifecycle.losses import merge_best
from daybreak.lifecycle.reports import saving, settle_clone, take_in
from daybreak.lifecycle.state import Attempt, Experiment, State, Trial, touch
from daybreak.lifecycle.trials import queue, set_state
from daybreak.wire.worker import Failure

SUSPENDED = ("frozen", "preempted")


def ended(state: State, exp: Experiment, attempt: Attempt, event: AttemptEnded) -> None:
    """Free its slots, then see how its trial goes on: what was decided at its last report comes first."""
    trial = exp.trials[attempt.key.trial]
    attempts.close(state, exp, trial, attempt, event)
    if event.reason not in SUSPENDED:
        process_ended(state, exp, trial)
    if event.units > attempt.from_units:
        trial.losses_in_row = 0
    merge_best(exp.spec, trial.best, event.best)
    if trial.plan == "finish" and event.reason == "lost" and _unsaved(exp, trial):
        queue(exp, trial, trial.target, trial.value, "its process was lost before its last checkpoint")
        set_state(state, exp, trial, "waiting", trial.why)
    elif trial.plan == "finish":
        late = {name: value for name, value in event.metrics.items() if name not in trial.last}
        trial.last = trial.last | late  # what its code reported behind its loop: a test score, say
        set_state(state, exp, trial, "finished", trial.why)
    elif trial.plan == "rest":
        set_state(state, exp, trial, "frozen", trial.why)
    elif event.reason in ("completed", "reached"):
        _completed(state, exp, trial, event)
    elif event.reason == "crashed":
        crashed(state, exp, trial, event.failure or Failure("crash", "no more is known"))
    else:
        _again(state, exp, trial, attempt, event)
    _stand(trial)
    release_clones(state, exp, trial)
    touch(state, exp)


def _unsaved(exp: Experiment, trial: Trial) -> bool:
    """Whether the model of a complete trial is missing, where this experiment's trials have saved theirs."""
    units = trial.latest.units if trial.latest else 0
    return exp.saves and trial.role == "search" and trial.target is not None and units < trial.target


def _again(state: State, exp: Experiment, trial: Trial, attempt: Attempt, event: AttemptEnded) -> None:
    """Lost, preempted or stopped for a clone's sake: it wants the same target as before."""
    if event.reason == "lost":
        trial.losses_in_row += 1
        if trial.losses_in_row > LOST_IN_A_ROW:
            trial.losses_in_row = 0
            crashed(state, exp, trial, Failure("lost", f"{LOST_IN_A_ROW} attempts in a row died without a word"))
            return
        why = "again after its process was lost"
    else:
        why = attempt.order_why or trial.why
        trial.last = dict(event.metrics) or trial.last
    if trial.waits_for is None:
        queue(exp, trial, trial.target, trial.value, why)
    set_state(state, exp, trial, "waiting", why)


def _completed(state: State, exp: Experiment, trial: Trial, event: AttemptEnded) -> None:
    """It came to its end by itself: its score counts, and the horizon is known if it was not."""
    metric = exp.spec.objectives[0].metric
    if metric not in event.metrics and metric not in trial.best and metric not in trial.last:
        _never_reported(state, exp, trial, event)
        return
    metrics = event.metrics if metric in event.metrics else trial.last
    values = take_in(state, exp, trial, event.units, metrics, event.best)
    set_state(state, exp, trial, "finished", "ended by itself")
    trial.plan = "finish"
    if trial.role != "search":
        return
    if exp.horizon is None and event.units > 0:
        exp.horizon = event.units
        measured(exp)
    exp.searcher.ended(trial.number, event.units, values, failed=False)


def _never_reported(state: State, exp: Experiment, trial: Trial, event: AttemptEnded) -> None:
    tell_missing(state, exp, trial, event.metrics)
    fail(state, exp, trial, exp.missing)
    if exp.scored == 0 and exp.failed >= MISSING_GIVE_UP_AFTER:
        give_up(state, exp, exp.missing)


def _stand(trial: Trial) -> None:
    """A trial that will start again stands where it can start from."""
    if trial.state in ("waiting", "failed"):
        trial.units = trial.latest.units if trial.latest else 0


def release_clones(state: State, exp: Experiment, source: Trial) -> None:
    """Its checkpoint is there, or none will come: clones that waited for it may start."""
    if source.number not in exp.wait_for_clone or saving(source):
        return
    for number in exp.wait_for_clone.pop(source.number):
        trial = exp.trials[number]
        settle_clone(state, exp, trial, source)
        if trial.live is None:
            queue(exp, trial, trial.target, trial.value, trial.why)
