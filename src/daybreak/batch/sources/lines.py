"""JSONL: one row a line, as the plain route takes it; fields that the model has not are passed over, and may be kept."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa

from daybreak.base.errors import BadRow, UsageError
from daybreak.batch.places import Input, streamed
from daybreak.batch.plan import Plan
from daybreak.batch.sources import Piece, Taken, Wanted
from daybreak.batch.sources.tables import moved
from daybreak.signature.codec import Codec, Rows
from daybreak.signature.fields import Signature

NAMES = ("missing_field", "unknown_field")  # faults of a first row that will be those of all


class Lines:
    """One file. A row's number is its line's, from 0; empty lines hold none."""

    def __init__(self, index: int, given: Input, plan: Plan, signature: Signature) -> None:
        self._index, self._given, self._plan = index, given, plan
        renamed = {field.name: plan.columns.get(field.name, field.name) for field in signature.inputs}
        named = tuple(msgspec.structs.replace(field, name=renamed[field.name]) for field in signature.inputs)
        self._back = {there: here for here, there in renamed.items()}
        self._codec = Codec(msgspec.structs.replace(signature, inputs=named), others=True)

    def check(self) -> None:
        """The first row's names. Raises `UsageError`."""
        with streamed(self._given.path) as (file, _):
            first = next((line for line in file if line.strip()), b"")
        try:
            if first:
                self._codec.decode(first)
        except BadRow as bad:
            if bad.code in NAMES:
                raise UsageError(f"{self._given.path}: {bad}; other names are told by --column FIELD=NAME") from bad

    def count(self) -> None:
        """Not known before all is read."""

    def pieces(self, wanted: Wanted) -> Iterator[Piece]:
        """All lines are read, what is not wanted is dropped."""
        size, held, number = self._plan.part_rows, [], -1
        with streamed(self._given.path) as (file, reached):
            for number, line in enumerate(file):
                held.append(line)
                if len(held) == size:
                    if wanted(number // size):
                        yield Piece(self._index, number // size, held, reached())
                    held = []
        if held and wanted(number // size):
            yield Piece(self._index, number // size, held, 1.0)

    def taken(self, piece: Piece) -> Taken:
        """Rows by the same codec that serves requests."""
        start = piece.number * self._plan.part_rows
        rows: list[Any] = []
        places: list[int] = []
        faults: dict[int, BadRow] = {}
        kept: list[dict[str, Any]] = []
        for place, line in enumerate(piece.held, start):
            if not line.strip():
                continue
            try:
                rows += self._one(line)
                places.append(place)
                if self._plan.keep:
                    kept.append(msgspec.json.decode(line))
            except BadRow as bad:
                faults[place] = moved(bad, place)
        columns = self._codec.columns(rows)
        told = {self._back[name]: column for name, column in columns.items()} if self._renames else columns
        return Taken(told, places, {name: _kept(column, kept) for name, column in self._plan.keep.items()}, faults)

    def _one(self, line: bytes) -> Rows:
        row = self._codec.decode(line)
        if not row.single:
            raise BadRow("bad_type", "a line is one row, an object")
        return row

    @property
    def _renames(self) -> bool:
        return any(here != there for there, here in self._back.items())


def _kept(name: str, rows: list[dict[str, Any]]) -> pa.ChunkedArray:
    """One type a column, words where they differ."""
    values = [row.get(name) for row in rows]
    try:
        return pa.chunked_array([pa.array(values)])
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        told = [
            value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()
            for value in values
        ]
        return pa.chunked_array([pa.array(told, pa.string())])
