"""A sample as a person sees it: the text of each column, and pictures and sounds as data: URLs."""

from typing import Any

import pyarrow as pa

from daybreak.audit.about import CONTENT, NAME
from daybreak.readers.arrays import Arrays
from daybreak.readers.deciding import Reading, as_strings, convert
from daybreak.readers.kept import KeptRows
from daybreak.readers.media import Media
from daybreak.readers.pictures import png_url
from daybreak.readers.source import Source
from daybreak.readers.splitting import Chosen

LONGEST = 2000  # characters of a text that are shown
UNSAID = frozenset({"image", "audio", "digest", "vector"})


class Shown:
    """Rows of a source by position. The first one of a format without random access has its rows kept on the disk from then on."""

    def __init__(self, source: Source, readings: list[Reading]) -> None:
        self._source, self._readings = source, readings
        self._kept: KeptRows | None = None

    def row(self, position: int) -> dict[str, str]:
        """Column -> what it says at a position. Empty where there is no such row."""
        source: Any = self._source
        if isinstance(source, Chosen):
            if not 0 <= position < (source.rows() or 0):
                return {}
            position, source = source.place(position), source.whole
        row = self._row(source, position)
        if row is None:
            return {}
        said = {r.column.name: _text(row, r) for r in self._readings if r.column.type not in UNSAID}
        if isinstance(source, Media):
            said |= source.shown(row.column(NAME)[0].as_py())
        if isinstance(source, Arrays) and (pixels := source.picture(position)) is not None:
            said[CONTENT] = png_url(pixels)
        return said

    def _row(self, source: Any, position: int) -> pa.RecordBatch | None:
        if hasattr(source, "row"):
            found: pa.RecordBatch | None = source.row(position)
            return found
        if self._kept is None:
            self._kept = KeptRows()
            self._kept.fill(source.batches(), source.schema)
        return self._kept.row(position)


def _text(row: pa.RecordBatch, reading: Reading) -> str:
    said = as_strings(convert(row.column(reading.column.name), reading))[0].as_py()
    return "" if said is None else said[:LONGEST]
