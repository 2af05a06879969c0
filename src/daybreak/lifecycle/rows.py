"""Read tables from state. A row is a function of the log alone: rebuilt by replay it is identical.

So nothing here depends on when rows are drained: an experiment's times end at the last event that touched it, and the time of
a running attempt counts once it ended.
"""

from daybreak.lifecycle import budget, ranking
from daybreak.lifecycle.losses import score
from daybreak.lifecycle.state import Attempt, Checkpoint, Experiment, State, Touched, Trial
from daybreak.lifecycle.summary import baseline_value, summary
from daybreak.wire.rows import (
    AnyRow,
    AttemptRow,
    CheckpointRow,
    ExperimentRow,
    ExperimentState,
    TrialRow,
)


def take_touched(state: State) -> Touched:
    """What changed since the last call; the state starts a new list."""
    touched, state.touched = state.touched, Touched()
    return touched


def rows(state: State, touched: Touched) -> list[AnyRow]:
    """The rows of everything that changed, as it stands now."""
    made: list[AnyRow] = [experiment_row(state.experiments[number]) for number in touched.experiments]
    made += [trial_row(state.experiments[number], trial) for number, trial in touched.trials]
    made += [attempt_row(attempt) for attempt in touched.attempts.values()]
    made += [checkpoint_row(checkpoint) for checkpoint in touched.checkpoints.values()]
    made += touched.notices
    made += touched.looks.values()
    return made + [row for event in touched.imported for row in event.rows()]


def experiment_state(exp: Experiment) -> ExperimentState:
    """Its state in the words of the row."""
    if exp.outcome:
        return exp.outcome
    if exp.paused:
        return "paused"
    return "finishing" if exp.phase in ("finishing", "confirm") or exp.spent or exp.leaving else "running"


def experiment_why(exp: Experiment) -> str:
    """Why it is in that state."""
    return exp.why or exp.leaving_why or exp.spent


def experiment_row(exp: Experiment) -> ExperimentRow:
    """An experiment and its totals, at the last event that touched it."""
    best = ranking.best(exp)
    return ExperimentRow(
        experiment=exp.number,
        name=exp.spec.name,
        state=experiment_state(exp),
        why=experiment_why(exp),
        owner=exp.owner,
        priority=exp.priority,
        spec=exp.spec_data,
        spec_hash=exp.spec_hash,
        submitted=exp.submitted,
        started=exp.started,
        ended=exp.ended,
        trials=len(exp.trials) - (0 in exp.trials),
        units=exp.units,
        slot_seconds=budget.slot_seconds(exp, exp.seen),
        best_trial=best.number if best else None,
        best=_objective_values(exp, best) if best else {},
        baseline=baseline_value(exp),
        summary=summary(exp),
    )


def _objective_values(exp: Experiment, trial: Trial) -> dict[str, float]:
    values = trial.best if exp.spec.score == "best" else trial.last
    return {o.metric: values[o.metric] for o in exp.spec.objectives if o.metric in values}


def trial_row(exp: Experiment, number: int) -> TrialRow:
    """A trial as it stands."""
    trial: Trial = exp.trials[number]
    return TrialRow(
        experiment=exp.number,
        trial=number,
        state=trial.state,
        why=trial.why,
        point=trial.point,
        source=trial.source,
        seed=trial.seed,
        units=trial.units,
        target=trial.target,
        rung=len(trial.rungs) - 1 if trial.rungs else None,
        attempts=trial.epochs,
        slot_seconds=trial.slot_seconds,
        score=score(exp.spec, trial),
        best=dict(trial.best),
        last=dict(trial.last),
        rungs=list(trial.rungs),
        history=list(trial.history),
        checkpoint=trial.latest.digest if trial.latest else None,
        checkpoint_units=trial.latest.units if trial.latest else 0,
        graced=trial.graced,
        failure=trial.failure,
        created=trial.created,
        ended=trial.ended,
    )


def attempt_row(attempt: Attempt) -> AttemptRow:
    """An attempt; its slot-seconds are known once it ended."""
    return AttemptRow(
        experiment=attempt.key.experiment,
        trial=attempt.key.trial,
        epoch=attempt.key.epoch,
        state=attempt.state,
        reason=attempt.reason,
        why=attempt.why,
        machine=attempt.launch.machine,
        slots=list(attempt.launch.slots),
        how=attempt.how,
        pid=attempt.pid,
        from_units=attempt.from_units,
        to_units=attempt.units,
        granted=attempt.granted,
        started=attempt.started,
        ended=attempt.ended,
        slot_seconds=attempt.slot_seconds,
        user_seconds=attempt.user_seconds,
    )


def checkpoint_row(checkpoint: Checkpoint) -> CheckpointRow:
    """A checkpoint, saved or gone."""
    return CheckpointRow(
        checkpoint.experiment,
        checkpoint.trial,
        checkpoint.digest,
        checkpoint.units,
        checkpoint.size,
        checkpoint.state,
        checkpoint.at,
    )
