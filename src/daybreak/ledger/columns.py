"""Rows of the read tables as columns: numbers and text as they are, everything nested as JSON text.

NaN is no JSON and no SQL number. Inside JSON text it is written as Python's `json` writes it (`NaN`, `Infinity`); in a
numeric column it is NULL, read back as None.
"""

import json
import math
from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from daybreak.wire.rows import Row

R = TypeVar("R", bound=Row)

Kind = Literal["integer", "real", "boolean", "text", "json"]

_KINDS: dict[Any, Kind] = {int: "integer", float: "real", bool: "boolean", str: "text"}
_encode = msgspec.json.Encoder().encode


def kind_of(annotation: Any) -> tuple[Kind, bool]:
    """The kind of column for a field's type, and whether it may be NULL."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        inner = [argument for argument in get_args(annotation) if argument is not NoneType]
        if len(inner) == 1 and len(get_args(annotation)) == 2:  # noqa: PLR2004 (X | None)
            kind, _ = kind_of(inner[0])
            return kind, kind != "json"
        return "json", False
    if origin is Literal:
        return ("text" if all(isinstance(value, str) for value in get_args(annotation)) else "json"), False
    kind = _KINDS.get(annotation, "json")
    return kind, kind == "real"


def to_json(value: object) -> str:
    """JSON text of plain data or records; equal values give equal text."""
    data = _encode(value)
    if b"null" in data:  # None, or a float that msgspec has no JSON for: write that one the long way
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"), ensure_ascii=False)
    return data.decode()


def from_json(decoder: msgspec.json.Decoder[Any], text: str) -> Any:
    """What `to_json` wrote. Raises `msgspec.DecodeError` or `ValueError`."""
    try:
        return decoder.decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return msgspec.convert(json.loads(text), decoder.type)


class Columns(Generic[R]):
    """How one type of row stands in its table: (name, kind, nullable) for each field, and both ways of conversion."""

    def __init__(self, row: type[R]) -> None:
        self.row = row
        hints = get_type_hints(row)
        self.names: tuple[str, ...] = row.__struct_fields__
        self.kinds = [kind_of(hints[name]) for name in self.names]
        self._pack: list[tuple[int, Callable[[Any], Any]]] = []
        self._unpack: list[tuple[int, Callable[[Any], Any]]] = []
        for place, (name, (kind, _)) in enumerate(zip(self.names, self.kinds, strict=True)):
            if kind == "json":
                self._pack.append((place, to_json))
                self._unpack.append((place, _json_reader(hints[name])))
            elif kind == "real":
                self._pack.append((place, number_or_null))
            elif kind == "boolean":
                self._unpack.append((place, bool))

    def pack(self, row: R) -> list[Any]:
        """The values to store, in the order of `names`."""
        values = [getattr(row, name) for name in self.names]
        for place, convert in self._pack:
            values[place] = convert(values[place])
        return values

    def unpack(self, stored: Sequence[Any]) -> R:
        """The row again. Raises `msgspec.DecodeError` or `ValueError` when a JSON column does not hold what it should."""
        values = list(stored)
        for place, convert in self._unpack:
            values[place] = convert(values[place])
        return self.row(*values)


def number_or_null(value: float | None) -> float | None:
    """SQL has no NaN on which all databases agree."""
    return None if value is None or math.isnan(value) else value


def _json_reader(annotation: Any) -> Callable[[str], Any]:
    decoder = msgspec.json.Decoder(annotation)
    return lambda text: from_json(decoder, text)
