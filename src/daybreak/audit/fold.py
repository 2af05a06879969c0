"""How audits read data: folds over batches, so that what is larger than memory can be audited, in parts that are merged.

A fold's `partial` turns one batch into a part, `merge` joins two parts (associative; the runner merges in order of rows), `finish`
answers. Most audits look at a bounded sample instead (`frame`), which is itself such a fold.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pyarrow as pa

from daybreak.audit.about import About
from daybreak.audit.outcome import Outcome


class Spill(Protocol):
    """Storage for what does not fit in memory, handed in: the room above knows the disk. Files vanish when the audit ends."""

    def write(self, partition: str, batch: pa.RecordBatch) -> None:
        """Append a batch to a partition; all batches of one have one schema."""

    def read(self, partition: str) -> Iterator[pa.RecordBatch]:
        """A partition's batches, in the order they were written; none if there is no such partition."""

    def partitions(self) -> tuple[str, ...]:
        """Names of all partitions, sorted."""


class Fold(Protocol):
    """A pass over both sides: all batches of train, then all of test, then validation where there is one."""

    def partial(self, side: str, start: int, batch: pa.RecordBatch) -> Any:
        """What one batch adds. `start`: the position of its first row on its side."""

    def merge(self, left: Any, right: Any) -> Any:
        """The part of two neighbours; may change and return `left`."""

    def finish(self, part: Any) -> Outcome:
        """The answer. `part` is None where there was no batch at all."""


FoldMaker = Callable[[About, Spill], Fold]  # raises `NotApplicable`
