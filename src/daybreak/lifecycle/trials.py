"""Trials: how they come to be, wait, and come to an end."""

from heapq import heappop, heappush
from math import inf

from daybreak.base.streams import derive_seed
from daybreak.lifecycle.checkpoints import begin, let_go
from daybreak.lifecycle.eviction import may_evict
from daybreak.lifecycle.losses import score_loss
from daybreak.lifecycle.state import Experiment, Role, State, Trial, touch_trial
from daybreak.spec.domains import Point
from daybreak.wire.rows import TrialState


def add(state: State, exp: Experiment, point: Point, source: str) -> Trial:
    """A new trial of the search, known to the searcher from now on."""
    trial = _create(state, exp, exp.next_trial, point, source, "search")
    exp.next_trial += 1
    exp.fresh += 1
    exp.searcher.added(trial.number, point)
    return trial


def add_baseline(state: State, exp: Experiment) -> None:
    """The baseline is trial 0: it runs first, once, and the searcher never hears of it."""
    trial = _create(state, exp, 0, {}, "baseline", "baseline")
    queue(exp, trial, target=None, value=inf, why="the baseline")


def add_confirm(state: State, exp: Experiment, of: Trial, seed_number: int, target: int | None) -> Trial:
    """Train a trial's point again on another seed; equal seed numbers give equal seeds, so points can be compared in pairs."""
    source = f"confirm of {of.number}, seed {seed_number}"
    trial = _create(state, exp, exp.next_trial, of.point, source, "confirm")
    exp.next_trial += 1
    trial.seed = derive_seed(exp.spec.seed, "confirm", seed_number)
    trial.of = of.number
    queue(exp, trial, target, value=-float(seed_number), why=source)
    touch_trial(state, exp, trial)
    return trial


def _create(state: State, exp: Experiment, number: int, point: Point, source: str, role: Role) -> Trial:
    seed = derive_seed(exp.spec.seed, "trial", number)
    trial = Trial(number, point, source, seed, state.at, role)
    exp.trials[number] = trial
    begin(exp, trial)
    if exp.spec.start is not None and role == "search":
        trial.seed = exp.spec.start.seed
    trial.history.append((trial.units, point))
    touch_trial(state, exp, trial)
    return trial


def queue(exp: Experiment, trial: Trial, target: int | None, value: float, why: str) -> None:
    """It wants slots again until it stands at `target`, and does not need the searcher's wish for it."""
    trial.plan, trial.target, trial.value, trial.why = "train", target, value, why
    exp.tickets += 1
    trial.queued = exp.tickets
    heappush(exp.again, (-value, trial.queued, trial.number))


def first_queued(exp: Experiment) -> Trial | None:
    """The most valuable trial that waits to be started again; those that the end of the search overtook are shelved."""
    while exp.again:
        _, ticket, number = exp.again[0]
        trial = exp.trials[number]
        if trial.queued == ticket and not _overtaken(exp, trial):
            return trial
        heappop(exp.again)
        if trial.queued == ticket:
            trial.queued = 0
            exp.shelved.append(number)
    return None


def _overtaken(exp: Experiment, trial: Trial) -> bool:
    """The search was closed while it waited; a deterministic one trains whatever it has granted."""
    return exp.closed and exp.turns is None and trial.role == "search" and trial.number != exp.closing_for


def set_state(state: State, exp: Experiment, trial: Trial, to: TrialState, why: str) -> None:
    """Change its state, and what follows from that for its checkpoints and its place among the best."""
    trial.state, trial.why = to, why
    if to in ("finished", "failed", "stopped"):
        trial.ended = state.at
    if to in ("frozen", "finished"):
        may_evict(exp, trial)
    if to == "failed":
        let_go(state, exp, trial)
    touch_trial(state, exp, trial)


def rank(exp: Experiment, trial: Trial) -> None:
    """Its score may have changed: put it in its place among the best."""
    loss = score_loss(exp.spec, trial)
    if loss != trial.loss and trial.role == "search":
        if trial.loss == inf:
            exp.scored += 1
        trial.loss = loss
        heappush(exp.ranking, (loss, trial.number))
