"""How an experiment begins, and what people ask of it."""

from typing import Any

from pydantic import ValidationError

from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_json
from daybreak.lifecycle import budget, pins
from daybreak.lifecycle.attempts import freeze
from daybreak.lifecycle.checkpoints import adopt_start
from daybreak.lifecycle.events import Asked, Submitted
from daybreak.lifecycle.finishing import freeze_all, live
from daybreak.lifecycle.machines import tell_misfit
from daybreak.lifecycle.notices import notify
from daybreak.lifecycle.preparing import prepare
from daybreak.lifecycle.searching import Guarded
from daybreak.lifecycle.state import Experiment, State, touch
from daybreak.lifecycle.trials import add, add_baseline, queue, set_state
from daybreak.lifecycle.turns import Turns
from daybreak.search.registry import make_searcher
from daybreak.spec.checks import timed_limits, timed_rule
from daybreak.spec.models import LOGICAL_WORKERS, METHODS, Budget, Search
from daybreak.spec.models import Experiment as Spec

NO_CLONES = frozenset(METHODS) - {"pbt"}


def submitted(state: State, event: Submitted) -> str:
    """A new experiment runs from now on: known-good points first, its baseline beside them. Otherwise why not."""
    if event.experiment in state.experiments:
        return f"there is an experiment {event.experiment} already"
    try:
        spec = Spec.model_validate(event.spec)
        searcher = make_searcher(spec)
    except (ValidationError, UsageError) as error:
        return f"experiment {event.experiment} cannot be read: {error}"
    exp = Experiment(
        event.experiment,
        spec,
        event.spec,
        hash_json(event.spec),
        event.owner,
        state.at,
        spec.priority,
        Guarded(searcher),
        budget.is_limited(spec.budget),
        horizon=spec.search.max_units,
        told_horizon=spec.search.max_units,
        turns=_turns(spec),
    )
    state.experiments[exp.number] = state.active[exp.number] = exp
    adopt_start(state, exp)
    if spec.baseline is not None and spec.baseline.run is not None:
        add_baseline(state, exp)
    limit = budget.trial_limit(exp)
    for point in spec.points[:limit]:
        add(state, exp, point, "points")
    touch(state, exp)
    tell_misfit(state, exp)
    prepare(state, exp)
    return ""


def _turns(spec: Spec) -> Turns | None:
    """The logical schedule, of a deterministic search."""
    if not spec.deterministic:
        return None
    return Turns(spec.search.max_concurrent or LOGICAL_WORKERS, pins=_clones(spec))


def _clones(spec: Spec) -> bool:
    """Whether trials may be cloned; suspended processes cannot be."""
    return not spec.is_command and spec.search.method not in NO_CLONES


def asked(state: State, exp: Experiment, event: Asked) -> str:
    """Do what is asked; otherwise why not."""
    if event.ask in ("pin", "unpin"):
        return pins.asked(state, exp, event)
    by = f" by {event.by}" if event.by else ""
    if event.ask == "extend" or (event.ask == "resume" and exp.outcome == "stopped"):
        return extend(state, exp, event.value or {})
    if exp.over:
        return f"it is {exp.outcome}: extend it to go on"
    if event.ask == "pause" and not exp.paused:
        exp.paused, exp.why = True, f"paused{by}"
        budget.stop_wall(state, exp)
        freeze_all(state, exp, exp.why)
    elif event.ask == "resume" and exp.paused:
        exp.paused, exp.why = False, ""
        exp.wall_since = state.at if exp.started is not None else None
    elif event.ask == "stop" and not exp.leaving:
        exp.leaving, exp.leaving_why = "stopped", f"stopped{by}"
        freeze_all(state, exp, exp.leaving_why)
    elif event.ask == "priority":
        if not isinstance(event.value, int):
            return f"a priority is a whole number, got {event.value!r}"
        exp.priority = event.value
    else:
        return f"nothing to {event.ask}"
    touch(state, exp)
    return ""


