"""Bring an older ledger's schema up to today's, by alembic, in one transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, scripts: Path = SCRIPTS, to: str = "head") -> None:
    """Run the missing revisions and commit; all of them or none. Raises what SQLAlchemy raises."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    connection.rollback()
    if connection.dialect.name == "sqlite":  # the driver opens no transaction for DDL by itself
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    command.upgrade(config, to)
    connection.commit()
