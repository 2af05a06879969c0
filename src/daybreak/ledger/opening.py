"""The doors of a ledger."""

from pathlib import Path

from daybreak.ledger.database import Place
from daybreak.ledger.reader import SqlReader
from daybreak.ledger.sql import SqlLedger


def open_ledger(url_or_path: str | Path) -> SqlLedger:
    """Open for writing; a new ledger is made where there is none, an older one is brought up to date.

    `url_or_path`: a SQLite file, or `postgresql://...`. Raises `LedgerBusy` (somebody else writes it), `LedgerTooNew`,
    `LedgerDamaged`, and `LedgerError` where it cannot live there (read-only folder, network disk, server not reached).
    """
    return SqlLedger(Place.of(url_or_path))


def open_reader(url_or_path: str | Path) -> SqlReader:
    """Open for reading, beside a writer or without one. Raises `LedgerError` also if there is no ledger."""
    return SqlReader(Place.existing(url_or_path))
