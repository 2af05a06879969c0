"""Two checkpoints set side by side by `python -m daybreak.train.compare`: JSON on standard input, JSON on standard output."""

import msgspec

from daybreak.wire.segment import Fingerprint


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """One leaf that two checkpoints do not share. Without numbers where its kind or shape differ, or it is on one side only."""

    path: str
    before: str  # kind and shape; "" where it is not there
    after: str
    elements: int = 0  # that differ
    of: int = 0
    largest: float | None = None  # of the absolute differences


class Question(msgspec.Struct):
    """Files to compare. `code`: folder that user classes are imported from."""

    before: str
    after: str
    code: str = ""


class Comparison(msgspec.Struct):
    """What they are, and where they differ; `error`: why one cannot be read."""

    before: Fingerprint | None = None
    after: Fingerprint | None = None
    differences: list[Difference] = []
    error: str = ""
