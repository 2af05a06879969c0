"""Checkpoints: each trial keeps its latest, the one before, and the one at which its best value was reported.

A checkpoint is held by the trials that would start from it (a clone starts from its source's), by the trial that it is the best of,
and by whoever pinned it (`pins`). When the last lets go of it, it is deleted; the disk's cap takes from those least missed
(`eviction`). Files are named by their bytes: equal states of two trials, of one experiment or of two, are one file, which is removed
when the last of their checkpoints is; each experiment counts it once towards its `disk_cap`. One that lives in a suspended process
holds no disk; its agent ends the process when memory is needed, and says `CheckpointDamaged`.
"""

from math import inf

from daybreak.lifecycle.commands import DeleteCheckpoint
from daybreak.lifecycle.events import CheckpointDamaged, CheckpointDeleted, CheckpointFailed, CheckpointSaved
from daybreak.lifecycle.losses import losses, merge_best
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.state import Attempt, Checkpoint, Experiment, Place, State, Trial, mark, touch, touch_trial

START = 0  # the checkpoint that a fork starts from stands as one of trial 0, which is never searched


def saved(state: State, exp: Experiment, attempt: Attempt, event: CheckpointSaved) -> bool:
    """The trial's latest checkpoint is a new one; the one before the last is not needed any more.

    False for one before the attempt's last: it was heard of already, and its file may be deleted.
    """
    if event.units < attempt.saved:
        return False
    attempt.saved = event.units
    trial = exp.trials[attempt.key.trial]
    if event.best:  # otherwise they would be forgotten when the trial goes on from here
        merge_best(exp.spec, trial.best if exp.turns is None or trial.role != "search" else trial.reached, event.best)
    checkpoint = _record(state, exp, trial, event)
    if attempt.disowned or (attempt.verdict is not None and attempt.verdict.action == "stop"):  # its own past is over
        hold(checkpoint)
        drop(state, exp, checkpoint)
        return True
    if checkpoint is not trial.latest:
        before, trial.latest = trial.latest, checkpoint
        hold(checkpoint)
        trial.previous, dropped = before, trial.previous
        drop(state, exp, dropped)
    if trial.previous is not None and trial.previous.in_process:  # a process cannot go back to what it was
        drop(state, exp, trial.previous)
        trial.previous = None
    elect(state, exp, trial)
    pin(state, exp, trial)
    touch(state, exp)
    touch_trial(state, exp, trial)
    return True


def elect(state: State, exp: Experiment, trial: Trial) -> None:
    """Of what a trial saved keep the one that stands at the best value, where its score is its best value; of equals the first."""
    if exp.spec.score != "best":
        return
    best = trial.top
    for checkpoint in (trial.previous, trial.latest):
        mine = checkpoint is not None and checkpoint.trial == trial.number and not checkpoint.in_process
        if checkpoint is not None and mine and checkpoint.loss < (best.loss if best is not None else inf):
            best = checkpoint
    if best is not None and best is not trial.top:
        hold(best)
        before, trial.top = trial.top, best
        drop(state, exp, before)


def pin(state: State, exp: Experiment, trial: Trial) -> None:
    """In a deterministic search whose trials are cloned, keep the checkpoint of where the trial's last turn left it."""
    turns = exp.turns
    if turns is None or not turns.pins or trial.role != "search":
        return
    stands = turns.stands.get(trial.number)
    if trial.pinned is not None and trial.pinned.units != stands:
        dropped, trial.pinned = trial.pinned, None
        drop(state, exp, dropped)
    if trial.pinned is None and trial.latest is not None and trial.latest.units == stands:
        trial.pinned = trial.latest
        hold(trial.pinned)


def _record(state: State, exp: Experiment, trial: Trial, event: CheckpointSaved) -> Checkpoint:
    key = (trial.number, event.digest)
    checkpoint = exp.checkpoints.get(key)
    exp.saves = exp.saves or not event.digest.startswith("process:")
    if checkpoint is None:
        checkpoint = Checkpoint(exp.number, trial.number, event.digest, event.units, event.size, state.at)
        exp.checkpoints[key] = checkpoint
        _refer(state, exp, checkpoint)
    state.places[checkpoint.place].written = state.at
    checkpoint.units, checkpoint.at = event.units, state.at
    checkpoint.loss = min(checkpoint.loss, losses(exp.spec, event.metrics)[0])
    _touch(state, checkpoint)
    return checkpoint


