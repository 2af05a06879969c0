"""Read tables compared with what they should hold, and exchanged for it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from daybreak.ledger.statements import Statements
from daybreak.ledger.tables import READ_TABLES, ReadTable, watermark
from daybreak.wire.rows import AnyRow, Row

_Packed = dict[tuple[object, ...], tuple[object, ...]]  # a row's key -> its columns, as stored


class Difference(NamedTuple):
    """A row that is not what it should be."""

    table: str
    key: str
    what: str


def standing(connection: Connection) -> int:
    """The event that the read tables stand at."""
    return connection.execute(select(func.max(watermark.c.upto))).scalar() or 0


def differences(connection: Connection, rows: Iterable[AnyRow]) -> Iterator[Difference]:
    """Where the read tables differ from holding exactly these rows."""
    expected = _packed(rows)
    for kind, read in READ_TABLES.items():
        yield from _in_table(read, expected[kind], _stored(connection, read))


def exchange(connection: Connection, say: Statements, rows: Iterable[AnyRow]) -> None:
    """Let the read tables hold exactly these rows; the caller's transaction makes it one change."""
    for kind, packed in _packed(rows).items():
        connection.execute(delete(READ_TABLES[kind].table))
        if packed:
            connection.exec_driver_sql(say.rows[kind], list(packed.values()))


def _packed(rows: Iterable[AnyRow]) -> dict[type[Row], _Packed]:
    packed: dict[type[Row], _Packed] = {kind: {} for kind in READ_TABLES}
    for row in rows:
        read = READ_TABLES[type(row)]
        packed[type(row)][tuple(getattr(row, name) for name in read.key)] = tuple(read.columns.pack(row))
    return packed


def _stored(connection: Connection, read: ReadTable) -> _Packed:
    places = [read.columns.names.index(name) for name in read.key]
    return {tuple(row[place] for place in places): tuple(row) for row in connection.execute(select(read.table))}


def _in_table(read: ReadTable, expected: _Packed, stored: _Packed) -> Iterator[Difference]:
    for key in sorted(expected.keys() | stored.keys(), key=repr):
        name = ".".join(map(str, key))
        if key not in stored:
            yield Difference(read.table.name, name, "is missing")
        elif key not in expected:
            yield Difference(read.table.name, name, "should not be there")
        elif expected[key] != stored[key]:
            columns = [
                f"{column} is {had!r}, the log says {should!r}"
                for column, had, should in zip(read.columns.names, stored[key], expected[key], strict=True)
                if had != should
            ]
            yield Difference(read.table.name, name, "; ".join(columns))
