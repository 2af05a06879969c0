"""What `resume --budget` asks for: the fields of a spec that change, seen to be an extension."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from daybreak.base.errors import UsageError
from daybreak.spec.checks import timed_limits, timed_rule
from daybreak.spec.inline import parse_budget
from daybreak.spec.models import Budget, Experiment
from daybreak.wire.api import Status

WRITTEN = {"slot_hours": "{:.4g} slot-hours", "money": "{:.4g} money", "wall": "{:.4g}s"} | {
    name: f"{{:.10g}} {name}" for name in ("units", "trials")
}


def extension(
    spec: dict[str, Any], budget: str | None, max_units: int | None, slots: int | None = None
) -> dict[str, Any]:
    """The value of an `extend`: changed fields of `budget`, `search` and `resources`, nested as in the spec. Raises `UsageError`."""
    changed: dict[str, Any] = {}
    if budget is not None:
        limits = parse_budget(budget)
        changed["budget"] = limits
        if "trials" in limits and spec["search"].get("max_trials") is not None:
            changed["search"] = {"max_trials": limits["trials"]}
    if max_units is not None:
        changed.setdefault("search", {})["max_units"] = max_units
    if slots is not None:
        changed["resources"] = {"slots": slots}
        if (most := spec.get("max_slots")) is not None and slots > most:
            raise UsageError(f"`slots-per-trial <= max_slots` must hold, got {slots}, max_slots={most}")
    if spec.get("deterministic") and (timed := timed_limits(Budget(**changed.get("budget", {})))):
        raise UsageError(timed_rule(timed[0]))
    try:
        Experiment.model_validate(spec | {name: spec[name] | fields for name, fields in changed.items()})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"the experiment cannot be extended like that: {place}: {first['msg']}") from error
    return changed


def must_go_on(status: Status, changed: Mapping[str, Any]) -> None:
    """See that an experiment that is over would go on: no limit is used up any more. Raises `UsageError`.

    Trials that were all started end a search only where that is why it ended: those that are frozen can be taken further.
    """
    for name, (spent, limit) in status.budget.items():
        raised = changed.get("budget", {}).get(name, limit)
        if name == "trials" and ("search" in changed or "trials" not in status.why):
            continue
        if spent >= raised:
            number = status.experiment
            raise UsageError(
                f"a larger budget is needed: experiment {number} has used {WRITTEN[name].format(spent)} of "
                f"{WRITTEN[name].format(raised)}; for example daybreak resume {number} --budget "
                f'"{WRITTEN[name].format(2 * limit)}"'
            )