def _refer(state: State, exp: Experiment, checkpoint: Checkpoint) -> None:
    """One more checkpoint has these bytes; a deletion that is not carried out yet is not wanted any more."""
    state.deleting.pop(checkpoint.place, None)
    state.places.setdefault(checkpoint.place, Place()).references += 1
    if not checkpoint.in_process:
        exp.files[checkpoint.digest] += 1
        exp.disk += checkpoint.size if exp.files[checkpoint.digest] == 1 else 0


def adopt_start(state: State, exp: Experiment) -> None:
    """Hold the checkpoint of another run that this fork's trials begin at."""
    if (start := exp.spec.start) is None:
        return
    exp.start = Checkpoint(exp.number, START, start.checkpoint, start.units, start.size, state.at)
    exp.checkpoints[START, start.checkpoint] = exp.start
    _refer(state, exp, exp.start)
    state.places[exp.start.place].written = state.at
    hold(exp.start)
    _touch(state, exp.start)


def begin(exp: Experiment, trial: Trial) -> None:
    """The trial stands where it begins: at 0, or at the fork's start."""
    if exp.start is not None and trial.role != "baseline":
        hold(exp.start)
        exp.cloned.setdefault(START, set()).add(trial.number)
        trial.latest, trial.units = exp.start, exp.start.units


def borrow(state: State, exp: Experiment, trial: Trial, source: Trial) -> None:
    """A clone starts from its source's latest checkpoint, and lets go of its own; a suspended process cannot be cloned."""
    kept = source.pinned or source.latest
    found = kept if kept and not kept.in_process else None
    if found is not None:
        hold(found)
        exp.cloned.setdefault(found.trial, set()).add(trial.number)
    let_go(state, exp, trial)
    if found is not None:
        drop(state, exp, trial.latest)
        trial.latest = found
        pin(state, exp, trial)
    trial.units = trial.latest.units if trial.latest else 0


def let_go(state: State, exp: Experiment, trial: Trial) -> None:
    """The trial begins anew if it ever starts again."""
    for checkpoint in (trial.latest, trial.previous, trial.pinned, trial.top):
        drop(state, exp, checkpoint)
    trial.latest = trial.previous = trial.pinned = trial.top = None
    begin(exp, trial)
    touch_trial(state, exp, trial)


def failed(state: State, exp: Experiment, attempt: Attempt, event: CheckpointFailed) -> bool:
    """One that was only insurance could not be written: say so once, since a crash now costs more than it would have."""
    number = attempt.key.trial
    text = f"a checkpoint of trial {number} at {event.units} units could not be written, training goes on without it: {event.why}"
    notify(state, exp, "warning", f"{text} (told once; daybreak logs tells each)", number, once="unsaved")
    mark(state, exp)
    return True


def damaged(state: State, exp: Experiment, event: CheckpointDamaged) -> bool:
    """Whoever would start from it uses the one before, or starts from 0. False when it is not known."""
    checkpoint = exp.checkpoints.get((event.trial, event.digest)) or _borrowed(exp, event)
    if checkpoint is None:
        return False
    if checkpoint is exp.start:
        exp.start, checkpoint.users = None, checkpoint.users - 1
    exp.pins.pop((checkpoint.trial, checkpoint.digest), None)
    was_latest = event.trial in exp.trials and exp.trials[event.trial].latest is checkpoint
    for trial in [t for t in _users(exp, checkpoint.trial) if checkpoint in (t.latest, t.previous, t.pinned, t.top)]:
        _fall_back(state, exp, trial, checkpoint)
    if not checkpoint.in_process:
        text = f"a checkpoint of trial {event.trial} is damaged ({event.why or 'its bytes do not match its hash'})"
        then = _what_is_used(exp.trials[event.trial]) if was_latest else "nothing would have gone on from it"
        notify(state, exp, "warning", f"{text}: the one at {checkpoint.units} units; {then}", event.trial)
    _forget(state, exp, checkpoint, "damaged")
    touch(state, exp)
    return True


