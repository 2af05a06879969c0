"""Short ways to say what is opened, for the tests of reading."""

from pathlib import Path

import pyarrow as pa
import pytest

from daybreak.readers.opening import open_sides
from daybreak.readers.request import Request

SHARED = Path(__file__).parents[3].parent / "shared" / "data"


def real(name):
    """A real data set; the test skips where this checkout has none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"real data is not here: {path}")
    return str(path)


def opened(**request):
    return open_sides(Request(**request))


def rows(found, side="train"):
    """All rows of a side as one table."""
    return pa.Table.from_batches(list(found.sides[side].batches()))


def types(found):
    return {column.name: column.type for column in found.about.columns}


def notes(found):
    return {note.rule: note for note in found.notes}


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return str(path)
