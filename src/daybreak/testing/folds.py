"""Driving a fold of `daybreak.audit` in tests: sides in batches of any size, merged in any order of neighbours, spilling to memory."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from daybreak.audit.fold import Fold
from daybreak.audit.outcome import Outcome


class MemorySpill:
    """`audit.fold.Spill` without a disk."""

    def __init__(self) -> None:
        self.written: dict[str, list[pa.RecordBatch]] = {}

    def write(self, partition: str, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        self.written.setdefault(partition, []).append(batch)

    def read(self, partition: str) -> Iterator[pa.RecordBatch]:
        """A partition's batches."""
        return iter(self.written.get(partition, []))

    def partitions(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(sorted(self.written))


def parts(fold: Fold, sides: dict[str, pa.Table], rows: int) -> Iterator[Any]:
    """The partials of all batches of at most so many rows, side after side."""
    for side, table in sides.items():
        start = 0
        for batch in table.to_batches(max_chunksize=rows):
            yield fold.partial(side, start, batch)
            start += batch.num_rows


def folded(fold: Fold, sides: dict[str, pa.Table], rows: int = 1 << 16) -> Outcome:
    """The outcome as a runner makes it: each part is merged into what is there."""
    whole = None
    for part in parts(fold, sides, rows):
        whole = part if whole is None else fold.merge(whole, part)
    return fold.finish(whole)


def folded_as_tree(fold: Fold, sides: dict[str, pa.Table], rows: int, choices: Iterable[int]) -> Outcome:
    """The outcome where neighbours are merged in another order: each choice says which two come next."""
    left = list(parts(fold, sides, rows))
    for choice in choices:
        if len(left) > 1:
            at = choice % (len(left) - 1)
            left[at : at + 2] = [fold.merge(left[at], left[at + 1])]
    while len(left) > 1:
        left[-2:] = [fold.merge(left[-2], left[-1])]
    return fold.finish(left[0] if left else None)
