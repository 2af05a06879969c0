"""What reading gives: the sides as batches, what the columns are, and what was odd about the files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from daybreak.audit.about import About
from daybreak.audit.outcome import Finding


class Side(Protocol):
    """One side, read from the start each time `batches` is called."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, in order, columns as in `About.columns`; memory for one batch at a time."""

    def show(self, position: int) -> dict[str, str]:
        """A sample for a person: column -> text, or a data: URL (PNG of a picture or spectrogram, WAV of a short sound)."""


@dataclass(frozen=True)
class Opened:
    """`notes`: findings of the rules `input.*`: quoting that swallows rows, files that could not be read and were left out, ..."""

    about: About
    sides: dict[str, Side]
    notes: tuple[Finding, ...] = ()
