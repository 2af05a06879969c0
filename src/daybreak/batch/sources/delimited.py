"""CSV: cells are read as they are written, by Arrow, and become numbers by the signature; a cell that is none rejects its row alone."""

from collections.abc import Iterator
from csv import reader as cells_of
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from daybreak.base.errors import BadRow, UsageError
from daybreak.batch.places import Input, streamed
from daybreak.batch.plan import Plan, check_kept, wanted
from daybreak.batch.sources import Piece, Taken, Wanted, arrow, tables
from daybreak.batch.sources.arrow import Faults
from daybreak.batch.sources.assembling import assembled
from daybreak.signature.checking import shown
from daybreak.signature.columns import LOOSE, dtype_of, objects
from daybreak.signature.fields import Field, Signature

BLOCK = 4 * 2**20
MISSING = pa.array(["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"])
TRUTH = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0, "yes": 1.0, "no": 0.0}
MISSING_WORDS = frozenset(MISSING.to_pylist())
HEADER = 2  # the number that Arrow gives the first record after the header


class Delimited:
    """One file with a header; .tsv by tabs, others by commas, or by semicolons where the header has these alone."""

    def __init__(self, index: int, given: Input, plan: Plan, signature: Signature) -> None:
        self._index, self._given, self._plan, self._signature = index, given, plan, signature
        with streamed(given.path) as (file, _):
            first = _header(file.read(1 << 20).partition(b"\n")[0], given.path)
        tabs = given.path.lower().split(".csv")[0].endswith((".tsv", ".tsv.gz"))
        self._delimiter = "\t" if tabs else ";" if ";" in first and "," not in first else ","
        if not first:
            raise UsageError(f"a CSV file begins with a header, {given.path} is empty")
        self._names: list[str] = next(cells_of([first], delimiter=self._delimiter))
        self._columns = wanted(signature, plan.columns, self._names, given.path)

    def check(self) -> None:
        """Kept columns; cells are looked at one by one. Raises `UsageError`."""
        check_kept(self._plan.keep, self._names, self._given.path)

    def count(self) -> None:
        """Not known before all is read."""

    def pieces(self, wanted: Wanted) -> Iterator[Piece]:
        """All is parsed, what is not wanted is dropped. A row with another number of cells belongs to the piece of those around it."""
        size, last = self._plan.part_rows, -1
        odd: list[tuple[int, str]] = []  # records that are no rows: place among all, why
        with streamed(self._given.path) as (file, reached):
            for number, table in assembled(self._batches(file, odd), size, lambda _: True):
                last = number
                if wanted(number):
                    yield Piece(self._index, number, (table, _Odd(odd)), reached())
        after = _Odd(odd)
        for number in sorted({number for number in (after.before // size).tolist() if number > last}):
            if wanted(number):
                yield Piece(self._index, number, (self._empty(), after), 1.0)

    def _needed(self) -> list[str]:
        return list(
            dict.fromkeys([*(name for names in self._columns.values() for name in names), *self._plan.keep.values()])
        )

    def _empty(self) -> pa.Table:
        return pa.schema([(name, pa.string()) for name in self._needed()]).empty_table()

    def _batches(self, file: Any, odd: list[tuple[int, str]]) -> Iterator[tuple[int, pa.RecordBatch]]:
        def skip(row: Any) -> str:
            why = f"{row.actual_columns} cells where the header has {row.expected_columns}: {shown(row.text)}"
            odd.append((row.number - HEADER, why))
            return "skip"

        needed = self._needed()
        start = 0
        try:
            reader = csv.open_csv(
                pa.PythonFile(file, "r"),
                csv.ReadOptions(block_size=BLOCK, use_threads=False),
                csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=skip),
                csv.ConvertOptions(
                    column_types=dict.fromkeys(needed, pa.string()), include_columns=needed, strings_can_be_null=False
                ),
            )
            for batch in reader:
                yield start, batch
                start += len(batch)
        except pa.ArrowInvalid as error:
            if "UTF8" in str(error):
                raise _not_utf8(self._given.path, f"after row {start}") from error
            raise UsageError(f"{self._given.path} is no CSV that can be read, after row {start}: {error}") from error

    def taken(self, piece: Piece) -> Taken:
        """Columns by their fields, rows by their places among all records."""
        table, odd = piece.held
        size = self._plan.part_rows
        start = piece.number * size
        held = tables.taken(self._signature, table, self._columns, self._plan.keep, start, cells)
        if not len(odd.before):
            return held
        rows = odd.moved(np.asarray(held.rows, np.int64)).tolist()
        places = odd.moved(np.array(sorted(held.faults), np.int64)).tolist()
        faults = {
            place: tables.moved(held.faults[row], place) for row, place in zip(sorted(held.faults), places, strict=True)
        }
        for place, before, why in zip(odd.places.tolist(), odd.before.tolist(), odd.why, strict=True):
            if before // size == piece.number:
                faults[place] = BadRow("bad_row", why, place)
        return Taken(held.columns, rows, held.kept, faults)


def _header(line: bytes, path: str) -> str:
    try:
        return line.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _not_utf8(path, f"byte {error.start} of its header is {line[error.start]:#04x}") from error


def _not_utf8(path: str, where: str) -> UsageError:
    return UsageError(
        f"a CSV file is text in UTF-8, {path} is not ({where}): iconv -f LATIN1 -t UTF-8 converts one of Latin-1"
    )


class _Odd:
    """Records that are no rows: `places` among all records, `before`: how many rows stand before each."""

    def __init__(self, odd: list[tuple[int, str]]) -> None:
        self.places = np.array([place for place, _ in odd], np.int64)
        self.before = self.places - np.arange(len(odd))
        self.why = [why for _, why in odd]

    def moved(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places among all records of rows that were counted without the odd ones."""
        return np.asarray(rows + np.searchsorted(self.before, rows, "right"))


def cells(field: Field, table: pa.Table, columns: list[str], faults: Faults) -> NDArray[Any]:
    """Text cells as a field's values; a cell that is none puts its row into `faults`."""
    if len(columns) > 1:
        return np.stack([_numbers(field, table.column(name), faults) for name in columns], axis=1)
    held = table.column(columns[0])
    if field.kind == "text":
        return objects(held.to_pylist())
    if field.kind == "category":
        return objects([_category(field, cell) for cell in held.to_pylist()])
    if field.kind in LOOSE:
        return arrow.column(field, table, columns, faults)
    if field.kind == "tensor" and field.shape:
        return arrow.column(field, pa.table({columns[0]: _lists(field, held.to_pylist(), faults)}), columns, faults)
    return _numbers(field, held, faults)


def _category(field: Field, cell: str) -> str | None:
    return None if not cell and (field.nullable or field.optional) and cell not in field.classes else cell


def _numbers(field: Field, held: pa.ChunkedArray, faults: Faults) -> NDArray[Any]:
    if dtype_of(field).kind != "b" and field.kind != "boolean":
        present = pc.if_else(pc.is_in(held, MISSING), pa.scalar(None, pa.string()), held)
        try:
            return np.asarray(pc.cast(present, pa.float64() if dtype_of(field).kind == "f" else pa.int64()).to_numpy())
        except pa.ArrowInvalid:
            pass  # one by one
    values = [_number(field, cell, row, faults) for row, cell in enumerate(held.to_pylist())]
    if dtype_of(field).kind == "b":
        return np.array([value == 1.0 for value in values], bool)
    return np.array(values, np.float64)


def _number(field: Field, cell: str, row: int, faults: Faults) -> float:
    """NaN for a missing one. What no number is, is a fault."""
    text = cell.strip()
    if field.kind == "boolean":
        if text.lower() in TRUTH:
            return TRUTH[text.lower()]
        kind = "true or false"
    else:
        try:
            if text in MISSING_WORDS:
                return float("nan")
            return float(text)
        except ValueError:
            kind = "a number"
    missing = text in MISSING_WORDS
    if not missing or not (field.nullable or field.optional):
        faults.setdefault(row, BadRow("bad_type", f"{field.name!r} is {kind}, got {shown(cell)}", row, field.name))
    return float("nan")


def _lists(field: Field, held: list[str], faults: Faults) -> list[Any]:
    """Cells that hold lists as JSON."""
    told: list[Any] = []
    for row, cell in enumerate(held):
        try:
            told.append(msgspec.json.decode(cell, type=list[Any]) if cell.strip() else None)
        except msgspec.MsgspecError as error:
            faults[row] = BadRow("bad_type", f"{field.name!r} is a list, as JSON: {error}", row, field.name)
            told.append(None)
    return told
