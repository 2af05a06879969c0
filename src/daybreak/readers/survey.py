"""What the values of a column are, looked at in one pass: how many are missing, what strings parse as, how many differ.

Counts of two sides add up, so that a column gets one type for both.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import Column
from daybreak.audit.canonical import is_text, plain
from daybreak.readers.moments import FORMATS, ISO, all_like_dates, fails_as_time, form_of, is_iso, to_times, ways
from daybreak.readers.source import is_loose, told_column

NULLS = (
    "",
    "#N/A",
    "#NA",
    "-NaN",
    "-nan",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "n/a",
    "nan",
    "null",
    "None",
    "none",
    "?",
    "-",
    ".",
)
MOST_DISTINCT = 5000  # values remembered of a column
MIXED = -1
ALIKE = "alike"  # dates that one of `Seen.forms` fits
MOST_TOKENS = 20  # words remembered that stand among numbers
MOSTLY_DISTINCT = 0.5
LOOKED_AT = 2000  # values whose length and words are counted
SURVEYED = 200_000  # rows of a side whose types are stored anyway

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?[iI]nf(inity)?$"
_CODE = r"^0\d+$"  # 007 is no seven: a postal code, an identifier
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass
class Seen:
    """Of one column: counts. `failing`: non-missing values that are none of a kind; `tokens`: those that are no numbers."""

    field: pa.Field
    rows: int = 0
    nulls: int = 0
    nans: int = 0
    present: int = 0
    failing: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    codes: int = 0
    integral: bool = True
    distinct: set[Any] = field(default_factory=set)
    overflow: bool = False
    first_rows: int = 0  # present values of the first batch, and how many of them differ
    first_distinct: int = 0
    words: list[int] = field(default_factory=list)
    length: int | None = None  # of the lists of numbers that are its values; -1: they differ
    forms: tuple[str, ...] | None = None  # that all dates fit; None: ISO 8601
    dates: dict[str, tuple[int, str]] = field(
        default_factory=dict
    )  # way in which they are written -> how many, and one of them

    @property
    def told(self) -> Column | None:
        """What the reader of the format said."""
        return told_column(self.field)

    @property
    def loose(self) -> bool:
        """Whether strings may mean something else."""
        return is_loose(self.field)

    @property
    def share(self) -> float:
        """Share of values that differ, in the first batch."""
        return self.first_distinct / max(self.first_rows, 1)

    @property
    def mean_words(self) -> float:
        """Words per distinct value; a character of Chinese, Japanese or Korean counts as half a word."""
        return sum(self.words) / max(len(self.words), 1)


def survey(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], most: int | None = None
) -> tuple[dict[str, Seen], int]:
    """What each column holds, and the number of rows looked at. `most`: rows after which it stops."""
    seen = {each.name: Seen(each) for each in schema}
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if seen[name].told:
                seen[name].present += len(column) - column.null_count
            else:
                _look(seen[name], column)
        if most is not None and rows >= most:
            break
    return seen, rows


def joined(one: Seen, other: Seen) -> Seen:
    """The counts of both sides; the left one's first batch speaks for the share."""
    left = one if one.present or not other.present else other
    return Seen(
        one.field,
        one.rows + other.rows,
        one.nulls + other.nulls,
        one.nans + other.nans,
        one.present + other.present,
        one.failing + other.failing,
        one.tokens + other.tokens,
        one.codes + other.codes,
        one.integral and other.integral,
        one.distinct | other.distinct,
        one.overflow or other.overflow,
        left.first_rows,
        left.first_distinct,
        [*one.words, *other.words],
        one.length
        if one.length == other.length or other.length is None
        else other.length
        if one.length is None
        else MIXED,
        _forms(one.forms, other.forms),
    )


def _forms(one: tuple[str, ...] | None, other: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if one is None or other is None:
        return one if other is None else other
    return tuple(form for form in one if form in other)


def _look(seen: Seen, column: pa.Array) -> None:
    seen.rows += len(column)
    seen.nulls += column.null_count
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if is_text(kind):
        _look_at_strings(seen, plain(column))
    elif not pa.types.is_nested(kind) and not pa.types.is_null(kind):
        _look_at_values(seen, column)
    else:
        seen.present += len(column) - column.null_count
        if pa.types.is_fixed_size_list(kind):
            seen.length = kind.list_size
        elif is_list(kind) and seen.length != MIXED:
            lengths = pc.unique(pc.list_value_length(column.drop_null())).to_pylist()
            known = {*lengths, *([] if seen.length is None else [seen.length])}
            seen.length = next(iter(known), None) if len(known) < 2 else MIXED  # noqa: PLR2004


def is_list(kind: pa.DataType) -> bool:
    """Whether values are lists of numbers, of lengths that are not told by the type."""
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return listed and bool(pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))


def _look_at_values(seen: Seen, column: pa.Array) -> None:
    """Numbers, truth values, times: missing ones, whether all are whole, how many differ."""
    column = column.drop_null()
    if pa.types.is_floating(column.type):
        column = column.cast(pa.float32()) if pa.types.is_float16(column.type) else column
        missing = pc.is_nan(column)
        seen.nans += pc.sum(missing).as_py() or 0
        column = column.filter(pc.invert(missing))
        if seen.integral and len(column):
            whole = pc.equal(pc.floor(column), column)
            seen.integral = bool(pc.all(whole).as_py())
    seen.present += len(column)
    _distinct(seen, column)


