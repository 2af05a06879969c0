"""The ledger in a database: one writer, one transaction a batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, select

from daybreak.base.errors import LedgerBusy, LedgerDamaged
from daybreak.ledger import upcast
from daybreak.ledger.database import Place
from daybreak.ledger.exchange import differences, exchange, standing
from daybreak.ledger.faults import told
from daybreak.ledger.intake import Intake
from daybreak.ledger.last import forget_batches
from daybreak.ledger.reader import SqlReader
from daybreak.ledger.records import records, replay
from daybreak.ledger.schema import settle
from daybreak.ledger.statements import Statements, compiled
from daybreak.ledger.tables import READ_TABLES, log, metrics, points
from daybreak.ledger.writer import Writer
from daybreak.lifecycle.events import LOG_VERSION, AnyEvent
from daybreak.ports.ledger import Logged, PointBatch
from daybreak.wire.rows import AnyRow, Row


@dataclass(frozen=True, slots=True)
class _Standing:
    """What has been committed: numbers of the last event and of the last batch of points; the metrics' numbers."""

    seq: int
    batch: int
    metrics: dict[str, int] = field(default_factory=dict)


class SqlLedger:
    """A `ports.Ledger` in SQLite or Postgres. One thread of one process owns it.

    A call that raises `LedgerError` has had no effect, and the next call tries again, with a new connection if need be.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._standing: _Standing | None = None
        self._doubtful = b""  # events whose commit failed: it may have come through all the same
        self._readers: list[SqlReader] = []
        self._writer = Writer(place, self._greet)
        self._say: Statements = compiled(self._writer.connection().dialect)

    def append(self, at: float, events: Sequence[AnyEvent], points: Sequence[PointBatch] = ()) -> int:
        """Commit a batch, power-safe, in one transaction; the number of its last event. Raises `LedgerError`."""
        connection = self._writer.connection()
        known = self._known()
        seq = known.seq + len(events)
        data = upcast.write(list(events))
        intake = Intake(known.batch, known.metrics, points)
        self._doubtful = data
        with self._writer.transaction("write to the ledger"):
            if events:
                connection.exec_driver_sql(self._say.log, (seq, known.seq + 1, at, LOG_VERSION, data))
            intake.write(connection.exec_driver_sql, self._say)
        self._standing = _Standing(seq, intake.stored, intake.metrics)
        return seq

    def replay(self, after: int = 0) -> Iterator[Logged]:
        """Every entry above `after`, upcast to today's events, in order. Raises `LedgerDamaged`, `LedgerTooNew`."""
        with self._reading() as connection:
            yield from replay(connection, after)

    def project(self, rows: Sequence[AnyRow], upto: int) -> None:
        """Insert or replace rows of the read tables, which stand at entry `upto` after that. Raises `LedgerError`."""
        packed: dict[type[Row], list[tuple[object, ...]]] = {}
        for row in rows:
            packed.setdefault(type(row), []).append(tuple(READ_TABLES[type(row)].columns.pack(row)))
        with self._writer.lazy_transaction("write to the ledger") as connection:
            for kind, values in packed.items():
                connection.exec_driver_sql(self._say.rows[kind], values)
            connection.exec_driver_sql(self._say.watermark, (1, upto))

    def reader(self) -> SqlReader:
        """Somebody who reads beside this writer, on a connection of their own that is closed with this ledger."""
        reader = SqlReader(self.place)
        self._readers.append(reader)
        return reader

    def projected(self) -> int:
        """The entry that the read tables stand at."""
        with self._reading() as connection:
            return standing(connection)

    def differing(self, rows: Sequence[AnyRow]) -> int:
        """How many rows of the read tables are missing, too many or different from these."""
        with self._reading() as connection:
            return sum(1 for _ in differences(connection, rows))

    def exchange(self, rows: Sequence[AnyRow], upto: int) -> None:
        """Let the read tables hold exactly these rows, which stand at entry `upto`. Raises `LedgerError`."""
        with self._writer.transaction("write to the ledger") as connection:
            exchange(connection, self._say, rows)
            connection.exec_driver_sql(self._say.watermark, (1, upto))

    def close(self) -> None:
        """Let go of the file or connection, and of all readers. Idempotent."""
        while self._readers:
            self._readers.pop().close()
        self._writer.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        connection = self._writer.connection()
        with told("read the ledger", str(self.place)):
            yield connection
            connection.rollback()

    def _known(self) -> _Standing:
        assert self._standing is not None  # noqa: S101 (the writer greets before it gives out a connection)
        return self._standing

    def _greet(self, connection: Connection) -> None:
        """Learn what a new connection finds; after a failed commit, see that it left nothing behind."""
        settle(connection, str(self.place))
        found = _standing(connection)
        if self._standing is not None and found != self._standing:
            self._forget_doubtful(connection, self._standing, found)
            found = _standing(connection)
        self._standing = found

    def _forget_doubtful(self, connection: Connection, known: _Standing, found: _Standing) -> None:
        if found.seq < known.seq:
            raise LedgerDamaged(
                f"{self.place} has lost acknowledged events ({known.seq} were there, {found.seq} are): restore it"
            )
        if any(record.events != self._doubtful for record in records(connection, known.seq)):
            raise LedgerBusy(
                f"another controller has written to {self.place} since the connection was lost: use that one"
            )
        connection.execute(delete(log).where(log.c.last_seq > known.seq))
        forget_batches(connection, compiled(connection.dialect).last_value, known.batch)
        connection.commit()


def _standing(connection: Connection) -> _Standing:
    last = connection.execute(select(log.c.last_seq, log.c.version).order_by(log.c.last_seq.desc()).limit(1)).first()
    if last is not None and last[1] > LOG_VERSION:
        raise upcast.too_new(f"its log is written in version {last[1]}, this Daybreak reads up to {LOG_VERSION}")
    batch = connection.execute(select(func.max(points.c.batch))).scalar()
    names = {name: number for number, name in connection.execute(select(metrics.c.metric, metrics.c.name))}
    return _Standing(last[0] if last is not None else 0, batch or 0, names)
