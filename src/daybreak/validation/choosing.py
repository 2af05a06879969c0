"""Which rules are asked: all, or those that are named, by name or by the part before a dot."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from daybreak.audit.registry import RULES, Rule
from daybreak.base.errors import UsageError


def chosen(only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules in the order they are asked. Raises `UsageError` for a name that is none."""
    for name in (*only, *skip):
        _known(name)
    wanted = [rule for rule in RULES if not only or any(covers(name, rule.name) for name in only)]
    return tuple(rule for rule in wanted if not any(covers(name, rule.name) for name in skip))


def covers(name: str, rule: str) -> bool:
    """Whether a name means a rule: `overlap` means `overlap.exact` and `overlap.near.text`."""
    return rule == name or rule.startswith(name + ".")


def _known(name: str) -> None:
    names = _names(RULES)
    if name not in names:
        near = get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(rule.name for rule in RULES)}"
        raise UsageError(f"{name} is no rule of an audit: {hint}")


def _names(rules: Iterable[Rule]) -> list[str]:
    """All rules, and what several share."""
    found: dict[str, None] = {}
    for rule in rules:
        parts = rule.name.split(".")
        found.update(dict.fromkeys(".".join(parts[:length]) for length in range(1, len(parts) + 1)))
    return list(found)
