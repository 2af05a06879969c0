"""What people said was right on this device: from its own requests and feedback, or from a file.

A file has one JSON object a line: `{"inputs": {...}, "truth": ...}`, or as a package's examples `{"inputs": {...}, "targets": {...}}`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import NotFound, UsageError
from daybreak.edge.tuning.order import Judged
from daybreak.serving.events import Captured, Feedback, Reader


def from_file(path: Path) -> list[Judged]:
    """Every line. Raises `NotFound`, `UsageError` with the line that is none."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise NotFound(f"feedback cannot be read: {path}: {error.strerror}") from error
    return [_line(line, f"{path}:{number}") for number, line in enumerate(lines, start=1) if line.strip()]


def from_examples(text: bytes) -> list[Judged]:
    """Those examples of a package that say what was right."""
    lines = [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
    return [Judged(line["inputs"], _only(line["targets"])) for line in lines if "targets" in line]


def from_device(events: Path) -> list[Judged]:
    """Requests of one row that somebody told the right answer of, the last word of each; the oldest first."""
    asked: dict[str, dict[str, Any]] = {}
    truths: dict[str, Any] = {}
    for event in Reader(events).poll():
        if isinstance(event, Captured):
            rows = msgspec.json.decode(event.request)
            if isinstance(rows, list) and len(rows) == 1:
                asked[event.id] = rows[0]
        elif isinstance(event, Feedback) and event.kind == "truth":
            truths[event.id] = event.truth
    return [Judged(row, _only(truths[name])) for name, row in asked.items() if name in truths]


def _line(line: bytes, where: str) -> Judged:
    try:
        told = msgspec.json.decode(line, type=dict[str, Any])
        truth = told["truth"] if "truth" in told else told["targets"]
        return Judged(msgspec.convert(told["inputs"], dict[str, Any]), _only(truth))
    except (msgspec.MsgspecError, KeyError) as error:
        why = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f'feedback has lines like {{"inputs": {{...}}, "truth": ...}}, {where} {why}') from error


def _only(truth: Any) -> Any:
    """The answer itself, of `{output: answer}`."""
    values: Iterable[Any] = truth.values() if isinstance(truth, dict) else [truth]
    return next(iter(values), None)
