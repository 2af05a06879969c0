"""The schema. Three parts that never mix: the log, the read tables made from it, and the metric points.

log             one row per committed batch: events `first_seq`..`last_seq` as one msgpack array, in the language of `version`
experiments .. looks   the records of `wire.rows`, a column per field; `watermark` says up to which event they stand
points          one row per batch of points: `series` is a msgpack map metric id -> (steps, values); never changed
last_values     the value at the highest step of every (trial, metric), so that lists need not read histories
metrics         metric names by number

A batch of events is one row because a commit is then one INSERT; what a batch of points replaces is settled when it is read
(`points.merge`) for the same reason.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeEngine

from daybreak.ledger.columns import Columns, Kind
from daybreak.wire.rows import AttemptRow, CheckpointRow, ExperimentRow, LookRow, NoticeRow, Row, TrialRow

metadata = MetaData()

_big = BigInteger().with_variant(Integer, "sqlite")
_TYPES: dict[Kind, TypeEngine[Any]] = {
    "integer": _big,
    "real": Double(),
    "boolean": Boolean(),
    "text": Text(),
    "json": Text(),
}

log = Table(
    "log",
    metadata,
    Column("last_seq", _big, primary_key=True, autoincrement=False),
    Column("first_seq", _big, nullable=False),
    Column("at", Double, nullable=False),
    Column("version", Integer, nullable=False),
    Column("events", LargeBinary, nullable=False),
)

metrics = Table(
    "metrics",
    metadata,
    Column("metric", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
)

points = Table(
    "points",
    metadata,
    Column("batch", _big, primary_key=True, autoincrement=False),
    Column("experiment", _big, nullable=False),
    Column("trial", _big, nullable=False),
    Column("epoch", _big, nullable=False),
    Column("series", LargeBinary, nullable=False),
    Index("points_by_trial", "experiment", "trial"),
)

last_values = Table(
    "last_values",
    metadata,
    Column("experiment", _big, primary_key=True, autoincrement=False),
    Column("trial", _big, primary_key=True, autoincrement=False),
    Column("metric", Integer, primary_key=True, autoincrement=False),
    Column("epoch", _big, nullable=False),
    Column("step", _big, nullable=False),
    Column("value", Double),  # NULL: not a number
    sqlite_with_rowid=False,
)

watermark = Table(
    "watermark",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("upto", _big, nullable=False),
)


class ReadTable:
    """A read table and the rows it holds."""

    def __init__(self, name: str, row: type[Row], key: tuple[str, ...]) -> None:
        self.columns = Columns(row)
        self.key = key
        self.table = Table(
            name,
            metadata,
            *(
                Column(field, _TYPES[kind], primary_key=field in key, autoincrement=False, nullable=null)
                for field, (kind, null) in zip(self.columns.names, self.columns.kinds, strict=True)
            ),
            sqlite_with_rowid=False,
        )


READ_TABLES: dict[type[Row], ReadTable] = {
    ExperimentRow: ReadTable("experiments", ExperimentRow, ("experiment",)),
    TrialRow: ReadTable("trials", TrialRow, ("experiment", "trial")),
    AttemptRow: ReadTable("attempts", AttemptRow, ("experiment", "trial", "epoch")),
    CheckpointRow: ReadTable("checkpoints", CheckpointRow, ("experiment", "trial", "digest")),
    NoticeRow: ReadTable("notices", NoticeRow, ("experiment", "number")),
    LookRow: ReadTable("looks", LookRow, ("experiment", "trial", "epoch", "number")),
}
