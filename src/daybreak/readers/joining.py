"""What a table beside files says of them: labels.csv, metadata.csv, a list of the split with further columns."""

import pyarrow as pa

from daybreak.audit.canonical import is_text
from daybreak.readers.naming import matched
from daybreak.readers.source import Source, is_loose, loose

NAMES = ("file_name", "filename", "file", "path", "name", "image", "audio", "sample", "id", "image_id")


def columns_for(names: pa.Array, table: Source) -> pa.Table | None:
    """The table's columns by rows in the order of the files; null for files it does not list. None where it lists none of them."""
    read = pa.Table.from_batches(table.batches(), table.schema)
    strings = [f.name for f in read.schema if is_text(f.type) or pa.types.is_integer(f.type)]
    order = sorted(strings, key=lambda name: name.strip().lower() not in NAMES)
    ours = names.to_pylist()
    for key in order:
        listed = [value or "" for value in read.column(key).cast(pa.string()).to_pylist()]
        found = matched(ours, listed)
        if sum(i is not None for i in found) >= len(ours) / 2:
            kept = [f for f in read.schema if f.name != key and f.name.lower() != "split"]
            rows = read.select([f.name for f in kept]).take(pa.array(found, pa.int64()))
            return rows.cast(pa.schema([loose(f.name) if is_loose(f) else f for f in kept]))
    return None
