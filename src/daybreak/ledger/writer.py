"""The writer's connection: the lock that makes it the only one, transactions, and a new connection when one is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from daybreak.base.errors import LedgerBusy, LedgerError
from daybreak.ledger.database import Place
from daybreak.ledger.disk import WriterLock, prepare
from daybreak.ledger.faults import explained, told

_ADVISORY_LOCK = "SELECT pg_try_advisory_lock(hashtext('daybreak ledger'), hashtext(coalesce(current_schema(), '')))"
_LAZY = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET LOCAL synchronous_commit TO off"}


class Writer:
    """Holds a ledger for writing. `greet` is called with every new connection, before its first transaction.

    Raises `LedgerBusy` when somebody else holds it, `LedgerError` when it cannot be opened.
    """

    def __init__(self, place: Place, greet: Callable[[Connection], None]) -> None:
        self.place = place
        self._greet = greet
        self._connection: Connection | None = None
        self._lock: WriterLock | None = None
        self._closed = False
        if place.path is not None:
            prepare(place.path.parent)
            self._lock = WriterLock(place.path.with_name(place.path.name + "-writer"))
        try:
            self.connection()
        except BaseException:
            self.close()
            raise

    def connection(self) -> Connection:
        """The connection, made anew if it was lost. Raises `LedgerError`."""
        if self._connection is not None and self._connection.invalidated:
            self._drop(self._connection)  # SQLAlchemy would connect again by itself, but without the lock
        if self._connection is None:
            if self._closed:
                raise LedgerError(f"the ledger {self.place} has been closed")
            connection = self.place.connect_to_write()
            try:
                with told("open the ledger", str(self.place)):
                    self._claim(connection)
                    self._greet(connection)
                    connection.rollback()
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    @contextmanager
    def transaction(self, doing: str) -> Iterator[Connection]:
        """Everything inside is committed, power-safe, or has no effect. Raises `LedgerError`."""
        connection = self.connection()
        try:
            yield connection
            connection.commit()
        except SQLAlchemyError as error:
            self._abandon(connection)
            raise explained(error, doing, str(self.place)) from error
        except BaseException:
            self._abandon(connection)
            raise

    @contextmanager
    def lazy_transaction(self, doing: str) -> Iterator[Connection]:
        """As `transaction`, but a power failure may undo it: it can be made again from the log, so it need not wait for the disk."""
        connection = self.connection()
        on_sqlite = self.place.path is not None
        try:
            with self.transaction(doing):
                connection.exec_driver_sql(_LAZY[connection.dialect.name])
                yield connection
        finally:
            if on_sqlite and connection is self._connection:  # else it was lost, and the next one begins with FULL
                connection.exec_driver_sql("PRAGMA synchronous=FULL")
                connection.rollback()

    def close(self) -> None:
        """Let go. Idempotent."""
        self._closed = True
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _claim(self, connection: Connection) -> None:
        if self.place.path is None and not connection.exec_driver_sql(_ADVISORY_LOCK).scalar_one():
            raise LedgerBusy(
                f"one process writes a ledger at a time, and another one holds {self.place}: use that controller, or end it first"
            )

    def _abandon(self, connection: Connection) -> None:
        """Undo what was begun; where not even that can be done, the next call starts with a new connection."""
        try:
            connection.rollback()
        except SQLAlchemyError:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        self._connection = None
        with suppress(SQLAlchemyError):
            connection.invalidate()
            connection.close()
