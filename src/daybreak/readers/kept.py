"""Rows that cost much to make (pictures and sounds that are decoded) are made once and kept on the disk until nobody asks any more."""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa


class KeptRows:
    """Batches of one schema in a temporary file that vanishes with this object."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="daybreak-read-"))
        self._clean = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._file = self._folder / "rows.arrow"
        self.count = 0
        self.full = False

    def fill(self, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> None:
        """Take all batches. Raises `OSError` where the disk is full."""
        with pa.OSFile(str(self._file), "wb") as file, pa.ipc.new_file(file, schema) as writer:
            for batch in batches:
                self.count += batch.num_rows
                writer.write_batch(batch)
        self.full = True

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All of them, in order, by memory map."""
        with pa.memory_map(str(self._file)) as file:
            reader = pa.ipc.open_file(file)
            for i in range(reader.num_record_batches):
                yield reader.get_batch(i)

    def row(self, position: int) -> pa.RecordBatch | None:
        """One row."""
        for batch in self.batches():
            if position < batch.num_rows:
                return batch.slice(position, 1)
            position -= batch.num_rows
        return None
