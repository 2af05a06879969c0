"""What went wrong in the database, in words, with what to do about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from daybreak.base.errors import LedgerBusy, LedgerDamaged, LedgerError

_PRIMARY = 0xFF  # SQLite's extended error codes keep the plain one in the lowest byte
_SQLITE: dict[int, tuple[type[LedgerError], str]] = {
    sqlite3.SQLITE_FULL: (LedgerError, "no space is left on the disk: free some, then run `daybreak resume`"),
    sqlite3.SQLITE_IOERR: (
        LedgerError,
        "the disk refused to read or write (full, or failing): free space or check the disk, then run `daybreak resume`",
    ),
    sqlite3.SQLITE_READONLY: (
        LedgerError,
        "the file or its folder is read-only: make it writable, or use another home",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        LedgerError,
        "the file cannot be opened: check that its folder is there and writable, or use another home",
    ),
    sqlite3.SQLITE_BUSY: (
        LedgerBusy,
        "another process holds the file: close what reads or writes it (a database browser, a backup), then try again",
    ),
    sqlite3.SQLITE_LOCKED: (LedgerBusy, "another connection holds a table: close it, then try again"),
    sqlite3.SQLITE_CORRUPT: (
        LedgerDamaged,
        "the file is damaged: copy it, run `daybreak ledger check`, and restore it from a backup",
    ),
    sqlite3.SQLITE_NOTADB: (LedgerDamaged, "the file is no SQLite database: move it away, or use another home"),
}
_POSTGRES: dict[str, tuple[type[LedgerError], str]] = {
    "53100": (LedgerError, "the server's disk is full: free space there, then run `daybreak resume`"),
    "25006": (LedgerError, "the server takes no writes (read-only, or a standby): use its primary"),
    "42501": (LedgerError, "this user may not write there: grant it rights on the schema, or use another database"),
    "3F000": (LedgerError, "the search_path names no schema that is there: CREATE SCHEMA it, or correct the URL"),
    "42P07": (LedgerError, "tables of that name are there already: give Daybreak a database or schema of its own"),
    "XX001": (LedgerDamaged, "the database is damaged: restore it from a backup"),
    "XX002": (LedgerDamaged, "an index is damaged: REINDEX it, then run `daybreak ledger check`"),
}
_UNREACHABLE = (
    "the database server cannot be reached: see that it runs and that the URL is right, then run `daybreak resume`"
)


@contextmanager
def told(doing: str, where: str) -> Iterator[None]:
    """Turn what SQLAlchemy or a driver raises inside into a `LedgerError` that says what to do."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise explained(error, doing, where) from error


def explained(error: Exception, doing: str, where: str) -> LedgerError:
    """The `LedgerError` for a database's error. `doing` reads on after "could not"."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    kind, advice = _advice(cause, lost=isinstance(error, DBAPIError) and error.connection_invalidated)
    first = str(cause).strip().partition("\n")[0]
    return kind(f"could not {doing} {where} ({first}): {advice}")


def _advice(cause: BaseException, *, lost: bool) -> tuple[type[LedgerError], str]:
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", None)
        if code is not None and code & _PRIMARY in _SQLITE:
            return _SQLITE[code & _PRIMARY]
        if isinstance(cause, sqlite3.DatabaseError) and "no such" in str(cause):
            return LedgerDamaged, "a table is missing: restore the file from a backup, or use another home"
        return LedgerError, "run `daybreak ledger check`"
    state = getattr(cause, "sqlstate", None)
    if state in _POSTGRES:
        return _POSTGRES[state]
    if lost or state is None or state[:2] in {"08", "57"}:
        return LedgerError, _UNREACHABLE
    return LedgerError, "run `daybreak ledger check`"
