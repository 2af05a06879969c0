"""The type of a column, from what was seen of it on all sides, and how its stored values become that type."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from daybreak.audit.about import Column, ColumnType
from daybreak.audit.canonical import is_text
from daybreak.readers.moments import STORED, to_times
from daybreak.readers.source import purpose_of
from daybreak.readers.survey import MIXED, NULLS, Seen, joined

FEW_WORDS = 3  # text has at least so many words a value, on average
LONG = 12  # words of a value that is text even where it repeats
ODD_SHARE, ODD_WORDS = 0.05, 3  # a column stays one of numbers with so many words among them


@dataclass(frozen=True)
class Reading:
    """A column's type, and what is needed to read its values as such. `missing`: strings that stand for none."""

    column: Column
    stored: pa.DataType
    missing: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()  # of dates that are not ISO 8601


def decide(name: str, seen: list[Seen], *, as_text: bool = False) -> Reading:
    """One column, by what each side holds. `as_text`: declared so."""
    whole = seen[0]
    told = whole.told
    if told is not None:
        return Reading(told, whole.field.type)
    for other in seen[1:]:
        whole = joined(whole, other)
    kinds = {_stored_kind(each) for each in seen}
    kind: ColumnType = "text" if as_text and not whole.told else _common(kinds, whole, [each.loose for each in seen])
    missing = (*NULLS, *_words_among_numbers(whole)) if kind in _PARSED else ("",)
    return Reading(
        Column(name, kind, purpose_of(whole.field), _shape(whole, kind)),
        _STORED.get(kind, whole.field.type),
        missing,
        whole.forms or (),
    )


_PARSED = {"number", "integer", "boolean", "time"}
_STORED: dict[ColumnType, pa.DataType] = {
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "category": pa.string(),
    "text": pa.string(),
    "time": STORED,
    "empty": pa.null(),
}


def _stored_kind(seen: Seen) -> str:  # noqa: PLR0911 (a table)
    """What one side's stored type says: the name of a type, `strings`, or `loose`."""
    kind = seen.field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if seen.loose:
        return "loose"
    if pa.types.is_null(kind) or not seen.present:
        return "empty"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "time"
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        return "integer"
    if is_text(kind) and not seen.failing["time"]:
        return "time"
    return "vector" if pa.types.is_fixed_size_list(kind) or (seen.length or 0) > 0 else "strings"


def _common(kinds: set[str], seen: Seen, loose: list[bool]) -> ColumnType:  # noqa: PLR0911 (a table)
    """The type that holds the values of all sides."""
    kinds = kinds - {"empty"}
    if not kinds or not seen.present:
        return "empty"
    if "vector" in kinds and seen.length != MIXED:
        return "vector" if kinds == {"vector"} else _words(seen)
    if any(loose):
        parsed = _parses_as(seen)
        typed = kinds - {"loose"}
        if parsed and typed <= _MAY_BE.get(parsed, {parsed}):
            return "number" if "number" in typed else parsed
        return _words(seen)
    if kinds <= {"integer", "number"}:
        return "number" if "number" in kinds else "integer"
    if len(kinds) == 1 and kinds <= {"boolean", "time"} and seen.forms != ():
        return "boolean" if kinds == {"boolean"} else "time"
    return _words(seen)


_MAY_BE: dict[str, set[str]] = {"integer": {"integer", "number"}, "number": {"number", "integer"}}


def _parses_as(seen: Seen) -> ColumnType | None:
    """What all strings of a format without types mean."""
    order: tuple[ColumnType, ...] = ("boolean", "integer", "number", "time")
    for kind in order:
        if kind in {"integer", "number"} and seen.codes:
            continue
        if not seen.failing[kind] and not (
            kind == "time" and seen.forms == ()
        ):  # (): each side has an order of its own
            return kind
    if not seen.codes and _words_among_numbers(seen):
        return "number"
    return None


def _words_among_numbers(seen: Seen) -> tuple[str, ...]:
    """A few words in a column of numbers, such as "unknown": they are missing values."""
    failing = seen.failing["number"]
    if failing and failing <= ODD_SHARE * seen.present and len(seen.tokens) <= ODD_WORDS:
        return tuple(sorted(seen.tokens))
    return ()


def _words(seen: Seen) -> ColumnType:
    """Free text against category: by its words, and by how many values differ."""
    few = seen.mean_words < FEW_WORDS
    if few:
        return "category"
    many = len(seen.distinct)
    differs = seen.share >= 0.5 and many >= 5  # noqa: PLR2004
    return "text" if differs or (many >= 50 and (seen.share >= 0.05 or seen.mean_words >= LONG)) else "category"  # noqa: PLR2004


def _shape(seen: Seen, kind: ColumnType) -> tuple[int, ...]:
    if kind != "vector":
        return ()
    stored = seen.field.type
    return (stored.list_size,) if pa.types.is_fixed_size_list(stored) else (seen.length or 0,)


def convert(values: pa.Array, reading: Reading) -> pa.Array:  # noqa: PLR0911 (a table)
    """Stored values as the decided type. Precision is kept: float32 stays so, since what is coarser is compared later."""
    kind = reading.column.type
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if kind in {"image", "audio", "digest"} or (values.type == reading.stored and kind != "vector"):
        return values
    if kind == "empty":
        return pa.nulls(len(values))
    if kind == "vector":
        return values.cast(pa.list_(pa.float64() if _is_double(values.type) else pa.float32(), reading.column.shape[0]))
    if is_text(values.type):
        return _from_strings(values, reading)
    if kind in {"category", "text"}:
        return as_strings(values)
    if kind == "number":
        return values if values.type in {pa.float32(), pa.float64()} else _as_number(values)
    if kind == "integer" and not pa.types.is_integer(values.type):
        values = values.cast(pa.int32() if pa.types.is_time32(values.type) else pa.int64())
    return values.cast(reading.stored, safe=False)


def _is_double(kind: pa.DataType) -> bool:
    return bool(pa.types.is_float64(kind.value_type) or pa.types.is_integer(kind.value_type))


def _as_number(values: pa.Array) -> pa.Array:
    small = pa.types.is_float16(values.type)
    return values.cast(pa.float32() if small else pa.float64(), safe=False)


def as_strings(values: pa.Array) -> pa.Array:
    """Values of any type as people write them: a whole number without a point, lists by spaces."""
    kind = values.type
    if pa.types.is_floating(kind):
        whole = pc.and_kleene(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), 1e15))
        short = pc.if_else(whole, values, pa.scalar(None, kind)).cast(pa.int64()).cast(pa.string())
        return pc.coalesce(short, values.cast(pa.string()))
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if value is None else _flat(value) for value in values.to_pylist()], pa.string())
    return values.cast(pa.string())


def _flat(value: object) -> str:
    return " ".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _from_strings(values: pa.Array, reading: Reading) -> pa.Array:
    kind = reading.column.type
    values = values.cast(pa.string())
    if kind in {"category", "text"}:
        return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    values = pc.utf8_trim_whitespace(values)
    gone = pc.is_in(values, value_set=pa.array(reading.missing))
    values = pc.if_else(gone, pa.scalar(None, pa.string()), values)
    if kind == "time":
        return to_times(values, reading.forms)
    return values.cast(reading.stored)
