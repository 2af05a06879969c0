"""Deterministic searches: what comes of their trials is held until its turn (`turns`), and slots follow from what was decided.

Two layers. *Logical*: at its turn an outcome is told to the searcher, its decision and the next wishes become segments; while points
are being drawn logical time stands still. *Physical*: a trial with a segment waits for slots as any other; one whose report is held
keeps its slots unless another waits for them: then it is frozen, goes on from its checkpoint after its turn, and the search
never hears of that. The lowest outstanding segment is therefore always on its way, even on a single slot.
"""

from daybreak.lifecycle import attempts, payable
from daybreak.lifecycle.checkpoints import pin
from daybreak.lifecycle.ends import completed, release_clones, settles
from daybreak.lifecycle.failures import fail
from daybreak.lifecycle.finishing import live
from daybreak.lifecycle.grants import may_run, next_demand
from daybreak.lifecycle.notices import pass_on
from daybreak.lifecycle.proposals import request, wanted
from daybreak.lifecycle.reports import answer, become_clone, take_in
from daybreak.lifecycle.state import Attempt, Experiment, State, Trial, touch, touch_trial
from daybreak.lifecycle.trials import queue, set_state
from daybreak.lifecycle.turns import Outcome, Segment, Turns
from daybreak.search.searcher import Clone, Finish, GoOn


def settle(state: State, exp: Experiment) -> None:
    """Take every turn that can be taken now."""
    turns = exp.turns
    if turns is None or exp.over:
        return
    while not _stands_still(exp):
        _fill(state, exp, turns)
        if exp.request is not None or turns.due() is None:
            return
        _take_turn(state, exp, turns)


def _stands_still(exp: Experiment) -> bool:
    """Points are being drawn, or the search is over: nothing is decided now."""
    return bool(exp.request or exp.leaving or exp.searcher.fault or exp.phase == "confirm")


# -- what the free logical workers do


def _fill(state: State, exp: Experiment, turns: Turns) -> None:
    while turns.free > 0 and exp.request is None:
        if (shelved := _shelved(exp, turns)) is not None:
            turns.shelved.remove(shelved.number)
            _go(state, exp, turns, shelved, shelved.target, shelved.why)
            continue
        # Extended by too little: the searcher counts what is shelved among those that run, and would want no new point.
        if turns.shelved and not exp.closed:
            payable.close(state, exp, turns)
        wish = exp.searcher.peek()
        if wish is None:
            request(state, exp, min(turns.free, wanted(exp)))
            return
        trial = exp.trials[wish.trial]
        if not payable.pays(exp, turns, trial, wish.to):
            if exp.closed:
                return
            payable.close(state, exp, turns)
            continue
        exp.searcher.taken(wish)
        if trial.number not in turns.stands:
            turns.stands[trial.number] = trial.units
            exp.fresh -= 1
        trial.complete = False
        _go(state, exp, turns, trial, wish.to, wish.why)


def _shelved(exp: Experiment, turns: Turns) -> Trial | None:
    """A trial whose segment was put off for want of budget, and can be paid now."""
    for number in turns.shelved:
        trial = exp.trials[number]
        if (not exp.closed or number == exp.closing_for) and payable.pays(exp, turns, trial, trial.target):
            return trial
    return None


def _go(state: State, exp: Experiment, turns: Turns, trial: Trial, to: int | None, why: str) -> None:
    segment = turns.grant(trial.number, to)
    trial.plan, trial.target, trial.value, trial.why = "train", to, -float(segment.finish), why
    _wait(state, exp, trial)
    touch(state, exp)


def _wait(state: State, exp: Experiment, trial: Trial) -> None:
    """It wants slots for its segment, unless it holds some, or its checkpoint is still to come."""
    if trial.live is None:
        if trial.waits_for is None:
            queue(exp, trial, trial.target, trial.value, trial.why)
        set_state(state, exp, trial, "waiting", trial.why)


# -- a turn


def _take_turn(state: State, exp: Experiment, turns: Turns) -> None:
    segment, outcome = turns.take()
    trial = exp.trials[segment.trial]
    if outcome.how == "failure":
        fail(state, exp, trial, outcome.why)
    elif outcome.how == "end":
        turns.units += max(outcome.units - segment.start, 0) - segment.units
        turns.stands[trial.number] = outcome.units
        completed(state, exp, trial, outcome.units, outcome.metrics, outcome.best)
    else:
        _reported(state, exp, turns, trial, segment, outcome)
    release_clones(state, exp, trial)
    if exp.closed:
        payable.secure(state, exp, turns)
    pass_on(state, exp)
    touch(state, exp)
    touch_trial(state, exp, trial)


