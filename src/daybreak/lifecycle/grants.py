"""Where search meets scheduling: wishes become demands, grants become launches, and important demands make others freeze.

Trials that already have a target (lost, preempted, to be tried again) go before what the searcher wishes for.
"""

from dataclasses import replace

from daybreak.base.errors import InvariantBroken
from daybreak.base.ids import AttemptKey
from daybreak.lifecycle import attempts
from daybreak.lifecycle.finishing import units_left
from daybreak.lifecycle.state import Experiment, State, Trial
from daybreak.lifecycle.trials import first_queued
from daybreak.scheduling.place import place
from daybreak.scheduling.preempt import victims
from daybreak.scheduling.values import Claim, Demand, Grant, Holding
from daybreak.search.searcher import Wish


def may_run(exp: Experiment) -> bool:
    """Whether it wants slots at all, prepared or not."""
    return not (exp.paused or exp.leaving or exp.spent or exp.over)


def next_demand(state: State, exp: Experiment) -> Demand | None:
    """The most valuable thing to do with a free gang; asking uses nothing up."""
    trial = first_queued(exp)
    if trial is not None and not (trial.role == "search" and _crowded(exp)):  # it was promised its units already
        return _demand(state, exp, trial)
    if exp.turns is not None:  # wishes are granted in their turn, and queued
        return None
    if exp.phase == "confirm" or _crowded(exp) or (not exp.closed and units_left(exp) <= 0):
        return None
    wish = _wish(exp)
    return None if wish is None else _demand(state, exp, exp.trials[wish.trial])


def _crowded(exp: Experiment) -> bool:
    most = exp.spec.search.max_concurrent
    return most is not None and exp.turns is None and exp.live_search >= most


def _wish(exp: Experiment) -> Wish | None:
    """The searcher's next wish that can be granted now; one for a trial that is just freezing waits for that end."""
    while (wish := exp.searcher.peek()) is not None:
        trial = exp.trials[wish.trial]
        if trial.live is None:
            return wish
        exp.searcher.taken(wish)
        trial.plan, trial.target, trial.value, trial.why = "train", wish.to, wish.value, wish.why
    return None


def _demand(state: State, exp: Experiment, trial: Trial) -> Demand:
    resources = exp.spec.resources
    demand = Demand(exp.number, trial.number, resources.slots, resources.kind, exp.prepared)
    if trial.avoids and state.pool.could_fit(demand.kind, demand.slots, exp.prepared, trial.avoids):
        return replace(demand, avoids=trial.avoids)
    return demand


def grant_all(state: State) -> None:
    """Hand out what is free; then, where a more important experiment still waits, make less important ones freeze."""
    unmet: list[Demand] = []
    if state.pool.idle:
        claims = [
            Claim(exp.number, exp.priority, exp.held, exp.spec.max_slots)
            for exp in state.active.values()
            if may_run(exp) and exp.prepared
        ]
        unmet = place(
            state.pool, claims, lambda owner: next_demand(state, state.experiments[owner]), lambda g: _grant(state, g)
        )
    if len(state.active) > 1:
        _preempt(state, {demand.owner for demand in unmet})


def _grant(state: State, grant: Grant) -> None:
    exp = state.experiments[grant.demand.owner]
    trial = exp.trials[grant.demand.trial]
    if not trial.queued:
        wish = exp.searcher.peek()
        if wish is None or wish.trial != trial.number:
            raise InvariantBroken(
                f"a grant is given for what was just asked for, got {grant} for {wish}", tuple(exp.story)
            )
        exp.searcher.taken(wish)
        exp.fresh -= trial.epochs == 0
        trial.complete = False
        trial.plan, trial.target, trial.value, trial.why = "train", wish.to, wish.value, wish.why
    attempts.launch(state, exp, trial, grant.machine, grant.slots)


def _preempt(state: State, unmet: set[int]) -> None:
    lowest = min((e.priority for e in state.active.values() if e.held), default=None)
    if lowest is None:
        return
    for exp in sorted(state.active.values(), key=lambda e: (-e.priority, e.number)):
        if exp.priority > lowest and may_run(exp) and exp.prepared:
            _make_room(state, exp, known=exp.number in unmet)


def _make_room(state: State, exp: Experiment, *, known: bool) -> None:
    demand = next_demand(state, exp)
    if demand is None or (not known and state.pool.fits(demand.kind, demand.slots, exp.prepared, demand.avoids)):
        return
    limit = exp.spec.max_slots
    fresh = exp.fresh if exp.turns is None else 0
    waiting = max(fresh + len(exp.again), 1) * demand.slots
    wanted = waiting if limit is None else min(waiting, (limit - exp.held) // demand.slots * demand.slots)
    coming = sum(state.attempts[key].width for key, owner in state.incoming.items() if owner == exp.number)
    if coming >= wanted:
        return
    holdings = _holdings(state, exp)
    while coming < wanted:
        chosen = victims(state.pool, demand, exp.priority, holdings)
        if not chosen:
            return
        for holding in chosen:
            attempt = state.attempts[AttemptKey(*holding.key)]
            why = f"made room for {exp.spec.name} (priority {exp.priority})"
            attempts.freeze(state, state.experiments[holding.owner], attempt, why)
            state.incoming[attempt.key] = exp.number
            coming += attempt.width
            holdings.remove(holding)


def _holdings(state: State, exp: Experiment) -> list[Holding]:
    found = []
    for attempt in state.attempts.values():
        owner = state.experiments[attempt.key.experiment]
        kind = state.pool.kind_of(attempt.launch.machine, attempt.launch.slots[0])
        if owner.priority < exp.priority and attempt.state != "ending" and kind is not None:
            found.append(
                Holding(
                    owner.number,
                    owner.priority,
                    attempt.launch.machine,
                    kind,
                    attempt.width,
                    attempt.granted,
                    attempt.key,
                )
            )
    return found
