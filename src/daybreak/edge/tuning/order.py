"""What travels between a command and the tuning process."""

from typing import Any

import msgspec

from daybreak.edge.tuning.patch import Patch

FEWEST = 10  # rows of feedback


class Judged(msgspec.Struct, frozen=True):
    """One row as the plain route takes it, and what was right."""

    row: dict[str, Any]
    truth: Any


class Order(msgspec.Struct, frozen=True):
    """The package's files; feedback of this device; anchors: rows that the model came with, which it should not forget."""

    files: dict[str, bytes]
    feedback: list[Judged]
    anchors: list[Judged] = []


class Report(msgspec.Struct, frozen=True):
    """Share answered right (of labels) or mean squared error (of numbers), without and with the change.

    Of the feedback with the change: cross-validated, on rows that its fit did not see. `rest`: that features of all rows are the same
    bits with and without it, so nothing before the last layer changed.
    """

    task: str
    rows: int
    anchors: int
    before: float
    after: float
    loss_before: float
    loss_after: float
    anchors_before: float | None
    anchors_after: float | None
    strength: float | None
    rest: bool


class Answer(msgspec.Struct, frozen=True):
    """`patch` is None where no change was better than none; `error`: a sentence, and the kind of error in `base.errors`."""

    patch: Patch | None = None
    report: Report | None = None
    error: str = ""
    kind: str = ""
