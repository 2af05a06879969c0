"""The hot path of a signature: a body becomes rows in one pass, rows become columns, outputs become the JSON of each row.

    codec = make(signature)
    rows = codec.decode(b'{"features": [0.1, ...]}')     # or a list of rows, or {"rows": [...]}
    outputs = model.predict(codec.columns(rows))
    answers = codec.encode(outputs)                      # [b'{"digit":{"label":"7",...}}']

A row that decodes is valid: of the right names, types and shapes, and finite. What is wrong with another one is found by a second,
slow look (`checking`) and told with a stable code, the row and the place in it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from daybreak.base.errors import BadRow
from daybreak.signature import media
from daybreak.signature.answers import encoder
from daybreak.signature.checking import checker, told
from daybreak.signature.columns import LOOSE, array_type, gatherer
from daybreak.signature.fields import Columns, Field, Signature
from daybreak.signature.rows import row_type

MANY = re.compile(rb'\s*(?:\[|\{\s*"rows"\s*:)')  # how a body of several rows begins
NO_JSON = (b"NaN", b"Infinity")  # what other encoders write all the same
Settle = Callable[[Any, int | None], Any]


class Rows(list[Any]):
    """Valid rows of one request. `single`: it was one row, so one answer is expected, not a list."""

    __slots__ = ("single",)

    def __init__(self, rows: Sequence[Any], *, single: bool) -> None:
        super().__init__(rows)
        self.single = single


class Codec:
    """Made once for a signature. `thresholds`: of two-class outputs, in place of the signature's; `others`: pass over unknown fields."""

    def __init__(
        self, signature: Signature, thresholds: Mapping[str, float] | None = None, *, others: bool = False
    ) -> None:
        self.signature = signature
        self.columns: Callable[[Sequence[Any]], Columns] = gatherer(signature)
        self.encode: Callable[[Columns], list[bytes]] = encoder(signature, thresholds)
        self._row = row_type(signature, others=others)
        self._one = msgspec.json.Decoder(self._row).decode
        self._several = msgspec.json.Decoder(list[self._row]).decode  # type: ignore[name-defined]
        self._wrapped = msgspec.json.Decoder(_wrapper(self._row)).decode
        self._check = checker(signature, others=others)
        self._settled = [
            (f"f{place}", _settler(field)) for place, field in enumerate(signature.inputs) if _unsettled(field)
        ]
        self._names_rows = any(field.name == "rows" for field in signature.inputs)

    def decode(self, body: bytes, most: int | None = None) -> Rows:
        """Rows of a JSON body: one object, a list of them, or {"rows": [...]} (where no field has that name). Raises `BadRow`.

        `most`: rows; more are refused before their pictures and recordings are unpacked.
        """
        try:
            rows = self._fast(body)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            rows = self._slow(body)
        if self._settled:
            _bound(rows, most)
            self._settle(rows)
        return rows

    def take(self, rows: Sequence[Any], *, single: bool = False, most: int | None = None) -> Rows:
        """Rows that somebody else decoded, as dicts of JSON values; at most `most`. Raises `BadRow`."""
        _bound(rows, most)
        taken = Rows([self._made(row, None if single else place) for place, row in enumerate(rows)], single=single)
        if self._settled:
            self._settle(taken)
        return taken

    def _fast(self, body: bytes) -> Rows:
        if not MANY.match(body):
            return Rows((self._one(body),), single=True)
        if body.lstrip()[:1] == b"[":
            return Rows(self._several(body), single=False)
        return (
            Rows((self._one(body),), single=True) if self._names_rows else Rows(self._wrapped(body).rows, single=False)
        )

    def _slow(self, body: bytes) -> Rows:
        try:
            found = msgspec.json.decode(body)
        except RecursionError as error:
            raise BadRow("bad_json", "the body is nested deeper than any row") from error
        except (msgspec.MsgspecError, ValueError) as error:
            if any(word in body for word in NO_JSON):
                self._rows(_lenient(body))  # tells where it stands, if that is what is wrong
            raise BadRow("bad_json", f"the body is no JSON: {error}") from error
        return self._rows(found)

    def _rows(self, found: Any) -> Rows:
        if isinstance(found, dict) and "rows" in found and not self._names_rows:
            others = [name for name in found if name != "rows"]
            if others:
                raise BadRow(
                    "unknown_field", f"beside `rows` there is nothing else, got {told(others[0])}", None, others[0]
                )
            found = found["rows"]
            if not isinstance(found, list):
                raise BadRow("bad_type", f"`rows` is a list of rows, got {told(found)}", None, "rows")
        if isinstance(found, list):
            return Rows([self._made(row, place) for place, row in enumerate(found)], single=False)
        return Rows((self._made(found, None),), single=True)

    def _made(self, row: Any, place: int | None) -> Any:
        try:
            return msgspec.convert(row, self._row)
        except (msgspec.ValidationError, UnicodeError):  # a lone surrogate is no text that could be sent
            values = self._check(row, place)
        return self._row(**{f"f{index}": value for index, value in enumerate(values)})

    def _settle(self, rows: Rows) -> None:
        budget = media.Budget()
        for place, row in enumerate(rows):
            for name, settle in self._settled:
                value = getattr(row, name)
                if value is not None:
                    setattr(row, name, budget.spend(settle(value, None if rows.single else place)))


def _bound(rows: Sequence[Any], most: int | None) -> None:
    if most is not None and len(rows) > most:
        raise BadRow("too_many_rows", f"a request has at most {most} rows, got {len(rows)}; send parts")


def _wrapper(row: type) -> Any:
    return msgspec.defstruct("Body", [("rows", list[row])], forbid_unknown_fields=True)  # type: ignore[valid-type]


def _unsettled(field: Field) -> bool:
    return field.kind in LOOSE or (field.kind == "tensor" and None in field.shape[1:])


def _settler(field: Field) -> Settle:
    if field.kind in LOOSE:
        media.ready(field)
        return lambda value, place: media.decoded(field, value, place)
    return lambda value, place: _ragged(field, value, place)


def _ragged(field: Field, value: Any, place: int | None) -> Any:
    try:
        return np.array(value, array_type(field))
    except ValueError as error:
        raise BadRow(
            "bad_shape", f"lists within {field.name!r} have one length along each axis", place, field.name
        ) from error


def _lenient(body: bytes) -> Any:
    """JSON with the words NaN and Infinity in it. Raises `BadRow` (bad_json)."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRow("bad_json", f"the body is no JSON: {error}") from error


def make(signature: Signature, thresholds: Mapping[str, float] | None = None) -> Codec:
    """A codec. Raises `UsageError` for names that cannot be."""
    return Codec(signature, thresholds)
