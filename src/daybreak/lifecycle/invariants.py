"""What must hold after every event. A full scan: for tests and for `daybreak ledger check`, not for the loop."""

from collections import Counter
from math import inf, isclose

from daybreak.base.errors import InvariantBroken
from daybreak.lifecycle import budget, imports
from daybreak.lifecycle.grants import may_run, next_demand
from daybreak.lifecycle.proposals import wanted
from daybreak.lifecycle.state import Experiment, State, Trial


def check(state: State) -> None:
    """Raise `InvariantBroken`, with the story of the experiment, at the first thing that does not hold."""
    _slots(state)
    for exp in state.experiments.values():
        _trials(state, exp)
        _queues(exp)
        _money(state, exp)
        _checkpoints(exp)
        _progress(state, exp)
    _files(state)


def _hold(holds: bool, rule: str, story: tuple[object, ...] = ()) -> None:
    if not holds:
        raise InvariantBroken(rule, story)


def _slots(state: State) -> None:
    """A slot has at most one attempt; what is held in the pool is what live attempts hold."""
    story = tuple(state.machine_story)
    held = [(a.launch.machine, slot) for a in state.attempts.values() for slot in a.launch.slots]
    offered = [place for place in held if place in state.pool.where]
    _hold(len(set(held)) == len(held), "a slot has at most one attempt", story)
    _hold(set(held) == set(state.holders), "holders are the live attempts' slots", story)
    _hold(state.pool.used == len(offered), f"{state.pool.used} slots are marked held, {len(offered)} are", story)
    total = state.pool.total("any")
    _hold(state.pool.free("any") + state.pool.used == total, f"free + held must be all {total} slots", story)


def _trials(state: State, exp: Experiment) -> None:
    story = tuple(exp.story)
    live = 0
    for trial in exp.trials.values():
        attempt = trial.live
        name = f"trial {exp.number}.{trial.number}"
        _hold(
            (attempt is not None) == (trial.state == "running"),
            f"{name} is {trial.state}, its attempt: {attempt}",
            story,
        )
        if attempt is not None:
            live += 1
            _hold(state.attempts.get(attempt.key) is attempt, f"{name}: its attempt {attempt.key} is live", story)
            _hold(attempt.key.epoch == trial.epochs, f"{name}: its live attempt is its last", story)
            _hold(trial.queued == 0, f"{name} runs and is queued", story)
        if trial.state in ("frozen", "finished") and not exp.over:
            _hold(trial.plan != "train", f"{name} is {trial.state} but has a target to train to", story)
        if trial.state == "waiting":
            _hold(_is_known(exp, trial), f"{name} waits and nobody knows", story)
    mine = sum(key.experiment == exp.number for key in state.attempts)
    _hold(live == exp.live == mine, f"live attempts: {live} of trials, {exp.live} counted, {mine} in all", story)
    states = Counter(trial.state for trial in exp.trials.values())
    tally: Counter[str] = Counter()
    for (_, state_name), count in exp.standing.items():
        _hold(count >= 0, "tallies are not negative", story)
        tally[state_name] += count
    _hold(+tally == +states, f"trials by state: tallied {tally}, counted {states}", story)


def _is_known(exp: Experiment, trial: Trial) -> bool:
    fresh = trial.role == "search" and trial.epochs == 0
    turns = exp.turns
    if turns is not None and (trial.number in turns.held or trial.number in turns.shelved):
        return True
    return fresh or trial.queued > 0 or trial.number in exp.shelved or trial.waits_for is not None


def _queues(exp: Experiment) -> None:
    story = tuple(exp.story)
    tickets = {(ticket, number) for _, ticket, number in exp.again}
    for trial in exp.trials.values():
        if trial.queued:
            _hold(
                (trial.queued, trial.number) in tickets, f"trial {trial.number} is queued but not in the queue", story
            )
    numbers = sorted(number for number in exp.trials if number)
    _hold(numbers == list(range(1, exp.next_trial)), "trials are numbered from 1 without gaps", story)
    fresh = sum(t.role == "search" and t.epochs == 0 and not t.queued and t.plan == "rest" for t in exp.trials.values())
    _hold(exp.fresh == fresh, f"{exp.fresh} fresh trials counted, there are {fresh}", story)