def _look_at_strings(seen: Seen, column: pa.Array) -> None:
    values, counts = _counted(seen, pc.utf8_trim_whitespace(column.drop_null()))
    real = pc.invert(pc.is_in(values, value_set=pa.array(NULLS, values.type)))
    empty = pc.equal(values, "")
    seen.nulls += _sum(counts.filter(empty))
    if not pc.all(real).as_py():
        seen.nans += _sum(counts.filter(pc.invert(pc.or_(real, empty)))) if seen.loose else 0
        kept = values.filter(pc.invert(empty))
        values, counts = values.filter(real), counts.filter(real)
    else:
        kept = values
    if seen.loose:
        _parse(seen, values, counts)
    elif len(values):
        _parse_times(seen, values, counts)  # typed formats, too, hold dates as people wrote them
    total = _sum(counts)
    seen.present += total
    if len(seen.words) < LOOKED_AT:
        seen.words += [_words(value) for value in values[: LOOKED_AT - len(seen.words)].to_pylist()]
    _distinct(seen, kept, total)


def _counted(seen: Seen, values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Distinct values with their counts; where nearly all differed so far, as they are: counting them is what costs most."""
    if seen.first_rows and seen.share > MOSTLY_DISTINCT:
        return values, pa.repeat(1, len(values))
    counted = pc.value_counts(values)
    return counted.field(0), counted.field(1)


def _sum(counts: pa.Array) -> int:
    return pc.sum(counts).as_py() or 0


def _words(value: str) -> int:
    return len(value.split()) + len(_CJK.findall(value)) // 2


def _parse(seen: Seen, values: pa.Array, counts: pa.Array) -> None:
    """Which kinds are still possible: one value that does not parse rules out all but numbers, among which a few words may stand."""
    if not len(values):
        return
    for kind, fails in _KINDS.items():
        if not seen.failing[kind]:
            seen.failing[kind] += fails(values)
    _parse_times(seen, values, counts)
    if not _casts(values, pa.float64()):
        odd = pc.invert(pc.match_substring_regex(values, _NUMBER))
        seen.failing["number"] += _sum(counts.filter(odd))
        if len(seen.tokens) <= MOST_TOKENS:
            words, often = values.filter(odd)[:MOST_TOKENS].to_pylist(), counts.filter(odd)[:MOST_TOKENS].to_pylist()
            seen.tokens.update(dict(zip(words, often, strict=True)))
    zeros = values.filter(pc.starts_with(values, "0"))
    seen.codes += _sum(pc.match_substring_regex(zeros, _CODE))


def _parse_times(seen: Seen, values: pa.Array, counts: pa.Array) -> None:
    if seen.failing["time"]:
        if len(seen.dates) > 1 and all_like_dates(values):  # how many are written so is told
            _dates(seen, ways(values, counts))
        return
    fails = _no_time(values)
    iso = not fails and is_iso(values)
    if not fails and not iso:
        seen.forms = form_of(values, FORMATS if seen.forms is None else seen.forms)
        fails = not seen.forms
    seen.failing["time"] += fails
    if (fails and all_like_dates(values)) or (iso and to_times(values, ()).null_count):
        _dates(seen, ways(values, counts))
    elif not fails:
        _dates(seen, {ISO if iso else ALIKE: (_sum(counts), values[0].as_py())})


def _dates(seen: Seen, found: dict[str, tuple[int, str]]) -> None:
    for way, (count, example) in found.items():
        before = seen.dates.get(way, (0, example))
        seen.dates[way] = before[0] + count, before[1]


def _casts(values: pa.Array, kind: pa.DataType) -> bool:
    try:
        pc.cast(values, kind)
    except pa.ArrowInvalid:
        return False
    return True


def _no_integer(values: pa.Array) -> bool:
    return not _casts(values, pa.int64())


def _no_boolean(values: pa.Array) -> bool:
    words = pa.array(["true", "false"], values.type)
    return not pc.all(pc.is_in(pc.utf8_lower(values), value_set=words)).as_py()


def _no_time(values: pa.Array) -> bool:
    return bool(pc.any(fails_as_time(values[:1])).as_py() or pc.any(fails_as_time(values)).as_py())


_KINDS = {"integer": _no_integer, "boolean": _no_boolean}


def _distinct(seen: Seen, values: pa.Array, total: int | None = None) -> None:
    """`total`: how many values the unique ones stand for, where they are unique already."""
    if not seen.first_rows:
        seen.first_rows = len(values) if total is None else total
        seen.first_distinct = pc.count_distinct(values).as_py() if total is None else len(values)
    if seen.overflow:
        return
    unique = pc.unique(values)
    seen.distinct.update(unique[: MOST_DISTINCT + 1].to_pylist())
    seen.overflow = len(seen.distinct) > MOST_DISTINCT
