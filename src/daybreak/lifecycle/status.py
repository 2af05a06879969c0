"""A live view of one experiment, cheap enough to be asked for several times a second."""

from collections import Counter

from daybreak.lifecycle import budget, imports, ranking
from daybreak.lifecycle.losses import score, value_of
from daybreak.lifecycle.rows import experiment_state, experiment_why
from daybreak.lifecycle.state import Experiment, RungTally, State, find
from daybreak.lifecycle.summary import baseline_value
from daybreak.search.plan import plan
from daybreak.wire.api import RungStatus, Status

LAST_NOTICES = 5


def status(state: State, experiment: int, at: float) -> Status:
    """As of `at`. Raises `NotFound`."""
    if (event := state.imported.get(experiment)) is not None:
        return imports.status(event, at, state.pool.total("any"))
    exp = find(state, experiment)
    best = ranking.best(exp)
    objective = exp.spec.objectives[0]
    when = min(max(at, state.at), exp.ended) if exp.ended is not None else max(at, state.at)
    limits = budget.limits(exp, when)
    return Status(
        version=exp.version,
        experiment=exp.number,
        name=exp.spec.name,
        state=experiment_state(exp),
        why=experiment_why(exp),
        at=at,
        metric=objective.metric,
        direction=objective.direction,
        states=_states(exp),
        rungs=_rungs(exp),
        best_trial=best.number if best else None,
        best=score(exp.spec, best) if best else None,
        best_units=best.units if best else 0,
        best_point=best.point if best else {},
        slots_busy=exp.held,
        slots_total=state.pool.total(exp.spec.resources.kind),
        units=exp.units,
        slot_seconds=budget.slot_seconds(exp, when),
        wall_seconds=budget.wall(exp, when),
        budget=limits,
        eta_seconds=_eta(exp, when, limits),
        baseline=baseline_value(exp),
        phase=_phase(exp),
        notices=exp.notices[-LAST_NOTICES:],
        waiting_why=_waiting_why(state, exp),
    )


def _states(exp: Experiment) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (_, name), count in exp.standing.items():
        counts[name] += count
    return {name: count for name, count in sorted(counts.items()) if count}


def _rungs(exp: Experiment) -> list[RungStatus]:
    """Waiting and running trials count at the rung they are on their way to, frozen ones where they stand."""
    names = ("waiting", "running", "frozen")
    places = {units for (units, name), count in exp.standing.items() if units and count and name in names}
    found = []
    for units in sorted(places | set(exp.rungs)):
        tally = exp.rungs.get(units, RungTally())
        waiting, running, frozen = (exp.standing[units, name] for name in ("waiting", "running", "frozen"))
        found.append(RungStatus(units, tally.reported, waiting, running, frozen, value_of(exp.spec, tally.best)))
    return found


def _phase(exp: Experiment) -> str:
    if exp.over:
        return "over"
    baseline = exp.trials.get(0)
    if baseline is not None and baseline.live is not None and not exp.live_search:
        return "baseline"
    return exp.phase


def _eta(exp: Experiment, at: float, limits: dict[str, tuple[float, float]]) -> float | None:
    """Seconds until the tightest limit is reached at the pace so far; None before there is a pace, or where only luck tells.

    That all trials were begun says little: their limit is reached when the units are trained that such a search is expected to train,
    or that so many trials train at the rate so far.
    """
    if exp.over:
        return 0.0
    elapsed = budget.wall(exp, at)
    found: list[float] = []
    for name, (used, limit) in limits.items():
        if name == "wall":
            found.append(max(limit - used, 0.0))
        elif name == "trials":
            expected = max(plan(exp.spec).units, exp.units * limit / max(used, 1.0))
            if not exp.units or exp.phase != "search" or expected <= exp.units:
                return None
            found.append((expected - exp.units) * elapsed / exp.units)
        elif used > 0 and elapsed > 0:
            found.append(max(limit - used, 0.0) * elapsed / used)
    return min(found, default=None)


def _waiting_why(state: State, exp: Experiment) -> str:
    if exp.over or exp.live:
        return ""
    return "paused" if exp.paused else _missing(state, exp)


def _importing(exp: Experiment) -> str:
    if isinstance(exp.spec.run, str):
        return f"importing {exp.spec.run.partition(':')[0].replace('.', '/')}.py and its frameworks"
    return "no machine is ready for it yet"


def _missing(state: State, exp: Experiment) -> str:
    resources = exp.spec.resources
    if not state.pool.total(resources.kind):
        return f"no machine offers a slot of kind {resources.kind}"
    if state.pool.largest(resources.kind) < resources.slots:
        return f"no machine has {resources.slots} slots of kind {resources.kind}"
    if not exp.prepared:
        return _importing(exp)
    if exp.request is not None:
        return f"waiting for {exp.request.count} new points"
    if not state.pool.fits(resources.kind, resources.slots, exp.prepared):
        return "all slots are held by other experiments"
    return ""
