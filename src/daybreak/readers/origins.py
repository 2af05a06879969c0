"""Where samples that are files come from: a folder, a column of paths, or a column that holds the files themselves."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import NAME
from daybreak.readers.filenames import LABEL, label_of, tokens_of
from daybreak.readers.media import BATCH, Load
from daybreak.readers.source import Source, loose, told
from daybreak.readers.walking import Files

NAMED = told(NAME, pa.string(), "category", "name")


class Folder:
    """Files below a folder; the class from the topmost folder, and parts of the names where they follow a pattern.

    `listed`: a table of what else is known of each file, by rows in the order of the files.
    """

    def __init__(self, files: Files, name: str, listed: pa.Table | None = None) -> None:
        self.files, self.name = files, name
        fields, columns = [NAMED], [files.names]
        for column, values in self._from_names().items():
            fields.append(loose(column, "target" if column == LABEL else "name"))
            columns.append(values)
        self._known = pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))
        if listed is not None:
            self.know(listed)

    def know(self, listed: pa.Table) -> None:
        """Take over what a list says of the files; it replaces what was read off their names. Rows in the order of the files."""
        kept = [f for f in self._known.schema if f.name not in listed.schema.names]
        columns = [self._known.column(f.name) for f in kept]
        columns += [pa.concat_arrays(listed.column(f.name).chunks) for f in listed.schema]
        self._known = pa.RecordBatch.from_arrays(columns, schema=pa.schema([*kept, *listed.schema]))

    def _from_names(self) -> dict[str, pa.Array]:
        label = label_of(self.files.names)
        found = {} if label is None else {LABEL: label}
        return found | tokens_of(self.files.names)

    @property
    def schema(self) -> pa.Schema:
        """Of what is known without opening a file."""
        return self._known.schema

    def count(self) -> int:
        """How many files there are."""
        return len(self.files)

    def parts(self) -> Iterator[tuple[pa.RecordBatch, list[Load]]]:
        """Files in the order of their names."""
        for start in range(0, self.count(), BATCH):
            rows = self._known.slice(start, BATCH)
            yield rows, [self._load(name) for name in rows.column(0).to_pylist()]

    def some(self, most: int) -> list[Load]:
        """Files at even distances."""
        step = max(1, self.count() // most)
        return [self._load(name) for name in self.files.names[::step].to_pylist()[:most]]

    def find(self, name: str) -> Load | None:
        """The file of that name."""
        return self._load(name)

    def _load(self, name: str) -> Load:
        return partial(Path.read_bytes, self.files.root / name)


class _OfTable:
    """Files that the column of a table names or holds; the table's other columns go along."""

    def __init__(self, table: Source, column: str, root: Path) -> None:
        self.table, self.column, self.root, self.name = table, column, root, table.name

    @property
    def schema(self) -> pa.Schema:
        """The names of the files first, then the table's other columns."""
        return pa.schema([NAMED, *(f for f in self.table.schema if f.name != self.column)])

    def count(self) -> int:
        """Rows of the table."""
        known = self.table.rows()
        return sum(batch.num_rows for batch in self.table.batches()) if known is None else known


class Paths(_OfTable):
    """A table with a column that names files beside it."""

    def parts(self) -> Iterator[tuple[pa.RecordBatch, list[Load]]]:
        """Rows in the order of the table."""
        for batch in self.table.batches():
            for start in range(0, batch.num_rows, BATCH):
                rows = batch.slice(start, BATCH)
                names = rows.column(self.column).cast(pa.string()).fill_null("")
                others = [rows.column(f.name) for f in self.table.schema if f.name != self.column]
                known = pa.RecordBatch.from_arrays([names, *others], schema=self.schema)
                yield known, [partial(Path.read_bytes, self.root / name) for name in names.to_pylist()]

    def some(self, most: int) -> list[Load]:
        """The first files."""
        return next((loads[:most] for _, loads in self.parts()), [])

    def find(self, name: str) -> Load | None:
        """The file of that name."""
        return partial(Path.read_bytes, self.root / name)


class Embedded(_OfTable):
    """A table with a column whose values are files: bytes, or structs of bytes and path as Hugging Face stores them."""

    def parts(self) -> Iterator[tuple[pa.RecordBatch, list[Load]]]:
        """Rows in the order of the table; a file without a name is called by its row's number."""
        at = 0
        for batch in self.table.batches():
            for start in range(0, batch.num_rows, BATCH):
                rows = batch.slice(start, BATCH)
                files, names = self._files(rows.column(self.column), at)
                at += rows.num_rows
                others = [rows.column(f.name) for f in self.table.schema if f.name != self.column]
                known = pa.RecordBatch.from_arrays([names, *others], schema=self.schema)
                yield known, files

    def some(self, most: int) -> list[Load]:
        """The first files."""
        return next((loads[:most] for _, loads in self.parts()), [])

    def find(self, name: str) -> Load | None:
        """The file of that name, by going through the table."""
        for known, loads in self.parts():
            names = known.column(0).to_pylist()
            if name in names:
                found: Load = loads[names.index(name)]
                return found
        return None

    def _files(self, column: pa.Array, start: int) -> tuple[list[Load], pa.Array]:
        numbers = pa.array([f"row {start + i}" for i in range(len(column))])
        if not pa.types.is_struct(column.type):
            return [partial(_given, data) for data in column.to_pylist()], numbers
        contents = pc.struct_field(column, "bytes").to_pylist()
        has_path = column.type.get_field_index("path") >= 0
        paths = pc.struct_field(column, "path") if has_path else pa.nulls(len(column), pa.string())
        loads: list[Load] = [
            partial(_given, data) if data is not None or not path else partial(Path.read_bytes, self.root / path)
            for data, path in zip(contents, paths.to_pylist(), strict=True)
        ]
        return loads, pc.coalesce(paths, numbers)


def _given(data: bytes | None) -> bytes:
    return data or b""
