"""What an audit answers: findings, each with what, where, how sure, how much it matters and what to do.

Severity follows one rule. *error*: it is proved or measured that the score cannot be believed as it stands (blocks, exit status 1).
*warning*: it may be so, and a person has to look. *info*: worth knowing, changes no decision. An audit that could not run is
never clean: it says `failed` with the reason, one that has nothing to look at `not_applicable`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import numpy as np

from daybreak.base.hashing import hash_json

Severity = Literal["error", "warning", "info"]
Sureness = Literal["certain", "high", "moderate", "low"]
Status = Literal["clean", "findings", "not_applicable", "failed"]

MOST_PLACES = 1000  # rows, files or lines that a finding names; `measured` counts all


class Place(msgspec.Struct, frozen=True):
    """A line of a file of code."""

    file: str
    line: int
    column: int = 0
    says: str = ""  # what happens there: "fits on all rows", "splits"
    text: str = ""  # the line itself


class Row(msgspec.Struct, frozen=True):
    """A sample: side, its position there (from 0), its file's name if it is one, and what a page shows of it, filled in when rendered."""

    side: str
    position: int
    name: str = ""
    shown: dict[str, str] = {}  # column -> text, or a data: URL of a picture or sound


class Pair(msgspec.Struct, frozen=True):
    """Two samples that should not resemble each other, and how much they do (1: the same)."""

    left: Row  # of train
    right: Row  # of test
    similarity: float = 1.0
    note: str = ""  # "mirrored", "shifted by (1, 0)", "label differs"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was found."""

    rule: str
    severity: Severity
    what: str  # one sentence, with the numbers
    sure: Sureness
    because: str = ""  # why so sure: a proof, a null, an interval
    matters: str = ""  # what it does to the score
    advice: str = ""  # what to do
    subject: str = ""  # what tells two findings of one rule apart: a column, a file and line
    rows: dict[str, tuple[int, ...]] = {}  # side -> positions, at most MOST_PLACES
    columns: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()  # of code: where it leaks first, where it splits second
    pairs: tuple[Pair, ...] = ()  # a few, for people
    measured: dict[str, Any] = {}  # numbers by name, JSON
    fingerprint: str = ""  # rule + subject + data digests + code digest; filled in by the report


@dataclass(frozen=True)
class Hits:
    """Test samples that overlap with train samples, for the re-score: positions on their sides, similarity in [0, 1].

    One row per test sample: its best partner. `test` is ascending and holds no position twice.
    """

    test: "np.ndarray[Any, np.dtype[np.int64]]"
    train: "np.ndarray[Any, np.dtype[np.int64]]"
    similarity: "np.ndarray[Any, np.dtype[np.float32]]"


@dataclass(frozen=True)
class Outcome:
    """All that one audit says. `why`: of `not_applicable` and `failed`. `measured`: what it counted, also when it is clean.

    `looked_at`: rows per side, of an audit that looks at no more than so many.
    """

    rule: str
    status: Status
    findings: tuple[Finding, ...] = ()
    why: str = ""
    measured: dict[str, Any] = field(default_factory=dict)
    hits: Hits | None = None
    looked_at: dict[str, int] = field(default_factory=dict)


class NotApplicable(Exception):
    """This audit has nothing to look at here; the message says what it would need."""


def answered(rule: str, findings: "list[Finding] | tuple[Finding, ...]" = (), **more: Any) -> Outcome:
    """The outcome of an audit that ran: clean where it found nothing. `more`: further fields of `Outcome`."""
    return Outcome(rule, "findings" if findings else "clean", tuple(findings), **more)


def fingerprint(finding: Finding, data: dict[str, str], code: str) -> str:
    """What a waiver names: it changes with the rule, the subject, the data of any side, or the code. 64 hexadecimal digits."""
    return hash_json([finding.rule, finding.subject, sorted(data.items()), code])