def _money(state: State, exp: Experiment) -> None:
    """Slot-seconds add up, over trials and over attempts; held slots are the live attempts'."""
    story = tuple(exp.story)
    spent = sum(trial.slot_seconds for trial in exp.trials.values())
    _hold(
        isclose(spent, exp.slot_seconds, rel_tol=1e-9, abs_tol=1e-6),
        f"slot-seconds: {spent}, {exp.slot_seconds}",
        story,
    )
    mine = [a for key, a in state.attempts.items() if key.experiment == exp.number]
    _hold(exp.held == sum(a.width for a in mine), f"{exp.held} slots counted as held", story)
    running = sum(a.width * (state.at - a.granted) for a in mine)
    known = budget.slot_seconds(exp, state.at) - exp.slot_seconds
    _hold(isclose(known, running, rel_tol=1e-6, abs_tol=1e-3), f"running slot-seconds: {known}, {running}", story)
    _hold(exp.pledged == sum(a.pledged for a in mine), "pledged units are the live attempts'", story)
    heard = sum(a.heard - exp.submitted for a in mine if a.pledged)
    _hold(isclose(exp.heard, heard, rel_tol=1e-6, abs_tol=1e-3), "times of what was heard add up", story)
    _hold(not exp.searcher.fault, exp.searcher.fault, story)


def _checkpoints(exp: Experiment) -> None:
    story = tuple(exp.story)
    users: Counter[int] = Counter([id(exp.start)] if exp.start is not None else [])
    for trial in exp.trials.values():
        for checkpoint in (trial.latest, trial.previous, trial.pinned, trial.top):
            if checkpoint is not None:
                users[id(checkpoint)] += 1
                _hold(checkpoint.state == "saved", f"trial {trial.number} would start from {checkpoint}", story)
        _top(exp, trial)
    for key in exp.pins:
        _hold(key in exp.checkpoints, f"{key} is pinned and not kept", story)
        users[id(exp.checkpoints[key])] += 1
    for checkpoint in exp.checkpoints.values():
        _hold(
            users[id(checkpoint)] == checkpoint.users > 0, f"nobody, or not all, would start from {checkpoint}", story
        )
    files = {c.digest: c.size for c in exp.checkpoints.values() if not c.in_process}
    _hold(exp.disk == sum(files.values()), f"disk: {exp.disk} counted, {sum(files.values())} kept", story)


def _top(exp: Experiment, trial: Trial) -> None:
    """None of what a trial keeps of its own is better than what it keeps as its best."""
    story, top = tuple(exp.story), trial.top
    if top is not None:
        _hold(exp.spec.score == "best" and top.loss < inf, f"trial {trial.number}: {top} has no value", story)
    least = top.loss if top is not None else inf
    for other in (trial.latest, trial.previous):
        if other is not None and other.trial == trial.number and exp.spec.score == "best":
            _hold(other.loss >= least, f"trial {trial.number} keeps {top} as its best, {other} is better", story)


def _files(state: State) -> None:
    """What is shared is counted once per checkpoint, over all experiments; what is deleted is nobody's."""
    held = Counter(c.place for exp in state.experiments.values() for c in exp.checkpoints.values())
    held += imports.places(state)
    counted = {name: place.references for name, place in state.places.items()}
    _hold(counted == held, f"checkpoints by place: {counted} counted, {held} kept")
    for name, order in state.deleting.items():
        story = tuple(state.experiments[order.experiment].story)
        _hold(name not in held, f"{name} is needed by {held[name]} checkpoints and is to be deleted", story)


def _progress(state: State, exp: Experiment) -> None:
    """Nothing waits while a slot that fits it idles; what is over holds nothing; what can end has ended."""
    story = tuple(exp.story)
    _hold((exp.number in state.active) != exp.over, "experiments that are not over are active", story)
    if exp.over:
        _hold(exp.live == 0 and not exp.timers, "what is over runs nothing", story)
        return
    _hold(
        not (exp.leaving and exp.live == 0),
        f"it is leaving ({exp.leaving}) and nothing runs, but it is not over",
        story,
    )
    if not may_run(exp):
        return
    demand = next_demand(state, exp)
    if demand is not None:
        limit = exp.spec.max_slots
        allowed = limit is None or exp.held + demand.slots <= limit
        idles = allowed and state.pool.fits(demand.kind, demand.slots, exp.prepared, demand.avoids)
        _hold(not idles, f"{demand} waits while slots that fit it idle", story)
    stuck = demand is None and exp.live == 0 and exp.request is None and wanted(exp) == 0 and not exp.wait_for_clone
    if exp.turns is not None:  # whatever it still wants, its turns must go on
        stuck = demand is None and exp.live == 0 and exp.request is None
    _hold(not stuck, "nothing runs, nothing waits, and it is not over", story)
