"""What an attempt's end means for its trial."""

from daybreak.lifecycle import attempts
from daybreak.lifecycle.budget import stop_wall
from daybreak.lifecycle.checkpoints import process_ended
from daybreak.lifecycle.costs import measured
from daybreak.lifecycle.events import AttemptEnded
from daybreak.lifecycle.failures import (
    LOST_IN_A_ROW,
    MISSING_GIVE_UP_AFTER,
    avoid,
    crashed,
    fail,
    give_up,
    tell_missing,
)
from daybreak.lifecycle.finishing import freeze_all
from daybreak.lifecycle.losses import merge_best
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.reports import pinning, saving, settle_clone, take_in
from daybreak.lifecycle.state import Attempt, Experiment, State, Trial, touch
from daybreak.lifecycle.trials import queue, set_state
from daybreak.lifecycle.turns import Outcome, Turns
from daybreak.wire.worker import Failure

SUSPENDED = ("frozen", "preempted")


def ended(state: State, exp: Experiment, attempt: Attempt, event: AttemptEnded) -> None:
    """Free its slots, then see how its trial goes on: what was decided at its last report comes first."""
    trial = exp.trials[attempt.key.trial]
    attempts.close(state, exp, trial, attempt, event)
    if event.failure is not None and event.failure.policy == "elsewhere":
        slots = attempt.launch.slots
        avoid(state, exp, trial, attempt.launch.machine, slots[min(event.failure.rank, len(slots) - 1)])
    if event.reason not in SUSPENDED:
        process_ended(state, exp, trial)
    if event.units > attempt.from_units:
        trial.losses_in_row = 0
    if _out_of_storage(event):
        _halt(state, exp, trial, event)
    turns = exp.turns if trial.role == "search" else None
    merge_best(exp.spec, trial.best if turns is None else trial.reached, event.best)
    if turns is not None and trial.plan == "train":
        _before_its_turn(state, exp, turns, trial, attempt, event)
    elif trial.plan == "finish" and (event.reason == "lost" or _out_of_storage(event)) and _unsaved(exp, trial):
        queue(exp, trial, trial.target, trial.value, "its process was lost before its last checkpoint")
        set_state(state, exp, trial, "waiting", trial.why)
    elif trial.plan == "finish":
        late = {name: value for name, value in event.metrics.items() if name not in trial.last}
        trial.last = trial.last | late  # what its code reported behind its loop: a test score, say
        set_state(state, exp, trial, "finished", trial.why)
    elif trial.plan == "rest":
        set_state(state, exp, trial, "frozen", trial.why)
    elif event.reason in ("completed", "reached"):
        completed(state, exp, trial, event.units, event.metrics, event.best)
    elif event.reason == "crashed" and not _out_of_storage(event):
        crashed(state, exp, trial, event.failure or Failure("crash", "no more is known"))
    else:
        _again(state, exp, trial, attempt, event)
    _stand(turns, trial)
    release_clones(state, exp, trial)
    touch(state, exp)


def _before_its_turn(
    state: State, exp: Experiment, turns: Turns, trial: Trial, attempt: Attempt, event: AttemptEnded
) -> None:
    """Of a deterministic search: only a trial's own end, or its last failure, is anything to the search, and in its turn."""
    if not turns.wants(trial.number) and not trial.complete:
        why = "the report of its rung waits for its turn" if trial.number in turns.held else trial.why
        set_state(state, exp, trial, "waiting", why)
    elif event.reason == "completed":
        turns.held[trial.number] = Outcome("end", event.units, dict(event.metrics), dict(event.best))
        set_state(state, exp, trial, "waiting", "its end waits for its turn")
    elif event.reason == "crashed" and not _out_of_storage(event):
        crashed(state, exp, trial, event.failure or Failure("crash", "no more is known"))
    else:
        _again(state, exp, trial, attempt, event)


def _out_of_storage(event: AttemptEnded) -> bool:
    """A full disk or a vault that cannot be written is nothing that the trial's code did: it is no crash."""
    return event.reason == "crashed" and event.failure is not None and event.failure.kind == "disk"


def _halt(state: State, exp: Experiment, trial: Trial, event: AttemptEnded) -> None:
    """Nothing can be saved, so nothing more is trained until somebody made room; what is stored already stays."""
    exp.saves = True  # what is complete trains its model again
    why = event.failure.message if event.failure is not None else ""
    if exp.paused or exp.over or exp.leaving:
        return
    exp.paused, exp.why = True, f"trial {trial.number} could not be saved: {why}"
    notify(
        state, exp, "error", f"{exp.why}; the search is paused, go on with: daybreak resume {exp.number}", trial.number
    )
    stop_wall(state, exp)
    freeze_all(state, exp, "nothing can be saved")


