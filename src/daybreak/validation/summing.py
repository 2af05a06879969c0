"""From outcomes to a report: fingerprints, answers, what the score is on the clean part, and pairs that a person can look at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from daybreak.audit.about import About
from daybreak.audit.outcome import Finding, Pair, Row, fingerprint
from daybreak.readers.opened import Side
from daybreak.validation.asking import Asked
from daybreak.validation.report import Answer

MOST_PAIRS = 12  # of a finding, shown
RANK = {"error": 0, "warning": 1, "info": 2}


def answers(asked: Iterable[Asked]) -> tuple[Answer, ...]:
    """What each rule said, findings aside."""
    return tuple(
        Answer(
            one.outcome.rule, one.outcome.status, one.rule.question, one.outcome.why, one.outcome.measured,
            round(one.seconds, 3), one.looked_at,
        )
        for one in asked
    )  # fmt: skip


def findings(found: Iterable[Finding], digests: dict[str, str], code: str = "") -> tuple[Finding, ...]:
    """Findings with their fingerprints, the gravest first, else in the order they came."""
    named = [
        msgspec.structs.replace(one, measured=plain(one.measured), fingerprint=fingerprint(one, digests, code))
        for one in found
    ]
    return tuple(sorted(named, key=lambda one: RANK[one.severity]))


def plain(value: Any) -> Any:
    """Numbers of numpy as Python's own, in whatever they stand: a report is JSON."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.tolist() if hasattr(value, "tolist") else value


def shown(found: Sequence[Finding], sides: Mapping[str, Side]) -> tuple[Finding, ...]:
    """The same with what a person sees of the first pairs of each: text, pictures, sounds."""
    return tuple(
        msgspec.structs.replace(one, pairs=tuple(_seen(pair, sides) for pair in one.pairs[:MOST_PAIRS]))
        for one in found
    )


def _seen(pair: Pair, sides: Mapping[str, Side]) -> Pair:
    return msgspec.structs.replace(pair, left=_row(pair.left, sides), right=_row(pair.right, sides))


def _row(row: Row, sides: Mapping[str, Side]) -> Row:
    if row.shown or row.side not in sides:
        return row
    return msgspec.structs.replace(row, shown=sides[row.side].show(row.position))


def kind(about: About) -> str:
    """What the samples are, in one word."""
    types = {column.type for column in about.columns if column.purpose in {"feature", "content"}}
    for name in ("image", "audio", "text"):
        if name in types and (about.files or name in {"image", "text"}):
            return name
    return "series" if about.ordered or about.task == "forecast" else "table"
