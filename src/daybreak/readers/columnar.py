"""Parquet, Feather and Arrow files: typed columns, read by batches."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import dataset

from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.base.hashing import hash_file, hash_json

EXTENSIONS = {".parquet": "parquet", ".pq": "parquet", ".feather": "ipc", ".arrow": "ipc", ".ipc": "ipc"}
BATCH_ROWS = 2**16


class Columnar:
    """One or more files of one format and schema, in the order given."""

    def __init__(self, paths: list[Path], name: str, form: str) -> None:
        self.paths, self.name = paths, name
        try:
            self._data = dataset.dataset([str(path) for path in paths], format=_format(form))
            self._count = int(self._data.count_rows())
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{name} cannot be read as {form}: {error}") from error

    @property
    def schema(self) -> pa.Schema:
        """As stored."""
        return self._data.schema

    def rows(self) -> int | None:
        """From the files' footers."""
        return self._count

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows in order."""
        scan = self._data.scanner(batch_size=BATCH_ROWS, batch_readahead=2, fragment_readahead=1)
        try:
            yield from (batch for batch in scan.to_batches() if batch.num_rows)
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{self.name} cannot be read: {error}") from error

    def row(self, position: int) -> pa.RecordBatch | None:
        """One row, from the row group that holds it."""
        if not 0 <= position < self._count:
            return None
        return self._data.take(pa.array([position])).to_batches()[0]

    def digest(self) -> str:
        """blake3 of the file; of several: of their hashes in order."""
        found = [hash_file(path) for path in self.paths]
        return found[0] if len(found) == 1 else hash_json(found)

    def notes(self) -> tuple[Finding, ...]:
        """None: types are in the file."""
        return ()


def _format(form: str) -> dataset.FileFormat | str:
    """Parquet without its buffer of row groups to come: a scan keeps those it has read, so that memory would grow to the file's size."""
    if form != "parquet":
        return form
    return dataset.ParquetFileFormat(default_fragment_scan_options=dataset.ParquetFragmentScanOptions(pre_buffer=False))
