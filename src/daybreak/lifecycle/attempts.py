"""Attempts: a grant becomes a launch; what the attempt says of itself comes back; in the end its slots are free."""

from daybreak.base.ids import AttemptKey
from daybreak.lifecycle import budget
from daybreak.lifecycle.commands import Freeze, Kill, Launch
from daybreak.lifecycle.costs import measured
from daybreak.lifecycle.events import AttemptEnded, AttemptStarted
from daybreak.lifecycle.state import Attempt, Checkpoint, Experiment, State, Trial, mark, touch, touch_trial
from daybreak.lifecycle.trials import set_state
from daybreak.wire.worker import CheckpointRef

LEAST_GRACE = 30.0  # seconds an attempt has to freeze, before it is killed
GRACE_FREEZES = 10.0  # or as many times what a freeze was measured to take


def launch(state: State, exp: Experiment, trial: Trial, machine: str, slots: tuple[int, ...]) -> None:
    """Start the trial's next attempt on slots that the pool gave it."""
    trial.epochs += 1
    key = AttemptKey(exp.number, trial.number, trial.epochs)
    units = trial.latest.units if trial.latest else 0
    target = _stop_over(exp, trial, units) or trial.target
    order = Launch(
        attempt=key,
        machine=machine,
        slots=slots,
        point=trial.point,
        seed=trial.seed,
        units=units,
        target=target,
        horizon=exp.horizon,
        checkpoint=_ref(trial.latest),
        previous=_ref(trial.previous),
        best=trial.best | trial.reached,
        run=exp.spec.baseline.run if trial.role == "baseline" and exp.spec.baseline else None,
    )
    attempt = Attempt(key, order, trial.why, state.at, from_units=units, units=units, target=target)
    trial.live, trial.queued = attempt, 0
    state.attempts[key] = attempt
    for slot in slots:
        state.holders[machine, slot] = key
    exp.attempts += 1
    exp.live += 1
    exp.live_search += trial.role == "search"
    budget.hold(state, exp, attempt)
    pledge(state, exp, attempt)
    trial.ended = None
    set_state(state, exp, trial, "running", trial.why)
    state.touched.attempts[key] = attempt
    state.out.append(order)
    if exp.limited:
        touch(state, exp)  # what it holds says when its budget is to be looked at
    else:
        mark(state, exp)


def _stop_over(exp: Experiment, trial: Trial, units: int) -> int | None:
    """Where it has to report once more, to save the checkpoint that clones of a deterministic search start from."""
    turns = exp.turns
    if turns is None or not turns.pins or trial.pinned is not None or trial.role != "search" or trial.complete:
        return None
    stands = turns.stands.get(trial.number, 0)
    return stands if stands > units else None


def _ref(checkpoint: Checkpoint | None) -> CheckpointRef | None:
    return CheckpointRef(checkpoint.digest, checkpoint.units, checkpoint.size) if checkpoint else None


def started(state: State, exp: Experiment, attempt: Attempt, event: AttemptStarted) -> bool:
    """User code runs. False for a repeat."""
    if attempt.started is not None:
        return False
    attempt.started, attempt.pid, attempt.how = state.at, event.pid, event.how
    attempt.start_seconds = event.seconds
    pledge(state, exp, attempt)
    if attempt.state == "granted":
        attempt.state = "running"
    state.touched.attempts[attempt.key] = attempt
    touch(state, exp)
    return True


def freeze(state: State, exp: Experiment, attempt: Attempt, why: str) -> None:
    """Ask it to freeze at the end of its unit; asking twice is nothing."""
    if attempt.order or attempt.state == "ending":
        return
    attempt.order, attempt.order_why = "freeze", why
    attempt.state = "ending"
    state.touched.attempts[attempt.key] = attempt
    state.out.append(Freeze(attempt.key, grace(exp), why))
    mark(state, exp)


def kill(state: State, attempt: Attempt, why: str) -> None:
    """End it now; its end is still to be reported."""
    if attempt.order == "kill":
        return
    attempt.order, attempt.order_why = "kill", why
    attempt.state = "ending"
    state.touched.attempts[attempt.key] = attempt
    state.out.append(Kill(attempt.key, why))


def grace(exp: Experiment) -> float:
    """Seconds that a freeze may take."""
    return max(LEAST_GRACE, GRACE_FREEZES * (exp.costs.freeze or 0.0))


def advance(state: State, exp: Experiment, attempt: Attempt, trial: Trial, units: int) -> None:
    """It was heard of at so many units: count what was trained since."""
    exp.units += max(units - max(attempt.units, attempt.from_units), 0)
    attempt.units = max(attempt.units, units)
    trial.units = units
    pledge(state, exp, attempt)


def pledge(state: State, exp: Experiment, attempt: Attempt, *, ended: bool = False) -> None:
    """Count the units it still has until its target, and that they are known as of now."""
    if attempt.pledged:
        exp.pledged -= attempt.pledged
        exp.pledging -= 1
        exp.heard -= attempt.heard - exp.submitted
    attempt.pledged = 0 if ended or attempt.target is None else max(attempt.target - attempt.units, 0)
    attempt.heard = state.at
    if attempt.pledged:
        exp.pledged += attempt.pledged
        exp.pledging += 1
        exp.heard += attempt.heard - exp.submitted
    if not exp.pledging:
        exp.heard = 0.0


def close(state: State, exp: Experiment, trial: Trial, attempt: Attempt, event: AttemptEnded) -> None:
    """The attempt is over: its slots are free, its time is counted, what it measured is taken in."""
    attempt.state, attempt.reason, attempt.ended = "ended", event.reason, state.at
    attempt.slot_seconds, attempt.user_seconds = event.slot_seconds, event.user_seconds
    advance(state, exp, attempt, trial, event.units)
    pledge(state, exp, attempt, ended=True)
    trial.live = None
    trial.slot_seconds += event.slot_seconds
    del state.attempts[attempt.key]
    for slot in attempt.launch.slots:
        if state.holders.get((attempt.launch.machine, slot)) == attempt.key:
            del state.holders[attempt.launch.machine, slot]
    state.pool.release(attempt.launch.machine, attempt.launch.slots)
    state.incoming.pop(attempt.key, None)
    exp.live -= 1
    exp.live_search -= trial.role == "search"
    budget.free(exp, attempt)
    _measure(exp, trial, attempt, event)
    state.touched.attempts[attempt.key] = attempt
    touch_trial(state, exp, trial)


def _measure(exp: Experiment, trial: Trial, attempt: Attempt, event: AttemptEnded) -> None:
    if trial.role == "baseline":  # other code: its times say nothing about a trial's
        return
    resume = event.resume_seconds
    if resume is not None:
        resume += attempt.start_seconds
    measured(exp, event.unit_seconds, event.freeze_seconds, resume)
