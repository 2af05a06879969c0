"""New points: asked for a little ahead of the slots, so that none idles, but not far ahead: a draw should know recent results."""

from daybreak.lifecycle.budget import trial_limit
from daybreak.lifecycle.commands import Propose
from daybreak.lifecycle.events import Proposed
from daybreak.lifecycle.state import Experiment, Request, State, touch
from daybreak.lifecycle.trials import add

AT_ONCE = 32  # points of one request: the first of them can start before the last is drawn
SPARE_SHARE = 32  # one spare point per so many running trials, and one more


def wanted(exp: Experiment) -> int:
    """How many more points the search may still ask for, whatever the slots."""
    if exp.phase != "search" or exp.closed or exp.exhausted or exp.spent or exp.leaving:
        return 0
    limit = trial_limit(exp)
    room = exp.searcher.room()
    if limit is not None:
        room = min(room, limit - (exp.next_trial - 1 - len(exp.confirming)))
    return max(room, 0)


def ask(state: State, exp: Experiment) -> None:
    """Ask for as many points as slots are or soon will be without work; one request at a time."""
    if exp.request is not None or exp.paused or exp.turns is not None:
        return
    spare = 1 + exp.live_search // SPARE_SHARE
    idle = _idle(state, exp)
    lacking = idle + spare - exp.fresh
    # Many at once, when half of the spare points are used: a request costs an event.
    if not idle and 2 * lacking < spare:
        return
    request(state, exp, min(wanted(exp), lacking))


def request(state: State, exp: Experiment, count: int) -> None:
    """Ask for so many points, if any."""
    count = min(count, AT_ONCE)
    if count > 0:
        exp.requests += 1
        exp.request = Request(exp.requests, exp.next_trial, count)
        touch(state, exp)
        state.out.append(Propose(exp.number, exp.requests, exp.next_trial, count))


def _idle(state: State, exp: Experiment) -> int:
    """Trials that would find slots at once: free ones, and those held by experiments that would give way."""
    resources = exp.spec.resources
    slots = state.pool.free(resources.kind)
    if len(state.active) > 1:
        slots += sum(other.held for other in state.active.values() if other.priority < exp.priority)
    if exp.spec.max_slots is not None:
        slots = min(slots, exp.spec.max_slots - exp.held)
    trials = slots // resources.slots
    if exp.spec.search.max_concurrent is not None:
        trials = min(trials, exp.spec.search.max_concurrent - exp.live_search)
    return max(trials, 0)


def proposed(state: State, exp: Experiment, event: Proposed) -> bool:
    """The points have come. False when nobody waits for them any more."""
    request = exp.request
    if request is None or request.number != event.request or exp.over:
        return False
    exp.request = None
    for point in event.points[: request.count]:
        add(state, exp, point, f"sampler:{event.by}" if event.by else "sampler")
    if event.exhausted or len(event.points) < request.count:
        exp.exhausted = True
        exp.searcher.exhausted()
    touch(state, exp)
    return True
