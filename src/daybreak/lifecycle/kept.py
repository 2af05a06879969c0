"""Why each checkpoint of an experiment is kept, and which of those that it let go are files all the same."""

from collections.abc import Iterator

from daybreak.lifecycle import imports
from daybreak.lifecycle.ranking import leaders
from daybreak.lifecycle.state import Experiment, State, Trial, find
from daybreak.wire.api import Keeping, Kept


def keeping(state: State, experiment: int, deleted: frozenset[str] = frozenset()) -> Keeping:
    """What it keeps, and of the digests `deleted` those that are still kept by anybody. Raises `NotFound`."""
    if (event := state.imported.get(experiment)) is not None:
        kept = tuple(Kept(row.trial, row.digest, ("imported",)) for row in imports.kept(event))
    else:
        exp = find(state, experiment)
        forks = _forks(state, exp)
        kept = tuple(Kept(*key, (*_reasons(exp, key), *forks.get(key[1], ()))) for key in exp.checkpoints)
    return Keeping(kept, tuple(sorted(digest for digest in deleted if digest in state.places)))


def _reasons(exp: Experiment, key: tuple[int, str]) -> Iterator[str]:
    checkpoint = exp.checkpoints[key]
    if checkpoint is exp.start:
        yield f"start of this fork ({exp.spec.parent})"
    own = exp.trials.get(key[0])
    if own is not None and checkpoint is not exp.start:
        yield from _of_trial(exp, own, key)
    for number in sorted(exp.cloned.get(key[0], ())):
        clone = exp.trials[number]
        if checkpoint is not exp.start and checkpoint in (clone.latest, clone.previous, clone.pinned, clone.top):
            yield f"trial {number} goes on from it"
    if key in exp.pins:
        yield f"pinned: {exp.pins[key]}"


def _of_trial(exp: Experiment, trial: Trial, key: tuple[int, str]) -> Iterator[str]:
    checkpoint = exp.checkpoints[key]
    if checkpoint is trial.latest:
        yield "latest"
    if checkpoint is trial.previous:
        yield "previous"
    if checkpoint is trial.pinned:
        yield "clones start from it"
    best = trial.top if exp.spec.score == "best" and trial.top is not None else trial.latest
    if checkpoint is trial.top:
        yield "best of its trial"
    if checkpoint is best and trial in leaders(exp, exp.spec.keep_best):
        yield f"of the best {exp.spec.keep_best}" if exp.spec.keep_best > 1 else "of the best trial"


def _forks(state: State, exp: Experiment) -> dict[str, list[str]]:
    """By digest, the other experiments that start from a checkpoint with these bytes."""
    found: dict[str, list[str]] = {}
    for other in state.experiments.values():
        if other is not exp and other.start is not None:
            found.setdefault(other.start.digest, []).append(f"experiment {other.number} starts from it")
    return found
