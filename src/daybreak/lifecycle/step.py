"""The one entrance: `step(state, at, event) -> commands`.

A pure function of the sequence of events. An event that is unknown, late or repeated is refused: counted, and otherwise nothing.
After the event itself everything it may have changed is settled: budgets, grants, new points, the end.
"""

from collections.abc import Callable
from typing import Any

from daybreak.base.ids import AttemptKey
from daybreak.lifecycle import (
    attempts,
    checkpoints,
    ending,
    ends,
    eviction,
    experiments,
    finishing,
    imports,
    looks,
    machines,
    preparing,
    proposals,
    repeatable,
    reports,
)
from daybreak.lifecycle.commands import AnyCommand
from daybreak.lifecycle.events import (
    AnyEvent,
    Asked,
    AttemptEnded,
    AttemptStarted,
    CheckpointDamaged,
    CheckpointDeleted,
    CheckpointFailed,
    CheckpointSaved,
    ClockSet,
    CodeChanged,
    DataChanged,
    Imported,
    Prepared,
    PrepareFailed,
    Proposed,
    RungReported,
    SealedOpened,
    SealedScored,
    SlotsLost,
    SlotsOffered,
    Submitted,
    TimerDue,
)
from daybreak.lifecycle.failures import give_up
from daybreak.lifecycle.grants import grant_all
from daybreak.lifecycle.state import Attempt, Experiment, State, touch


def step(state: State, at: float, event: AnyEvent) -> list[AnyCommand]:
    """Apply an event that happened at `at` (seconds since 1970); what is to be done in the world. Never raises for what it says."""
    state.at = max(state.at, at)
    state.seen += 1
    refusal = _HANDLERS[type(event)](state, event)
    if refusal:
        state.refused += 1
        state.last_refusal = refusal
    _settle(state)
    out, state.out = state.out, []
    return out


def _settle(state: State) -> None:
    while state.dirty:
        changed = list(state.dirty.values())
        state.dirty.clear()
        for exp in changed:
            finishing.watch(state, exp)
            repeatable.settle(state, exp)
        grant_all(state)
        repeatable.make_way(state)
        for exp in list(state.active.values()):
            proposals.ask(state, exp)
        for exp in changed:
            if exp.searcher.fault and not (exp.leaving or exp.over):
                touch(state, exp)  # once more: it fails with its searcher
            else:
                ending.maybe_end(state, exp)


def _of_experiment(handle: Callable[[State, Experiment, Any], bool | str]) -> Callable[[State, Any], str]:
    def handler(state: State, event: Any) -> str:
        exp = state.experiments.get(event.experiment)
        if exp is None:
            return f"{type(event).__name__}: there is no experiment {event.experiment}"
        exp.story.append(event)
        return _refusal(handle(state, exp, event), event)

    return handler


def _of_attempt(handle: Callable[[State, Experiment, Attempt, Any], bool]) -> Callable[[State, Any], str]:
    def handler(state: State, event: Any) -> str:
        attempt = state.attempts.get(event.attempt)
        if attempt is None:
            return f"{type(event).__name__}: attempt {AttemptKey(*event.attempt)} is not live"
        exp = state.experiments[attempt.key.experiment]
        exp.story.append(event)
        return _refusal(handle(state, exp, attempt, event), event)

    return handler


def _of_machine(handle: Callable[[State, Any], bool | str]) -> Callable[[State, Any], str]:
    def handler(state: State, event: Any) -> str:
        state.machine_story.append(event)
        return _refusal(handle(state, event), event)

    return handler


def _refusal(result: bool | str, event: AnyEvent) -> str:
    if isinstance(result, str):
        return result
    return "" if result else f"{type(event).__name__}: late or repeated"


def _saved(state: State, exp: Experiment, attempt: Attempt, event: CheckpointSaved) -> bool:
    if not checkpoints.saved(state, exp, attempt, event):
        return False
    ends.release_clones(state, exp, exp.trials[attempt.key.trial])
    eviction.keep_under_cap(state, exp)
    return True


def _damaged(state: State, exp: Experiment, event: CheckpointDamaged) -> bool:
    known = checkpoints.damaged(state, exp, event)
    if exp.spec.start is not None and exp.start is None:
        why = event.why or "its bytes do not match its hash"
        give_up(state, exp, f"the checkpoint that this fork starts from ({exp.spec.parent}) cannot be used: {why}")
    return known


def _ended(state: State, exp: Experiment, attempt: Attempt, event: AttemptEnded) -> bool:
    ends.ended(state, exp, attempt, event)
    return True


def _timer(state: State, exp: Experiment, event: TimerDue) -> bool:
    if exp.timers.pop(event.name, None) is None:
        return False
    touch(state, exp)
    return True


_HANDLERS: dict[type, Callable[[State, Any], str]] = {
    Submitted: _of_machine(experiments.submitted),
    Imported: _of_machine(imports.imported),
    Proposed: _of_experiment(proposals.proposed),
    Asked: _of_experiment(experiments.asked),
    SlotsOffered: _of_machine(machines.offered),
    SlotsLost: _of_machine(machines.lost),
    AttemptStarted: _of_attempt(attempts.started),
    RungReported: _of_attempt(reports.reported),
    CheckpointSaved: _of_attempt(_saved),
    CheckpointFailed: _of_attempt(checkpoints.failed),
    CheckpointDamaged: _of_experiment(_damaged),
    CheckpointDeleted: _of_experiment(checkpoints.deleted),
    SealedOpened: _of_attempt(looks.opened),
    SealedScored: _of_attempt(looks.scored),
    AttemptEnded: _of_attempt(_ended),
    TimerDue: _of_experiment(_timer),
    Prepared: _of_experiment(preparing.prepared),
    CodeChanged: _of_experiment(preparing.code_changed),
    DataChanged: _of_experiment(preparing.data_changed),
    PrepareFailed: _of_experiment(preparing.prepare_failed),
    ClockSet: _of_machine(machines.clock_set),
}
