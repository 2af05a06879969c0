"""Reading the log: records (one per committed batch) and the events in them."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from daybreak.base.errors import LedgerDamaged
from daybreak.ledger import upcast
from daybreak.ledger.tables import log
from daybreak.ports.ledger import Logged

_AT_A_TIME = 200  # records; fetched whole, so that no cursor stays open while the caller does something else


class Record(NamedTuple):
    """One committed batch: events `first`..`last`, all of the same time, in the language of `version`."""

    last: int
    first: int
    at: float
    version: int
    events: bytes


def records(connection: Connection, after: int = 0) -> Iterator[Record]:
    """The records that hold events above `after`, in order."""
    page = select(log.c.last_seq, log.c.first_seq, log.c.at, log.c.version, log.c.events).order_by(log.c.last_seq)
    while True:
        rows = connection.execute(page.where(log.c.last_seq > after).limit(_AT_A_TIME)).all()
        for row in rows:
            yield Record(*row)
        if len(rows) < _AT_A_TIME:
            return
        after = rows[-1][0]


def events(record: Record) -> list[Logged]:
    """The entries of a record, upcast. Raises `LedgerDamaged`, `LedgerTooNew`."""
    found = upcast.read(record.events, record.version)
    if len(found) != record.last - record.first + 1:
        raise LedgerDamaged(
            f"a record of the log holds an event for each number, but {record.first}..{record.last} holds {len(found)}: "
            "run `daybreak ledger check`"
        )
    return [Logged(seq, record.at, event) for seq, event in enumerate(found, record.first)]


def replay(connection: Connection, after: int = 0) -> Iterator[Logged]:
    """Every entry above `after`, in order, without a gap. Raises `LedgerDamaged`, `LedgerTooNew`."""
    expected = None if after else 1
    for record in records(connection, after):
        if expected is not None and record.first != expected:
            raise LedgerDamaged(
                f"the log's numbers have no gaps, but {expected} is followed by {record.first}: run `daybreak ledger check`, "
                "and restore the ledger from a backup"
            )
        expected = record.last + 1
        for entry in events(record):
            if entry.seq > after:
                yield entry
