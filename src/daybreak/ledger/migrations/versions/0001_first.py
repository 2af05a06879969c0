"""The first schema: log, metric points and read tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make every table."""
    _log_and_points()
    _read_tables()


def _log_and_points() -> None:
    op.create_table(
        "log",
        sa.Column("last_seq", _big, primary_key=True, autoincrement=False),
        sa.Column("first_seq", _big, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("events", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "metrics",
        sa.Column("metric", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "points",
        sa.Column("batch", _big, primary_key=True, autoincrement=False),
        sa.Column("experiment", _big, nullable=False),
        sa.Column("trial", _big, nullable=False),
        sa.Column("epoch", _big, nullable=False),
        sa.Column("series", sa.LargeBinary, nullable=False),
    )
    op.create_index("points_by_trial", "points", ["experiment", "trial"])
    op.create_table(
        "last_values",
        sa.Column("experiment", _big, primary_key=True, autoincrement=False),
        sa.Column("trial", _big, primary_key=True, autoincrement=False),
        sa.Column("metric", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", _big, nullable=False),
        sa.Column("step", _big, nullable=False),
        sa.Column("value", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "watermark",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("upto", _big, nullable=False),
    )
    op.execute("INSERT INTO watermark VALUES (1, 0)")


def _read_tables() -> None:
    op.create_table(
        "experiments",
        sa.Column("experiment", _big, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("priority", _big, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("spec_hash", sa.Text, nullable=False),
        sa.Column("submitted", sa.Double),
        sa.Column("started", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("trials", _big, nullable=False),
        sa.Column("units", _big, nullable=False),
        sa.Column("slot_seconds", sa.Double),
        sa.Column("best_trial", _big),
        sa.Column("best", sa.Text, nullable=False),
        sa.Column("baseline", sa.Double),
        sa.Column("summary", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trials",
        sa.Column("experiment", _big, primary_key=True, autoincrement=False),
        sa.Column("trial", _big, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("point", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("seed", _big, nullable=False),
        sa.Column("units", _big, nullable=False),
        sa.Column("target", _big),
        sa.Column("rung", _big),
        sa.Column("attempts", _big, nullable=False),
        sa.Column("slot_seconds", sa.Double),
        sa.Column("score", sa.Double),
        sa.Column("best", sa.Text, nullable=False),
        sa.Column("last", sa.Text, nullable=False),
        sa.Column("rungs", sa.Text, nullable=False),
        sa.Column("history", sa.Text, nullable=False),
        sa.Column("checkpoint", sa.Text),
        sa.Column("checkpoint_units", _big, nullable=False),
        sa.Column("graced", sa.Boolean, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("created", sa.Double),
        sa.Column("ended", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "attempts",
        sa.Column("experiment", _big, primary_key=True, autoincrement=False),
        sa.Column("trial", _big, primary_key=True, autoincrement=False),
        sa.Column("epoch", _big, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("slots", sa.Text, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("pid", _big, nullable=False),
        sa.Column("from_units", _big, nullable=False),
        sa.Column("to_units", _big, nullable=False),
        sa.Column("granted", sa.Double),
        sa.Column("started", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("slot_seconds", sa.Double),
        sa.Column("user_seconds", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        sa.Column("experiment", _big, primary_key=True, autoincrement=False),
        sa.Column("trial", _big, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.Text, primary_key=True, autoincrement=False),
        sa.Column("units", _big, nullable=False),
        sa.Column("size", _big, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", sa.Double),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notices",
        sa.Column("experiment", _big, primary_key=True, autoincrement=False),
        sa.Column("number", _big, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("trial", _big),
        sqlite_with_rowid=False,
    )
