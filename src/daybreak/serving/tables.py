"""Rows of a CSV body (RFC 4180): line one names inputs, an empty cell is null, a tensor's cell is a list as JSON."""

import csv
import io
from typing import Any

import msgspec

from daybreak.base.errors import BadRow
from daybreak.signature.codec import Codec, Rows
from daybreak.signature.fields import Field

BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def decoded_csv(codec: Codec, body: bytes, most: int | None = None) -> Rows:
    """All lines as rows, at most `most`. Raises `BadRow`: bad_csv, and what `Codec.take` raises."""
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRow("bad_csv", f"the body is no CSV in UTF-8: {error}") from error
    lines = [line for line in lines if line]
    if not lines:
        raise BadRow("bad_csv", "the first line of a CSV names the inputs, the body is empty")
    if len(set(lines[0])) < len(lines[0]):
        raise BadRow("bad_csv", f"each input is named once, a name stands twice in {', '.join(lines[0])[:200]}")
    names, fields = lines[0], {field.name: field for field in codec.signature.inputs}
    for place, line in enumerate(lines[1:]):
        if len(line) != len(names):
            raise BadRow("bad_csv", f"a line has as many cells as the header, {len(names)}, got {len(line)}", place)
    rows = [
        {name: _value(fields.get(name), cell, place) for name, cell in zip(names, line, strict=True)}
        for place, line in enumerate(lines[1:])
    ]
    return codec.take(rows, most=most)


def _value(field: Field | None, cell: str, place: int) -> Any:
    """A cell as JSON would have it; what cannot be read stays text, which the codec refuses in its own words."""
    if field is None or field.kind in ("text", "image", "audio"):
        return cell
    if cell == "" or field.kind == "category":
        return cell or None
    if field.kind == "boolean":
        return BOOLEANS.get(cell.lower(), cell)
    if field.kind == "tensor":
        return _list(field, cell, place)
    try:
        return int(cell) if field.kind == "integer" else float(cell)
    except ValueError:
        return cell


def _list(field: Field, cell: str, place: int) -> Any:
    try:
        return msgspec.json.decode(cell)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise BadRow(
            "bad_csv", f"a tensor's cell is a list as JSON, {field.name!r} is not: {error}", place, field.name
        ) from error
