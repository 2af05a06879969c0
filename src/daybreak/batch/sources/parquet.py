"""Parquet: only the columns that are asked for, and only the row groups that hold rows still to be done."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from daybreak.base.errors import UsageError
from daybreak.batch.places import Input, opened, remote
from daybreak.batch.plan import Plan, check_kept, wanted
from daybreak.batch.sources import Piece, Taken, Wanted, arrow, tables
from daybreak.batch.sources.assembling import assembled
from daybreak.signature.fields import Signature


class Parquet:
    """One file."""

    def __init__(self, index: int, given: Input, plan: Plan, signature: Signature) -> None:
        self._index, self._path, self._plan, self._signature = index, given.path, plan, signature
        try:
            self._file = pq.ParquetFile(opened(given.path) if remote(given.path) else given.path, memory_map=True)
        except (OSError, pa.ArrowInvalid) as error:
            raise UsageError(f"{given.path} is no whole Parquet file: {error}") from error
        self._columns = wanted(signature, plan.columns, self._file.schema_arrow.names, given.path)

    def check(self) -> None:
        """Types of all columns. Raises `UsageError`."""
        schema = self._file.schema_arrow
        fields = {field.name: field for field in self._signature.inputs}
        for name, columns in self._columns.items():
            arrow.check(fields[name], schema, columns, self._path)
        check_kept(self._plan.keep, schema.names, self._path)

    def count(self) -> int:
        """Of all row groups."""
        return int(self._file.metadata.num_rows)

    def pieces(self, wanted: Wanted) -> Iterator[Piece]:
        """Row groups without a wanted row are left out."""
        total = max(self.count(), 1)
        size = self._plan.part_rows
        for number, table in assembled(self._batches(wanted), size, wanted):
            yield Piece(self._index, number, table, min(1.0, (number + 1) * size / total))

    def _batches(self, wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
        needed = list(
            dict.fromkeys([name for names in self._columns.values() for name in names] + list(self._plan.keep.values()))
        )
        start, size = 0, self._plan.part_rows
        for group in range(self._file.metadata.num_row_groups):
            rows = self._file.metadata.row_group(group).num_rows
            if any(wanted(number) for number in range(start // size, -(-(start + rows) // size))):
                place = start
                for batch in self._file.iter_batches(size, row_groups=[group], columns=needed):
                    yield place, batch
                    place += len(batch)
            start += rows

    def taken(self, piece: Piece) -> Taken:
        """Columns by their fields."""
        start = piece.number * self._plan.part_rows
        return tables.taken(self._signature, piece.held, self._columns, self._plan.keep, start, arrow.column)
