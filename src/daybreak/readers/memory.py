"""Data that is in memory already: arrays, tuples of them, Arrow tables, pandas and Polars frames, lists and dicts."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from blake3 import blake3

from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.readers.arrays import TARGET, Arrays, target_of
from daybreak.readers.source import Source, aimed

ROWS = 2**16
PAIR = 2
MOST_CELLS = 10**8  # of a sparse matrix made dense


class InMemory:
    """An Arrow table. `target`: the column that was given as such."""

    def __init__(self, table: pa.Table, name: str, target: str = "") -> None:
        self.table, self.name = table, name
        if target:
            fields = [aimed(f.name, f.type, "target") if f.name == target else f for f in table.schema]
            self.table = table.cast(pa.schema(fields))

    @property
    def schema(self) -> pa.Schema:
        """The table's."""
        return self.table.schema

    def rows(self) -> int | None:
        """The table's."""
        return int(self.table.num_rows)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Slices of the table."""
        yield from (batch for batch in self.table.to_batches(ROWS) if batch.num_rows)

    def digest(self) -> str:
        """blake3 over the table as an Arrow stream in batches of one size."""
        found = blake3(str(self.table.schema).encode())
        for start in range(0, self.table.num_rows, ROWS):
            batch = self.table.slice(start, ROWS).combine_chunks()
            for column in batch.columns:
                found.update(
                    pa.concat_arrays(column.chunks).to_string().encode() if column.nbytes < 1 else _bytes(column)
                )
        return found.hexdigest()

    def notes(self) -> tuple[Finding, ...]:
        """None."""
        return ()


def _bytes(column: pa.ChunkedArray) -> bytes:
    sink = pa.BufferOutputStream()
    whole = pa.concat_arrays(column.chunks)
    batch = pa.RecordBatch.from_arrays([whole], ["c"])
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def open_memory(given: Any, name: str) -> Source:
    """The source of an object. Raises `UsageError` for what is no table, array or frame."""
    if isinstance(given, tuple):
        return _pair(given, name)
    if isinstance(given, Mapping) and not hasattr(given, "to_arrow"):
        return _mapping(given, name)
    if isinstance(given, list):
        return _listed(given, name)
    table = _table(given)
    return InMemory(table, name) if table is not None else Arrays({"": _array(given, name)}, name)


def _pair(given: tuple[Any, ...], name: str) -> Source:
    """(X, y): features and target."""
    if len(given) != PAIR:
        raise UsageError(f"a tuple is (X, y), got {len(given)} things for {name}")
    features, target = given
    table = _table(features)
    if table is None and isinstance(features, Mapping):
        table = InMemory(pa.table({str(k): _array(v, name) for k, v in features.items()}), name).table
    if table is None:
        if isinstance(features, list) and features and isinstance(features[0], str):
            table = pa.table({"text": features})
        else:
            parts = {"": _array(features, name), TARGET: _array(target, name).reshape(-1)}
            return Arrays(parts, name, TARGET)
    column = _array(target, name).reshape(-1)
    if len(column) != table.num_rows:
        raise UsageError(f"(X, y) have one length, got {table.num_rows} and {len(column)} for {name}")
    called = str(getattr(target, "name", "") or TARGET)
    called = TARGET if called in table.schema.names else called
    return InMemory(table.append_column(called, [_column(column)]), name, called)


def _mapping(given: Mapping[Any, Any], name: str) -> Source:
    arrays = {str(key): _array(value, name) for key, value in given.items()}
    return Arrays(arrays, name, target_of(arrays))


def _listed(given: list[Any], name: str) -> Source:
    """A list of dicts is a table, one of strings a column of texts, one of numbers or lists an array."""
    if given and all(isinstance(row, Mapping) for row in given):
        keys = list(dict.fromkeys(str(key) for row in given for key in row))
        columns = {key: _column(np.array([row.get(key) for row in given], object)) for key in keys}
        return InMemory(pa.table(columns), name)
    if given and all(isinstance(row, str) for row in given):
        return InMemory(pa.table({"text": given}), name)
    return Arrays({"": _array(given, name)}, name)


def _table(given: Any) -> pa.Table | None:  # noqa: PLR0911 (a table of libraries)
    """An Arrow table of a frame of any library; None if it is none."""
    if isinstance(given, pa.Table):
        return given
    if isinstance(given, pa.RecordBatch):
        return pa.Table.from_batches([given])
    if isinstance(given, pa.RecordBatchReader):
        return given.read_all()
    if hasattr(given, "collect_schema") and hasattr(given, "collect"):  # a Polars LazyFrame
        given = given.collect()
    if hasattr(given, "to_arrow"):
        return pa.table(given.to_arrow())
    if hasattr(given, "with_format") and hasattr(given, "column_names"):  # a Hugging Face dataset
        return pa.table(given.with_format("arrow")[:])
    if hasattr(given, "columns") and hasattr(given, "dtypes") and hasattr(given, "iloc"):  # pandas
        return pa.table(
            [_pandas(given.iloc[:, i]) for i in range(given.shape[1])], names=[str(c) for c in given.columns]
        )
    if hasattr(given, "to_frame") and hasattr(given, "iloc"):  # a pandas Series
        return pa.table([_pandas(given)], names=[str(given.name or "0")])
    return None


def _pandas(series: Any) -> pa.Array:
    try:
        found = pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # several types in one column
        found = pa.array([None if x is None or x != x else str(x) for x in series.tolist()], pa.string())  # noqa: PLR0124 (NaN)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _column(column: "np.ndarray[Any, Any]") -> pa.Array:
    source = Arrays({"c": column}, "")
    return pa.concat_arrays([batch.column(0) for batch in source.batches()]) if len(column) else pa.array([], pa.null())


def _array(given: Any, name: str) -> "np.ndarray[Any, Any]":
    """A NumPy array of whatever can be one: lists, tensors, Series, sparse matrices of moderate size."""
    if hasattr(given, "toarray") and hasattr(given, "nnz"):
        if given.shape[0] * given.shape[1] > MOST_CELLS:
            raise UsageError(
                f"a sparse matrix has at most {MOST_CELLS:,} cells here, {name} has {given.shape}: reduce it before"
            )
        given = given.toarray()
    if hasattr(given, "detach"):
        given = given.detach().cpu()
    if isinstance(given, pa.Array | pa.ChunkedArray):
        given = given.to_numpy(zero_copy_only=False)
    try:
        found = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"{name} must be an array, a table or a frame, {type(given).__name__} is none: {error}"
        ) from error
    if found.ndim == 0:
        raise UsageError(f"{name} must be a path, an array, a table or a frame, got {type(given).__name__}")
    return found
