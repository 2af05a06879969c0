"""`daybreak ledger check`: everything a ledger promises, looked at one by one. Changes nothing; may run beside a controller."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from daybreak.base.errors import DaybreakError, LedgerTooNew
from daybreak.ledger import records
from daybreak.ledger.check_points import unsound_points
from daybreak.ledger.database import Place
from daybreak.ledger.exchange import differences, standing
from daybreak.ledger.faults import told
from daybreak.ledger.findings import MOST, Finding, told_of
from daybreak.ledger.fold import Fold, Folded
from daybreak.ledger.schema import require
from daybreak.lifecycle.checkpoints import START
from daybreak.lifecycle.events import CheckpointDamaged, CheckpointSaved, Imported, Submitted
from daybreak.ports.ledger import Logged
from daybreak.wire.rows import AnyRow, CheckpointRow

_RESTORE = "restore the ledger from a backup"
_OURS = "a fault of Daybreak's own, please report it"
_REBUILD = "`daybreak ledger rebuild` makes the read tables again from the log"


def check(url_or_path: str | Path, fold: Fold) -> list[Finding]:
    """What is wrong with a ledger; an empty list if nothing is. `fold` is `daybreak.lifecycle`.

    Looks at the file (SQLite's integrity check), the log (no gaps, decodable, upcastable, and the core can step it), the read
    tables (equal to what the log says), the checkpoints (each was saved, none is kept that was damaged) and the points
    (readable, of trials that exist, last values right). Raises `LedgerError` if there is no ledger or it cannot be opened,
    `LedgerTooNew`, and `LedgerDamaged` if it is no ledger.
    """
    place = Place.existing(url_or_path)
    connection = place.connect_to_snapshot()
    try:
        with told("read the ledger", str(place)):
            require(connection, str(place))
        return list(_Look(connection, str(place), fold).findings())
    finally:
        connection.close()


class _Look:
    """One look at one snapshot."""

    def __init__(self, connection: Connection, where: str, fold: Fold) -> None:
        self._connection = connection
        self._where = where
        self._folded = Folded(fold)
        self._whole = False  # the log could be stepped to its end
        self._saved: dict[tuple[int, int, str], bool] = {}  # (experiment, trial, digest) -> sound when last heard of

    def findings(self) -> Iterator[Finding]:
        for kind, look in [("file", self._file()), ("log", self._log()), ("points", self._points())]:
            yield from told_of(kind, self._where, look)

    def _file(self) -> Iterator[Finding]:
        if self._connection.dialect.name == "sqlite":
            for (line,) in self._connection.exec_driver_sql(f"PRAGMA integrity_check({MOST})"):
                if line != "ok":
                    yield Finding("file", self._where, f"{line}: {_RESTORE}")

    def _log(self) -> Iterator[Finding]:
        """The log, and on the way, where the read tables stand, those."""
        mark, expected = standing(self._connection), 1
        if mark == 0:
            yield from self._tables([])
        for record in records.records(self._connection):
            if record.first != expected:
                yield Finding(
                    "log", f"event {expected}", f"the log has no gaps, but {record.first} follows: {_RESTORE}"
                )
                return
            expected = record.last + 1
            try:
                self._step(records.events(record))
            except LedgerTooNew as error:
                yield Finding("log", f"events {record.first}..{record.last}", str(error))
                return
            except DaybreakError as error:
                yield Finding("log", f"events {record.first}..{record.last}", f"{error}: {_RESTORE}")
                return
            if record.last == mark:
                yield from self._tables(self._folded.rows())
        self._whole = True
        if mark >= expected:
            yield Finding(
                "tables", f"event {mark}", f"the read tables stand behind the log's end, {expected - 1}: {_RESTORE}"
            )

    def _step(self, entries: list[Logged]) -> None:
        for entry in entries:
            self._folded.step(entry)
            match entry.event:
                case CheckpointSaved(attempt=attempt, digest=digest):
                    self._saved[attempt.experiment, attempt.trial, digest] = True
                case Submitted(experiment=experiment, spec={"start": {"checkpoint": digest}}):
                    self._saved[experiment, START, digest] = True
                case Imported(checkpoints=checkpoints):
                    self._saved |= {(row.experiment, row.trial, row.digest): True for row in checkpoints}
                case CheckpointDamaged(experiment=experiment, trial=trial, digest=digest):
                    self._saved[experiment, trial, digest] = False
                case _:  # CheckpointDeleted says nothing here: the same bytes may have been saved again before it came
                    pass

    def _tables(self, rows: list[AnyRow]) -> Iterator[Finding]:
        for found in differences(self._connection, rows):
            yield Finding("tables", f"{found.table} {found.key}", f"{found.what}: {_REBUILD}")
        for row in rows:
            if isinstance(row, CheckpointRow):
                yield from self._checkpoint(row)

    def _checkpoint(self, row: CheckpointRow) -> Iterator[Finding]:
        kept = self._saved.get((row.experiment, row.trial, row.digest))
        where = f"{row.experiment}.{row.trial} {row.digest[:12]}"
        if kept is None:
            yield Finding(
                "checkpoints",
                where,
                f"no event says that it was saved: {_OURS}",
            )
        elif row.state == "saved" and not kept:
            yield Finding(
                "checkpoints",
                where,
                f"stands as saved, but its last event says it is damaged: {_OURS}",
            )

    def _points(self) -> Iterator[Finding]:
        yield from unsound_points(self._connection, self._folded.trials() if self._whole else None)
