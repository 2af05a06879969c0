"""A sample as a person sees it: the text of each column, and pictures and sounds as data: URLs."""

from daybreak.readers.deciding import Reading, as_strings, convert
from daybreak.readers.source import Source

LONGEST = 2000  # characters of a text that are shown


def show(source: Source, readings: list[Reading], position: int) -> dict[str, str]:
    """Column -> what it says at a position. Empty where there is no such row."""
    for batch in source.batches():
        if position < batch.num_rows:
            row = batch.slice(position, 1)
            return {
                reading.column.name: _text(convert(row.column(reading.column.name), reading)) for reading in readings
            }
        position -= batch.num_rows
    return {}


def _text(value: object) -> str:
    said = as_strings(value)[0].as_py()
    return "" if said is None else said[:LONGEST]
