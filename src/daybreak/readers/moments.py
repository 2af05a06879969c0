"""Dates and times as people write them: ISO 8601, and a few usual orders where every value of a column fits one."""

import pyarrow as pa
import pyarrow.compute as pc

_ISO = r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?$"
_HAS_ZONE = r"\d\d:\d\d.* ?(?:Z|UTC|[+-]\d\d(?::?\d\d)?)$"
FORMATS = (
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
)  # month first where both orders fit: then it is a guess, but one order for both sides
_DATE_LIKE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
STORED = pa.timestamp("us")
ISO, NO_DATE = "ISO 8601", "no date"


def fails_as_time(values: pa.Array) -> pa.Array:
    """Which strings are no time. A column is one only where none fails."""
    like = pc.match_substring_regex(values, _DATE_LIKE)
    if not pc.all(like).as_py():
        return pc.invert(like)
    if is_iso(values):
        return pa.repeat(False, len(values))
    best = min((_parsed(values, form) for form in FORMATS), key=lambda parsed: parsed.null_count)
    return pc.is_null(best)


def is_iso(values: pa.Array) -> bool:
    """Whether all strings are ISO 8601."""
    return bool(pc.all(pc.match_substring_regex(values, _ISO)).as_py())


def form_of(values: pa.Array, still: tuple[str, ...] = FORMATS) -> tuple[str, ...]:
    """The formats among `still` that all values fit; none where they are ISO 8601."""
    return tuple(form for form in still if not _parsed(values, form).null_count)


def all_like_dates(values: pa.Array) -> bool:
    """Whether all strings begin as dates do, in whatever order."""
    return bool(pc.all(pc.match_substring_regex(values, _DATE_LIKE)).as_py())


def ways(values: pa.Array, counts: pa.Array) -> dict[str, tuple[int, str]]:
    """In which ways dates are written: how many values, by `counts`, and one of them; the way that fits most first, then of the rest."""
    found: dict[str, tuple[int, str]] = {}
    while len(values):
        fitting = {
            ISO: pc.is_valid(to_times(values, ())),
            **{one: pc.is_valid(_parsed(values, one)) for one in FORMATS},
        }
        way = max(fitting, key=lambda one: pc.sum(fitting[one]).as_py())
        these = fitting[way]
        if not pc.any(these).as_py():
            way, these = NO_DATE, pa.repeat(True, len(values))
        found[way] = (pc.sum(counts.filter(these)).as_py(), values.filter(these)[0].as_py())
        values, counts = values.filter(pc.invert(these)), counts.filter(pc.invert(these))
    return found


def to_times(values: pa.Array, forms: tuple[str, ...]) -> pa.Array:
    """Timestamps in microseconds; those with a zone in UTC. `forms`: of values that are not ISO 8601. What does not parse is null."""
    if forms:
        found = _parsed(values, forms[0])
        return found if not found.null_count else pc.coalesce(found, to_times(values, ()))
    zoned = pc.match_substring_regex(values, _HAS_ZONE)
    iso = pc.match_substring_regex(values, _ISO)
    plain = pc.if_else(pc.and_(iso, pc.invert(zoned)), values, pa.scalar(None, values.type))
    with_zone = pc.if_else(pc.and_(iso, zoned), values, pa.scalar(None, values.type))
    naive = _cast(plain, STORED)
    return pc.coalesce(naive, _cast(_iso_zone(with_zone), pa.timestamp("us", "UTC")).cast(STORED))


def _iso_zone(values: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(values, r" ?UTC$", "Z")


def _cast(values: pa.Array, stored: pa.DataType) -> pa.Array:
    """Dates such as 2023-02-31 fit the pattern and are no dates: they become null."""
    try:
        return pc.cast(values, stored, safe=False)
    except pa.ArrowInvalid:
        return pa.array([_one(value, stored) for value in values], stored)


def _one(value: pa.Scalar, stored: pa.DataType) -> object:
    try:
        return pc.cast(value, stored, safe=False).as_py()
    except pa.ArrowInvalid:
        return None


def _parsed(values: pa.Array, form: str) -> pa.Array:
    return pc.strptime(values, format=form, unit="us", error_is_null=True)