def _what_is_used(trial: Trial) -> str:
    if trial.latest is None:
        return "there is none before it: the trial starts afresh"
    return f"the one before it is used, at {trial.latest.units} units"


def _borrowed(exp: Experiment, event: CheckpointDamaged) -> Checkpoint | None:
    """A clone found its source's checkpoint damaged."""
    trial = exp.trials.get(event.trial)
    held = (trial.latest, trial.previous) if trial is not None else ()
    return next((c for c in held if c is not None and c.digest == event.digest), None)


def _users(exp: Experiment, number: int) -> list[Trial]:
    """Those that may hold a trial's checkpoints: itself, and clones of it."""
    clones = [exp.trials[n] for n in exp.cloned.get(number, ())]
    return [exp.trials[number], *clones] if number in exp.trials else clones


def _fall_back(state: State, exp: Experiment, trial: Trial, checkpoint: Checkpoint) -> None:
    if trial.pinned is checkpoint:
        trial.pinned = None
    if trial.top is checkpoint:
        trial.top = None
    if trial.latest is checkpoint:
        trial.latest, trial.previous = trial.previous, None
    elif trial.previous is checkpoint:
        trial.previous = None
    elect(state, exp, trial)
    if trial.live is not None:  # it started from there, and stands where it can start from now
        trial.live.from_units = min(trial.live.from_units, trial.latest.units if trial.latest else 0)
    touch_trial(state, exp, trial)


def process_ended(state: State, exp: Experiment, trial: Trial) -> None:
    """The attempt is over and left no suspended process behind: a checkpoint that was that process is no more."""
    if trial.latest is not None and trial.latest.in_process:
        checkpoint = trial.latest
        _fall_back(state, exp, trial, checkpoint)
        _forget(state, exp, checkpoint, "damaged")


def end_processes(state: State, exp: Experiment) -> None:
    """The experiment is over: its suspended processes go with its warm parent, on `Release`."""
    for checkpoint in [c for c in exp.checkpoints.values() if c.in_process]:
        process_ended(state, exp, exp.trials[checkpoint.trial])


def deleted(state: State, exp: Experiment, event: CheckpointDeleted) -> bool:
    """A deletion was carried out. False when none was asked for, or it is not wanted any more."""
    named = Checkpoint(exp.number, event.trial, event.digest, 0, 0, state.at)
    order = state.deleting.get(named.place)
    if order is None or (order.experiment, order.trial) != (event.experiment, event.trial):
        return False
    del state.deleting[named.place]
    return True


def hold(checkpoint: Checkpoint) -> None:
    """Somebody more needs it."""
    checkpoint.users += 1


def drop(state: State, exp: Experiment, checkpoint: Checkpoint | None) -> None:
    """Somebody needs it no longer; None is nothing. It is deleted when nobody does."""
    if checkpoint is None:
        return
    checkpoint.users -= 1
    if checkpoint.users == 0 and checkpoint.state == "saved":
        _forget(state, exp, checkpoint, "deleted")


def _forget(state: State, exp: Experiment, checkpoint: Checkpoint, how: str) -> None:
    checkpoint.state = "damaged" if how == "damaged" else "deleted"
    exp.checkpoints.pop((checkpoint.trial, checkpoint.digest), None)
    if not checkpoint.in_process:
        exp.files[checkpoint.digest] -= 1
        if not exp.files[checkpoint.digest]:
            del exp.files[checkpoint.digest]
            exp.disk -= checkpoint.size
    place = state.places[checkpoint.place]
    place.references -= 1
    if not place.references:
        del state.places[checkpoint.place]
        if how == "deleted":
            order = DeleteCheckpoint(exp.number, checkpoint.trial, checkpoint.digest, place.written)
            state.deleting[checkpoint.place] = order
            state.out.append(order)
    _touch(state, checkpoint)


def _touch(state: State, checkpoint: Checkpoint) -> None:
    state.touched.checkpoints[checkpoint.experiment, checkpoint.trial, checkpoint.digest] = checkpoint
