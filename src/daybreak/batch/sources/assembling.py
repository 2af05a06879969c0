"""Batches of any length become pieces of a fixed one."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from daybreak.batch.sources import Wanted


def assembled(batches: Iterable[tuple[int, Any]], size: int, wanted: Wanted) -> Iterator[tuple[int, pa.Table]]:
    """Tables of `size` rows (the last may be shorter) by number. `batches`: (place of the first row, rows), in order; unwanted may lack."""
    held: list[pa.Table] = []
    current = -1
    for start, batch in batches:
        table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
        offset = 0
        while offset < len(table):
            number = (start + offset) // size
            if number != current:
                yield from _whole(current, held, wanted)
                held, current = [], number
            length = min(len(table) - offset, (number + 1) * size - start - offset)
            if wanted(number):
                held.append(table.slice(offset, length))
            offset += length
    yield from _whole(current, held, wanted)


def _whole(number: int, held: list[pa.Table], wanted: Wanted) -> Iterator[tuple[int, pa.Table]]:
    if held and wanted(number):
        yield number, pa.concat_tables(held) if len(held) > 1 else held[0]
