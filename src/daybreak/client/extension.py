"""What `resume --budget` asks for: the fields of a spec that change."""

from typing import Any

from daybreak.spec.inline import parse_budget


def extension(spec: dict[str, Any], budget: str | None, max_units: int | None) -> dict[str, Any]:
    """The value of an `extend`: changed fields of `budget` and `search`, nested as in the spec. Raises `UsageError`."""
    changed: dict[str, Any] = {}
    if budget is not None:
        limits = parse_budget(budget)
        changed["budget"] = limits
        if "trials" in limits and spec["search"].get("max_trials") is not None:
            changed["search"] = {"max_trials": limits["trials"]}
    if max_units is not None:
        changed.setdefault("search", {})["max_units"] = max_units
    return changed
