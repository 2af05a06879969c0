"""Room on the disk for what an audit cannot hold in memory: one Arrow stream a partition, in a folder that vanishes afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from daybreak.base.hashing import hash_bytes

OPEN_AT_ONCE = 64  # files; a system allows a process a few hundred


class DiskSpill:
    """`audit.fold.Spill` in a temporary folder. A context manager; one thread at a time.

    A partition that is read may be written no more. Raises `OSError` where the disk is full.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where to make it; the system's place for temporary files unless given."""
        self._folder = Path(tempfile.mkdtemp(prefix="daybreak-audit-", dir=folder))
        self._written: dict[str, int] = {}  # partition -> number of its files
        self._open: dict[str, pa.ipc.RecordBatchStreamWriter] = {}  # the one longest not written first

    def write(self, partition: str, batch: pa.RecordBatch) -> None:
        """Append a batch to a partition."""
        writer = self._open.pop(partition, None) or self._opened(partition, batch.schema)
        self._open[partition] = writer
        writer.write_batch(batch)

    def _opened(self, partition: str, schema: pa.Schema) -> pa.ipc.RecordBatchStreamWriter:
        """A further file of a partition: streams cannot be appended to once they are closed."""
        if len(self._open) >= OPEN_AT_ONCE:
            self._open.pop(next(iter(self._open))).close()
        number = self._written.get(partition, 0)
        self._written[partition] = number + 1
        return pa.ipc.new_stream(pa.OSFile(str(self._file(partition, number)), "wb"), schema)

    def _file(self, partition: str, number: int) -> Path:
        return self._folder / f"{hash_bytes(partition.encode())[:32]}-{number}"

    def read(self, partition: str) -> Iterator[pa.RecordBatch]:
        """A partition's batches, in the order they were written; none if there is no such partition."""
        if partition in self._open:
            self._open.pop(partition).close()
        for number in range(self._written.get(partition, 0)):
            with pa.OSFile(str(self._file(partition, number)), "rb") as file, pa.ipc.open_stream(file) as stream:
                yield from stream

    def partitions(self) -> tuple[str, ...]:
        """Names of all partitions, sorted."""
        return tuple(sorted(self._written))

    def close(self) -> None:
        """Delete everything."""
        for writer in self._open.values():
            writer.close()
        self._open.clear()
        self._written.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
