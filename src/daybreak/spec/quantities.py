"""Durations, sizes and budgets as people write them: `90s`, `5m`, `2h`, `2GiB`, `27 trials, 1h`.

Durations are seconds: s, m (or min), h, d, and sums of them (`1h30m`). Sizes are bytes: B, kB, MB, GB, TB (powers of 1000)
and KiB, MiB, GiB, TiB (powers of 1024). In a budget a bare duration is wall time, for that is what a clock shows.
"""

import re
from typing import Any

MOST = 1e18  # of anything; more is a slip
NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
SECONDS = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
BYTES: dict[str, int] = {"": 1, "b": 1} | {
    f"{prefix}{suffix}": base**power
    for power, prefix in enumerate("kmgt", start=1)
    for suffix, base in (("", 1000), ("b", 1000), ("ib", 1024), ("i", 1024))
}
BUDGET_WORDS = {
    "trial": "trials",
    "trials": "trials",
    "unit": "units",
    "units": "units",
    "slot-hour": "slot_hours",
    "slot-hours": "slot_hours",
    "slot_hours": "slot_hours",
    "money": "money",
}
BUDGET_EXAMPLES = "`5m` (wall time), `27 trials`, `500 units`, `0.5 slot-hours`, `3 money`"

_DURATION_PART = re.compile(rf"\s*({NUMBER})\s*(ms|sec|min|s|m|h|d)")
_SIZE = re.compile(rf"\s*({NUMBER})\s*([a-zA-Z]*)\s*")
_AMOUNT = re.compile(rf"\s*({NUMBER})\s*([a-z_-]+)\s*")
_MONEY = re.compile(rf"\s*[$€£]\s*({NUMBER})\s*")


def read_duration(text: str) -> float:
    """Seconds of `90s`, `5m`, `2h`, `1h30m`, `1.5d`. Raises `ValueError`."""
    position, seconds = 0, 0.0
    while match := _DURATION_PART.match(text, position):
        seconds += float(match[1]) * SECONDS[match[2]]
        position = match.end()
    if position == 0 or text[position:].strip() or seconds > MOST:
        raise ValueError(f"a duration is written like `90s`, `5m`, `2h` or `1h30m`, got {text!r}")
    return seconds


def read_size(text: str) -> int:
    """Bytes of `512MiB`, `2GiB`, `1.5GB`. Raises `ValueError`."""
    match = _SIZE.fullmatch(text)
    if match is None or match[2].lower() not in BYTES or float(match[1]) > MOST:
        raise ValueError(f"a size is written like `512MiB` or `2GiB`, got {text!r}")
    return int(float(match[1]) * BYTES[match[2].lower()])


def read_budget(text: str) -> dict[str, Any]:
    """A budget's fields from `5m`, `27 trials`, `500 units`, `0.5 slot-hours`, `$3`, several joined by commas. Raises `ValueError`."""
    budget: dict[str, Any] = {}
    for part in text.split(","):
        name, value = _budget_part(part)
        if name in budget:
            raise ValueError(f"a budget limits `{name}` once, got {text!r}")
        budget[name] = value
    return budget


def _budget_part(text: str) -> tuple[str, float | int]:
    if match := _MONEY.fullmatch(text):
        return "money", float(match[1])
    match = _AMOUNT.fullmatch(text.lower())
    if match and match[2] in BUDGET_WORDS:
        name, value = BUDGET_WORDS[match[2]], float(match[1])
        if name not in ("trials", "units"):
            return name, value
        if not value.is_integer() or value > MOST:
            raise ValueError(f"a number of {name} is whole, got {text.strip()!r}")
        return name, int(value)
    try:
        return "wall", read_duration(text)
    except ValueError:
        raise ValueError(f"a budget is written like {BUDGET_EXAMPLES}, got {text.strip()!r}") from None
