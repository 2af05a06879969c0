"""Which columns rows are compared by: what the samples are, not what they are called.

A row's number or key would make every row different and hide each copy. Declared ids are left out, and so are columns that name rows as far
as the first train rows show.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import About, Column
from daybreak.audit.canonical import is_text, plain
from daybreak.audit.outcome import NotApplicable

SAMPLE = 1 << 16  # the first train rows, by which it is decided
FEW = 20  # rows below which nothing can be said of a column
_DRAWS = 10.0  # expected repeats by chance where none is seen: exp(-10) is the chance to be wrong
_KEY = r"^(?:[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"  # digests, UUIDs (RFC 9562)


class Compared(NamedTuple):
    """`columns`: what is compared. `target`: read beside them, or None. `left_out`: column -> why it is not compared."""

    columns: tuple[Column, ...]
    target: Column | None
    left_out: dict[str, str]


def candidates(about: About) -> Compared:
    """By declaration alone. Files are compared by the digest of their decoded content; a series without features by moment and value.

    Raises `NotApplicable` where there is no column to compare.
    """
    out = {column.name: "declared as an id" for column in about.having("id")}
    digests = tuple(c for c in about.columns if c.type == "digest" and c.purpose in {"feature", "content"})
    features = tuple(c for c in about.having("feature", "content") if c.type != "empty")
    if digests or features:
        return Compared(digests or features, about.target, out)
    moments = about.having("time", "group", "target")
    if not about.having("time") or not moments:
        raise NotApplicable("rows are compared by their features, and there is no column that is one")
    return Compared(moments, None, out)


def without_names(compared: Compared, rows: pa.Table) -> Compared:
    """Leave out columns whose values name the rows in the first train rows; none where nothing would be left."""
    named = {c.name: why for c in compared.columns if (why := _names_rows(plain(rows.column(c.name)), c))}
    kept = tuple(column for column in compared.columns if column.name not in named)
    return compared._replace(columns=kept, left_out=compared.left_out | named) if kept else compared


def _names_rows(values: pa.Array, column: Column) -> str:
    """Why a column is a name of rows; "" where it is not."""
    if len(values) < FEW or values.null_count or column.type not in {"integer", "category", "text"}:
        return ""
    if pc.count_distinct(values).as_py() < len(values):
        return ""
    if pa.types.is_integer(values.type):
        return "it numbers the rows" if _numbers_rows(values.to_numpy()) else ""
    return "it holds a key of its own for each row" if is_text(values.type) and _keys_rows(values) else ""


def _numbers_rows(values: "np.ndarray[Any, Any]") -> bool:
    """Different whole numbers from so small a range that draws with chance would repeat some (birthday bound)."""
    span = float(values.max()) - float(values.min()) + 1
    return len(values) ** 2 / (2 * span) >= _DRAWS


def _keys_rows(values: pa.Array) -> bool:
    """Digests and UUIDs, or words with digits of one form, such as PAT-00017."""
    if pc.all(pc.match_substring_regex(pc.utf8_lower(values), _KEY)).as_py():
        return True
    forms = pc.unique(pc.replace_substring_regex(pc.replace_substring_regex(values, r"[0-9]+", "9"), r"\pL+", "a"))
    return len(forms) == 1 and "9" in forms[0].as_py() and " " not in forms[0].as_py()
