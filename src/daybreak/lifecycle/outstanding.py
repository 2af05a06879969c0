"""After a restart: what is to be sent again, what was lost, and what a sampler must be told."""

from collections.abc import Collection, Iterator, Sequence

from daybreak.base.ids import AttemptKey
from daybreak.lifecycle.attempts import grace
from daybreak.lifecycle.commands import AnyCommand, Freeze, Kill, Prepare, Propose, SetTimer
from daybreak.lifecycle.events import AttemptEnded
from daybreak.lifecycle.state import Attempt, State, find
from daybreak.search.searcher import Losses
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment as Spec


def outstanding(state: State) -> list[AnyCommand]:
    """The commands that change the world and have no answer yet, in an order in which they can be carried out."""
    orders: list[AnyCommand] = []
    for exp in state.experiments.values():
        if not exp.over:
            orders.append(Prepare(exp.number, exp.spec_data))
            if exp.request is not None:
                orders.append(Propose(exp.number, exp.request.number, exp.request.first, exp.request.count))
            orders += [SetTimer(exp.number, name, at) for name, at in exp.timers.items()]
    orders += state.deleting.values()
    for attempt in state.attempts.values():
        orders += _of(state, attempt)
    return orders


def _of(state: State, attempt: Attempt) -> Iterator[AnyCommand]:
    if attempt.started is None:
        yield attempt.launch
    if attempt.order == "freeze":
        yield Freeze(attempt.key, grace(state.experiments[attempt.key.experiment]), attempt.order_why)
    elif attempt.order == "kill":
        yield Kill(attempt.key, attempt.order_why)


def lost_attempts(state: State, alive: Collection[AttemptKey]) -> list[AttemptEnded]:
    """The ends of attempts that have no process any more: to be appended to the log once the executors have said what they offer.

    Their time counts up to the last event in the log: nobody knows more.
    """
    return [
        AttemptEnded(key, "lost", attempt.units, max(state.at - attempt.granted, 0.0) * attempt.width)
        for key, attempt in state.attempts.items()
        if key not in alive
    ]


def spec(state: State, experiment: int) -> Spec:
    """The resolved spec, as extended since. Raises `NotFound`."""
    return find(state, experiment).spec


def observations(state: State, experiment: int) -> Sequence[tuple[int, Point, int, Losses]]:
    """What a sampler is told: (trial, point, units, losses) in the order of the log; it only grows. Raises `NotFound`."""
    return find(state, experiment).observed


def pending_points(state: State, experiment: int) -> dict[int, Point]:
    """The points that are being trained, or wait for slots, by trial; the caller's own. Raises `NotFound`."""
    exp = find(state, experiment)
    if exp.turns is None:
        return dict(exp.pending)
    fresh = [number for number in exp.pending if number not in exp.turns.stands]
    return {number: exp.trials[number].point for number in sorted([*exp.turns.running, *fresh])}
