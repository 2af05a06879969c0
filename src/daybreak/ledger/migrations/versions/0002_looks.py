"""Looks at sealed test data. The log of an older ledger tells of none, so the table begins empty."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_big = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "looks",
        sa.Column("experiment", _big, primary_key=True, autoincrement=False),
        sa.Column("trial", _big, primary_key=True, autoincrement=False),
        sa.Column("epoch", _big, primary_key=True, autoincrement=False),
        sa.Column("number", _big, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double),
        sa.Column("family", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("units", _big, nullable=False),
        sa.Column("metrics", sa.Text, nullable=False),
        sa.Column("scored", sa.Double),
        sqlite_with_rowid=False,
    )
