"""What tables have in common: columns of a piece become the signature's, rows that cannot are told."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from daybreak.base.errors import BadRow
from daybreak.batch.sources import Taken
from daybreak.batch.sources.arrow import Faults
from daybreak.signature.arrays import sifted
from daybreak.signature.columns import picked
from daybreak.signature.fields import Field, Signature

Read = Callable[[Field, pa.Table, list[str], Faults], NDArray[Any]]


def taken(
    signature: Signature, table: pa.Table, wanted: dict[str, list[str]], keep: dict[str, str], start: int, read: Read
) -> Taken:
    """A piece that begins at row `start` of its input."""
    read_faults: Faults = {}
    fields = {field.name: field for field in signature.inputs}
    arrays = {name: read(fields[name], table, columns, read_faults) for name, columns in wanted.items()}
    columns, faults = sifted(signature, arrays)
    faults |= read_faults
    kept = {name: table.column(column) for name, column in keep.items()}
    if not faults:
        return Taken(columns, range(start, start + len(table)), kept, {})
    good = np.array([row for row in range(len(table)) if row not in faults], np.intp)
    columns = picked(columns, good)
    kept = {name: held.take(pa.array(good)) for name, held in kept.items()}
    return Taken(
        columns, (good + start).tolist(), kept, {row + start: moved(bad, row + start) for row, bad in faults.items()}
    )


def moved(bad: BadRow, row: int) -> BadRow:
    """The same fault of a row by its place in the input."""
    return BadRow(bad.code, bad.message, row, bad.where)
