"""What is wrong with a row, in words: the slow look that follows when the fast one says no, and the one for rows of other sources.

Every value that the fast look takes, this one takes; it takes little more (3.0 where a whole number is asked for).
"""

import difflib
import math
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from daybreak.base.errors import BadRow
from daybreak.signature.columns import LOOSE
from daybreak.signature.fields import Field, Signature
from daybreak.signature.rows import bounds, number_type, value_type

SHOWN = 40  # characters of a value in a message


def checker(signature: Signature, *, others: bool = False) -> Callable[[Any, int | None], list[Any]]:
    """A function from one decoded row (a dict of JSON values) and its place to its values, in the order of the fields. Raises `BadRow`."""
    fields = {field.name: field for field in signature.inputs}

    def check(row: Any, place: int | None) -> list[Any]:
        if not isinstance(row, dict):
            raise BadRow("bad_type", f"a row is an object of fields, got {told(row)}", place)
        for name in row:
            if name not in fields and not others:
                raise BadRow(
                    "unknown_field", f"the model has no field {shown(name)}; {_hint(name, fields)}", place, str(name)
                )
        return [_field(field, row, place) for field in fields.values()]

    return check


def _hint(name: Any, fields: dict[str, Field]) -> str:
    close = difflib.get_close_matches(str(name)[:100], fields, n=1)
    return f"did you mean {close[0]!r}?" if close else f"its fields are {', '.join(list(fields)[:20])}"


def _field(field: Field, row: dict[str, Any], place: int | None) -> Any:
    if field.name not in row:
        if field.optional:
            return None
        close = difflib.get_close_matches(field.name, row, n=1)
        instead = f", got {shown(close[0])}" if close else ""
        raise BadRow(
            "missing_field", f"a row needs the field {field.name!r}{instead}; see the signature", place, field.name
        )
    value = row[field.name]
    if value is None:
        if field.optional or field.nullable:
            return None
        raise BadRow("bad_value", f"{field.name!r} may not be null; give {_wanted(field)}", place, field.name)
    return value_of(field, value, place)


def value_of(field: Field, value: Any, place: int | None) -> Any:
    """One value that is not null, as the row's type holds it. Raises `BadRow`."""
    if field.kind == "tensor":
        return _tensor(field, value, field.shape, place, field.name)
    if field.kind in ("text", "category", *LOOSE):
        return _word(field, value, place)
    return _number(field, value, place, field.name)


def _word(field: Field, value: Any, place: int | None) -> str:
    if not isinstance(value, str):
        raise BadRow("bad_type", f"{field.name!r} is {_wanted(field)}, got {told(value)}", place, field.name)
    if field.kind == "category" and field.strict and field.classes and value not in field.classes:
        close = difflib.get_close_matches(value[:100], field.classes, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"they are {', '.join(field.classes[:20])}"
        raise BadRow("bad_value", f"{field.name!r} has no class {shown(value)}; {hint}", place, field.name)
    return value


def _number(field: Field, value: Any, place: int | None, where: str) -> Any:
    dtype = number_type(field)
    if dtype.kind == "b":
        if isinstance(value, bool):
            return value
        raise BadRow("bad_type", f"{where!r} is true or false, got {told(value)}", place, where)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRow("bad_type", f"{where!r} is {_kind(field)}, got {told(value)}", place, where)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadRow("bad_value", f"{where!r} must be finite, got {value}; {_missing(field)}", place, where)
    if dtype.kind in "iu" and value != int(value):
        raise BadRow("bad_type", f"{where!r} is a whole number, got {value}", place, where)
    _within(field, value, place, where)
    return int(value) if dtype.kind in "iu" else float(value)


def _within(field: Field, value: float, place: int | None, where: str) -> None:
    least, most = bounds(field)
    if not least <= value <= most:
        told_type = f"of type {number_type(field)}, which ends at {least if value < least else most}"
        raise BadRow("out_of_range", f"{where!r} is {told_type}, got {shown(value)}", place, where)
    low, high = (field.low, field.high) if field.strict else (None, None)
    if (low is not None and value < low) or (high is not None and value > high):
        raise BadRow("out_of_range", f"{where!r} lies in {_range(field)}, got {shown(value)}", place, where)


def _tensor(field: Field, value: Any, shape: Sequence[int | None], place: int | None, where: str) -> Any:
    if not shape:
        return None if value is None and field.nullable else _number(field, value, place, where)
    if not isinstance(value, list):
        raise BadRow("bad_shape", f"{where!r} is {_dimensions(shape)}, got {told(value)}", place, where)
    if shape[0] is not None and len(value) != shape[0]:
        raise BadRow("bad_shape", f"{where!r} has {shape[0]} values, got {len(value)}", place, where)
    if len(shape) == 1:
        bad = _first_bad(value, value_type(msgspec.structs.replace(field, shape=(None,))))
        if bad is None:
            return value
        _tensor(
            field, value[bad], (), place, f"{where}[{bad}]"
        )  # raises, but for 3.0 where a whole number is asked for
    return [_tensor(field, inner, shape[1:], place, f"{where}[{index}]") for index, inner in enumerate(value)]


def _first_bad(values: list[Any], kind: Any) -> int | None:
    """The place of a value that the type does not take, by halves: a long list with a wrong value costs hardly more than a right one."""
    if _fits(values, kind):
        return None
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _fits(values[low:middle], kind) else (low, middle)
    return low


def _fits(values: list[Any], kind: Any) -> bool:
    try:
        msgspec.convert(values, kind)
    except msgspec.ValidationError:
        return False
    return True


def _kind(field: Field) -> str:
    return "a whole number" if number_type(field).kind in "iu" else "a number"


def _wanted(field: Field) -> str:
    """What a value of the field is, in words."""
    media = {"image": "a PNG or JPEG in base64", "audio": "a WAV in base64", "category": "one of its classes, as text"}
    if field.kind == "tensor":
        return _dimensions(field.shape)
    return media.get(field.kind) or {"text": "text", "boolean": "true or false"}.get(field.kind) or _kind(field)


def _missing(field: Field) -> str:
    return (
        "null stands for a missing value"
        if field.nullable or field.optional
        else "the model knows no missing value there"
    )


def _range(field: Field) -> str:
    low, high = (
        ("-inf" if field.low is None else f"{field.low:g}"),
        ("inf" if field.high is None else f"{field.high:g}"),
    )
    return f"{low}..{high}{' ' + field.unit if field.unit else ''}"


def _dimensions(shape: Sequence[int | None]) -> str:
    sizes = " x ".join("any number of" if length is None else str(length) for length in shape)
    return f"a list of {sizes} values" if len(shape) == 1 else f"nested lists of {sizes} values"


def told(value: Any) -> str:
    """A value of JSON by its type, short."""
    if isinstance(value, dict):
        return f"an object with {len(value)} keys"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "null" if value is None else shown(value)


def shown(value: Any) -> str:
    """A value as a message shows it, cut."""
    if isinstance(value, bool):
        return str(value).lower()
    text = (
        repr(value)[: SHOWN + 1]
        if not isinstance(value, int) or abs(value) < 10**SHOWN
        else "a number of more than 40 digits"
    )
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
