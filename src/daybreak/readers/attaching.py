"""Tables whose rows mean files: a column of paths, or one that holds the files themselves."""

from pathlib import Path

import pyarrow as pa

from daybreak.audit.canonical import is_text
from daybreak.readers.folders import KINDS
from daybreak.readers.media import Decoder, Media
from daybreak.readers.origins import Embedded, Paths
from daybreak.readers.request import Progress
from daybreak.readers.sounds import Sounds
from daybreak.readers.source import Source

LOOKED_AT = 20  # values of a column that must all be files


def attached(table: Source, root: Path, progress: Progress | None) -> Source:
    """The table with its files read, or as it was where it means none."""
    if isinstance(table, Media):
        return table
    for field in table.schema:
        if _holds_files(field.type) and (decoder := _decoder_of_bytes(table, field.name)):
            return Media(Embedded(table, field.name, root), decoder, progress)
    first = next(iter(table.batches()), None)
    for field in table.schema if first is not None else ():
        if is_text(field.type) and (decoder := _decoder_of_paths(first, field.name, root)):
            return Media(Paths(table, field.name, root), decoder, progress)
    return table


def _holds_files(kind: pa.DataType) -> bool:
    if not pa.types.is_struct(kind) or kind.get_field_index("bytes") < 0:
        return False
    return bool(pa.types.is_binary(kind.field("bytes").type))


def _decoder_of_bytes(table: Source, column: str) -> Decoder | None:
    """By the first bytes of the first file that is there."""
    for batch in table.batches():
        for value in batch.column(column)[:LOOKED_AT].to_pylist():
            data, path = (value or {}).get("bytes") or b"", (value or {}).get("path") or ""
            sound = data[:4] in {b"RIFF", b"fLaC", b"OggS"} and data[8:12] != b"WEBP"
            for kind in KINDS:
                if (sound and kind is Sounds) or (not sound and Path(path).suffix.lower() in kind.extensions):
                    return kind()
            if data:
                return KINDS[0]()
    return None


def _decoder_of_paths(first: pa.RecordBatch, column: str, root: Path) -> Decoder | None:
    """Of a column whose values all end like one kind of file, and lie below the table's folder."""
    values = [value for value in first.column(column)[:LOOKED_AT].to_pylist() if value]
    for kind in KINDS:
        if values and all(Path(value).suffix.lower() in kind.extensions for value in values):
            return kind() if any((root / value).is_file() for value in values) else None
    return None
