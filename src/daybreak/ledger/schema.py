"""The schema's version: made when there is none, brought up when old, refused when newer or somebody else's.

A fresh ledger is made from `tables.metadata` and stamped, an up-to-date one costs two SELECTs; alembic is imported only to
bring up an old one, because it costs as much time as everything else here together.
"""

from sqlalchemy import Connection

from daybreak.base.errors import LedgerDamaged, LedgerError
from daybreak.ledger.database import no_ledger
from daybreak.ledger.tables import metadata
from daybreak.ledger.upcast import too_new

VERSION_TABLE = (
    "daybreak_alembic_version"  # of our own: alembic's default name is taken where Optuna or MLflow share a database
)
REVISIONS = ("0001", "0002")  # oldest first; the files in `migrations/versions`

_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


def settle(connection: Connection, where: str) -> None:
    """Leave the schema at the newest revision. Raises `LedgerTooNew`, `LedgerDamaged`, `LedgerError`."""
    found = revision(connection, where)
    if found is None:
        _create(connection)
    elif found != REVISIONS[-1]:
        from daybreak.ledger.migrate import upgrade  # noqa: PLC0415 (alembic, only when it is needed)

        upgrade(connection)


def require(connection: Connection, where: str) -> None:
    """See that the schema is today's, changing nothing. Raises as `settle` does, and `LedgerError` if it is old or not there."""
    found = revision(connection, where)
    if found is None:
        raise no_ledger(where)
    if found != REVISIONS[-1]:
        raise LedgerError(
            f"the ledger {where} is of an older Daybreak (revision {found}): `daybreak ls` brings it up to date"
        )


def revision(connection: Connection, where: str) -> str | None:
    """The known revision the schema is at, None if there is no ledger. Raises `LedgerTooNew`, `LedgerDamaged`, `LedgerError`."""
    tables = {row[0] for row in connection.exec_driver_sql(_TABLES[connection.dialect.name])}
    if VERSION_TABLE not in tables:
        if taken := sorted(tables if connection.dialect.name == "sqlite" else tables & set(metadata.tables)):
            names = ", ".join(taken[:3])
            raise LedgerError(
                f"{where} holds tables of something else ({names}): give Daybreak a file, database or schema of its own"
            )
        return None
    stamps = [row[0] for row in connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")]  # noqa: S608 (a constant)
    if len(stamps) != 1:
        raise LedgerDamaged(f"a ledger has one schema revision, {where} has {stamps}: restore it from a backup")
    if stamps[0] not in REVISIONS:
        raise too_new(f"its schema is {stamps[0]!r}, this Daybreak knows up to {REVISIONS[-1]!r}")
    return str(stamps[0])


def _create(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":  # the driver opens no transaction for CREATE by itself
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    metadata.create_all(connection, checkfirst=False)
    connection.exec_driver_sql(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.exec_driver_sql(f"INSERT INTO {VERSION_TABLE} VALUES ('{REVISIONS[-1]}')")  # noqa: S608 (constants)
    connection.exec_driver_sql("INSERT INTO watermark VALUES (1, 0)")
    connection.commit()