def extend(state: State, exp: Experiment, changes: dict[str, Any]) -> str:
    """Raise limits and go on, from wherever it stands; frozen trials go on from their checkpoints. Otherwise why not."""
    try:
        spec = Spec.model_validate(merged(exp.spec, changes))
        if spec.deterministic and (timed := timed_limits(spec.budget)):
            return f"cannot extend: {timed_rule(timed[0])}"
    except (ValidationError, TypeError, ValueError) as error:
        return f"cannot extend: {error}"
    if refusal := _too_wide(spec):
        return refusal
    before = exp.spec.resources.slots
    exp.spec, exp.spec_data = spec, spec.model_dump(mode="json")
    exp.spec_hash = hash_json(exp.spec_data)
    if set(changes) != {"resources"} or exp.outcome == "stopped":  # where trials run says nothing about the search
        _search_on(state, exp)
    touch(state, exp)
    if spec.resources.slots != before:
        _widen(state, exp, before)
    return ""


def _search_on(state: State, exp: Experiment) -> None:
    """Its limits may be others: what ended the search, or closed it, does so no longer."""
    spec = exp.spec
    exp.limited = budget.is_limited(spec.budget)
    if exp.turns is not None:
        exp.turns.workers = spec.search.max_concurrent or LOGICAL_WORKERS
    exp.horizon = spec.search.max_units or exp.horizon
    exp.closed, exp.closing_for, exp.spent = False, None, ""
    exp.exhausted = exp.squeezed = False
    exp.searcher.extend(spec)
    if exp.over:
        _reopen(state, exp)
    elif exp.phase == "finishing":
        exp.phase = "search"
    _unshelve(exp)


def _too_wide(spec: Spec) -> str:
    slots, most = spec.resources.slots, spec.max_slots
    if most is not None and slots > most:
        return f"cannot extend: `resources.slots <= max_slots` must hold, got slots={slots}, max_slots={most}"
    return ""


def _widen(state: State, exp: Experiment, before: int) -> None:
    """Trials have another number of slots from their next attempt on: those that run are frozen and go on with it.

    A unit is taken to cost as many slot-seconds as before, until it is measured.
    """
    slots = exp.spec.resources.slots
    if exp.costs.unit is not None:
        exp.costs.unit *= before / slots
    notify(state, exp, "info", f"trials go on with {slots} slots each, from their checkpoints (before: {before})")
    for attempt in live(state, exp):
        if exp.trials[attempt.key.trial].role != "baseline":
            freeze(state, exp, attempt, f"goes on with {slots} slots")
    exp.told.discard("misfit")
    tell_misfit(state, exp)


def merged(spec: Spec, changes: dict[str, Any]) -> dict[str, Any]:
    """The spec as plain data with changed fields: `{"budget": {...}, "search": {...}}`, or their fields by name alone.

    Of `resources` the slots of a trial may change: `{"resources": {"slots": 4}}`.
    """
    data = spec.model_dump(mode="json")
    for name, value in changes.items():
        if name in ("budget", "search") or (name == "resources" and set(value) == {"slots"}):
            data[name] |= value
        elif name in Budget.model_fields:
            data["budget"][name] = value
        elif name in Search.model_fields:
            data["search"][name] = value
        else:
            raise ValueError(f"only fields of budget and search, and resources.slots, can be extended, got {name!r}")
    return data


def _reopen(state: State, exp: Experiment) -> None:
    exp.phase, exp.outcome, exp.why, exp.ended = "search", "", "", None
    exp.leaving, exp.leaving_why = "", ""
    state.active[exp.number] = exp
    exp.wall_since = state.at if exp.started is not None else None
    prepare(state, exp)
    for trial in exp.trials.values():
        if trial.state == "stopped" or (trial.state == "frozen" and trial.plan == "train"):
            trial.ended = None
            set_state(state, exp, trial, "waiting", "the experiment was extended")


def _unshelve(exp: Experiment) -> None:
    for number in exp.shelved:
        trial = exp.trials[number]
        if trial.plan == "train" and trial.live is None and not trial.queued:
            queue(exp, trial, trial.target, trial.value, trial.why)
    exp.shelved.clear()
