"""Sealed test data, scored: it is opened through whoever directs the run, so that every look is counted before it can be had."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.train.data import variable_of
from daybreak.train.link import Link
from daybreak.train.reports import as_number
from daybreak.train.stopwatch import Stopwatch
from daybreak.wire.worker import Opened

Evaluate = Callable[[Any], Mapping[str, Any]]


def score(link: Link, watch: Stopwatch, evaluate: Evaluate, data: str, units: int) -> dict[str, float]:
    """Open the data, call `evaluate` with where it lies, and say what it returned. Raises `UsageError`."""
    with watch.aside():
        opened = link.open_sealed(data, units)
    if opened.problem:
        raise UsageError(opened.problem)
    metrics = _numbers(evaluate(opened.place if "://" in opened.place else Path(opened.place)))
    with watch.aside():
        link.scored(opened.number, metrics)
    return metrics


def _numbers(returned: Any) -> dict[str, float]:
    if not isinstance(returned, Mapping) or not returned:
        raise UsageError(
            "what scores the sealed test set returns numbers by name, such as {'accuracy': 0.93}, "
            f"got {returned!r:.80} ({type(returned).__name__})"
        )
    return {str(name): as_number(str(name), value) for name, value in returned.items()}


def alone(data: str, variables: Mapping[str, str]) -> Opened:
    """Off the platform a variable tells where the data lies, as it does for all other data; no look has a number, as nobody counts."""
    variable = variable_of(data or "test")
    place = variables.get(variable, "")
    if place:
        return Opened(0, place)
    return Opened(0, problem=f"off the platform a variable tells where sealed data lies: set {variable}=./test.csv")