def settles(state: State, exp: Experiment, trial: Trial) -> None:
    """A trial without an attempt finishes or rests; one that is complete and has lost its model trains it again."""
    if trial.plan == "finish" and _unsaved(exp, trial):
        queue(exp, trial, trial.target, trial.value, "its process was lost before its last checkpoint")
        set_state(state, exp, trial, "waiting", trial.why)
    else:
        set_state(state, exp, trial, "finished" if trial.plan == "finish" else "frozen", trial.why)


def _unsaved(exp: Experiment, trial: Trial) -> bool:
    """Whether the model of a complete trial is missing, where this experiment's trials have saved theirs."""
    units = trial.latest.units if trial.latest else 0
    return exp.saves and trial.role == "search" and trial.target is not None and units < trial.target


def _again(state: State, exp: Experiment, trial: Trial, attempt: Attempt, event: AttemptEnded) -> None:
    """Lost, preempted, not to be saved, or stopped for a clone's sake: it wants the same target as before."""
    if event.reason == "lost":
        trial.losses_in_row += 1
        if trial.losses_in_row > LOST_IN_A_ROW:
            trial.losses_in_row = 0
            if exp.turns is not None:
                _pause(state, exp, trial)
                return
            crashed(state, exp, trial, Failure("lost", f"{LOST_IN_A_ROW} attempts in a row died without a word"))
            return
        why = "again after its process was lost"
    elif event.reason == "crashed":
        why = "again once it can be saved"
    else:
        why = attempt.order_why or trial.why
        trial.last = (dict(event.metrics) or trial.last) if exp.turns is None else trial.last
    if trial.waits_for is None:
        queue(exp, trial, trial.target, trial.value, why)
    set_state(state, exp, trial, "waiting", why)


def _pause(state: State, exp: Experiment, trial: Trial) -> None:
    """In a deterministic search nothing may come of losses, however many: people decide."""
    queue(exp, trial, trial.target, trial.value, "again after its process was lost")
    set_state(state, exp, trial, "waiting", trial.why)
    text = f"trial {trial.number} was lost {LOST_IN_A_ROW + 1} times in a row without a unit of progress"
    exp.paused, exp.why = True, text
    advice = f"see why its processes are killed (memory?), then `daybreak resume {exp.number}`"
    notify(state, exp, "error", f"{text}; the search is paused: {advice}", trial.number)
    stop_wall(state, exp)
    freeze_all(state, exp, exp.why)


def completed(
    state: State, exp: Experiment, trial: Trial, units: int, reported: dict[str, float], best: dict[str, float]
) -> None:
    """It came to its end by itself: its score counts, and the horizon is known if it was not."""
    metric = exp.spec.objectives[0].metric
    if metric not in reported and metric not in trial.best and metric not in trial.last:
        _never_reported(state, exp, trial, reported)
        return
    metrics = reported if metric in reported else trial.last
    values = take_in(state, exp, trial, units, metrics, best)
    set_state(state, exp, trial, "finished", "ended by itself")
    trial.plan = "finish"
    if trial.role != "search":
        return
    if exp.horizon is None and units > 0:
        exp.horizon = units
        measured(exp)
    exp.searcher.ended(trial.number, units, values, failed=False)


def _never_reported(state: State, exp: Experiment, trial: Trial, reported: dict[str, float]) -> None:
    tell_missing(state, exp, trial, reported)
    fail(state, exp, trial, exp.missing)
    if exp.scored == 0 and exp.failed >= MISSING_GIVE_UP_AFTER:
        give_up(state, exp, exp.missing)


def _stand(turns: Turns | None, trial: Trial) -> None:
    """A trial that will start again stands where it can start from; one that need not, at its last report."""
    if turns is not None and trial.state == "waiting" and not turns.wants(trial.number):
        held = turns.held.get(trial.number)
        trial.units = held.units if held is not None else turns.stands[trial.number]
    elif trial.state in ("waiting", "failed"):
        trial.units = trial.latest.units if trial.latest else 0


def release_clones(state: State, exp: Experiment, source: Trial) -> None:
    """Its checkpoint is there, or none will come: clones that waited for it may start."""
    if source.number not in exp.wait_for_clone:
        return
    if saving(source, pinning(exp)):
        _train_for_clone(state, exp, source)
        return
    for number in exp.wait_for_clone.pop(source.number):
        trial = exp.trials[number]
        settle_clone(state, exp, trial, source)
        if trial.live is None and (exp.turns is None or exp.turns.wants(number)):
            queue(exp, trial, trial.target, trial.value, trial.why)


def _train_for_clone(state: State, exp: Experiment, source: Trial) -> None:
    """A source without slots has lost the checkpoint that its clone needs: it comes to that point once more."""
    if pinning(exp) and source.live is None and not source.queued and source.waits_for is None:
        plan = source.plan
        queue(exp, source, source.target, source.value, "its checkpoint was lost, and a clone needs it")
        source.plan = plan
        set_state(state, exp, source, "waiting", source.why)