def _reported(state: State, exp: Experiment, turns: Turns, trial: Trial, segment: Segment, outcome: Outcome) -> None:
    units = outcome.units if segment.to is None else segment.to
    values = take_in(state, exp, trial, units, outcome.metrics, outcome.best)
    turns.stands[trial.number] = units
    pin(state, exp, trial)
    decision = exp.searcher.reported(trial.number, units, values)
    attempt = asking(trial, outcome)
    trial.why = decision.why or trial.why
    if isinstance(decision, GoOn):
        trial.graced = trial.graced or decision.graced
        _go_on(state, exp, turns, trial, decision.to, attempt, save=decision.save)
    elif isinstance(decision, Clone):
        _clone(state, exp, turns, trial, decision, attempt)
    elif isinstance(decision, Finish):
        trial.plan, trial.complete = "finish", True
        _leave(state, exp, trial, attempt, "finish")
    else:
        trial.plan = "rest"
        _leave(state, exp, trial, attempt, "freeze")


def _go_on(
    state: State, exp: Experiment, turns: Turns, trial: Trial, to: int, attempt: Attempt | None, *, save: bool
) -> None:
    if not payable.pays(exp, turns, trial, to):
        _shelve(state, exp, turns, trial, to)
        if attempt is not None:
            answer(state, attempt, attempt.number, "freeze")
        return
    _go(state, exp, turns, trial, to, trial.why)
    if attempt is None:
        return
    if attempt.state == "ending":
        answer(state, attempt, attempt.number, "freeze")
        return
    attempt.target = to
    attempts.pledge(state, exp, attempt)
    answer(state, attempt, attempt.number, "go", to, save=save)


def _shelve(state: State, exp: Experiment, turns: Turns, trial: Trial, to: int) -> None:
    """What is left of the budget is for the best trial: this one goes on when the experiment is extended."""
    trial.plan, trial.target = "train", to
    turns.shelved.append(trial.number)
    if not exp.closed:
        payable.close(state, exp, turns)
    if trial.live is None:
        set_state(state, exp, trial, "waiting", "the budget does not pay for its next rung")


def _clone(state: State, exp: Experiment, turns: Turns, trial: Trial, decision: Clone, attempt: Attempt | None) -> None:
    turns.stands[trial.number] = turns.stands[decision.source]
    if trial.live is not None:
        trial.live.disowned = True
    become_clone(state, exp, trial, decision)
    if payable.pays(exp, turns, trial, decision.to):
        _go(state, exp, turns, trial, decision.to, trial.why)
    else:
        _shelve(state, exp, turns, trial, decision.to)
    if attempt is not None:
        answer(state, attempt, attempt.number, "stop")


def _leave(state: State, exp: Experiment, trial: Trial, attempt: Attempt | None, action: str) -> None:
    """It finishes or rests: its attempt is told, and where it has none any more that is so at once."""
    if attempt is not None:
        answer(state, attempt, attempt.number, action)
    elif trial.live is None:
        settles(state, exp, trial)


def asking(trial: Trial, outcome: Outcome) -> Attempt | None:
    """The attempt that waits for the answer to this report, if it still does."""
    attempt = trial.live
    if attempt is None or attempt.key.epoch != outcome.epoch or attempt.number != outcome.number:
        return None
    return attempt if attempt.verdict is None or attempt.verdict.number != outcome.number else None


# -- slots


def make_way(state: State) -> None:
    """Attempts whose reports are held give up their slots where others wait for them, or when they have to leave anyway."""
    for exp in list(state.active.values()):
        if exp.turns is None or not exp.turns.held:
            continue
        idle = _idle(exp, exp.turns)
        for attempt in idle:
            if attempt.state == "ending" or exp.leaving:
                _freeze(state, exp, attempt)
        missing = _missing(state, exp) if idle else 0
        for attempt in sorted(idle, key=lambda a: a.key.trial, reverse=True):
            if missing > 0 and attempt.state != "ending":
                _freeze(state, exp, attempt)
                missing -= attempt.width


def _freeze(state: State, exp: Experiment, attempt: Attempt) -> None:
    answer(state, attempt, attempt.number, "freeze")
    state.touched.attempts[attempt.key] = attempt
    touch(state, exp)


def _idle(exp: Experiment, turns: Turns) -> list[Attempt]:
    found = [asking(exp.trials[number], outcome) for number, outcome in turns.held.items()]
    return [attempt for attempt in found if attempt is not None]


def _waits_for(state: State, other: Experiment) -> int:
    """Slots of the next demand of another experiment; 0 when it has none or may not have more."""
    demand = next_demand(state, other) if may_run(other) and other.prepared else None
    limit = other.spec.max_slots
    return 0 if demand is None or (limit is not None and other.held + demand.slots > limit) else demand.slots


def _missing(state: State, exp: Experiment) -> int:
    """Slots that others wait for: trials of its own search, and experiments that are no less important."""
    own = sum(exp.trials[number].queued == ticket for _, ticket, number in exp.again) if exp.prepared else 0
    slots = own * exp.spec.resources.slots if not exp.paused else 0
    for other in state.active.values():
        if other is not exp and other.priority >= exp.priority:
            slots += _waits_for(state, other)
    coming = sum(attempt.width for attempt in live(state, exp) if attempt.state == "ending")
    return slots - coming
