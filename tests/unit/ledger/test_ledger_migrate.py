"""The schema made at once, by revisions, and brought up from an older one."""

import shutil

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from daybreak.ledger import migrate, schema
from daybreak.ledger.database import Place
from daybreak.ledger.opening import open_ledger
from daybreak.ledger.tables import metadata
from daybreak.testing.ledger_contract import tick

LATER = '''"""A revision that does not exist yet."""
import sqlalchemy as sa
from alembic import op
revision = "9999"
down_revision = "{down}"
def upgrade():
    op.add_column("log", sa.Column("note", sa.Text))
    {then}
'''


def shape(connection):
    """The schema as SQLite tells it: columns with type, NULL, key; indexes; tables without row ids."""
    tables = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        table: (
            connection.exec_driver_sql(f"PRAGMA table_info({table})").all(),
            sorted(tuple(row[1:]) for row in connection.exec_driver_sql(f"PRAGMA index_list({table})")),
            [row[5] for row in connection.exec_driver_sql("PRAGMA table_list") if row[1] == table],
        )
        for table in tables
    }


@pytest.fixture
def by_revisions(tmp_path):
    connection = Place.of(tmp_path / "by_revisions.db").connect_to_write()
    migrate.upgrade(connection)
    yield connection
    connection.close()


def test_revisions_make_what_the_tables_say(by_revisions):
    context = MigrationContext.configure(
        by_revisions, opts={"version_table": schema.VERSION_TABLE, "compare_type": True}
    )
    assert compare_metadata(context, metadata) == []


def test_a_ledger_made_at_once_is_the_same(tmp_path, by_revisions):
    ledger = open_ledger(tmp_path / "at_once.db")
    assert shape(ledger._writer.connection()) == shape(by_revisions)
    assert schema.revision(by_revisions, "") == schema.REVISIONS[-1]
    ledger.close()


def test_the_list_of_revisions_is_complete():
    scripts = ScriptDirectory(str(migrate.SCRIPTS))
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == schema.REVISIONS


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """Tomorrow's Daybreak, which knows one revision more; calling it writes that revision."""

    def write(then):
        scripts = tmp_path / "migrations"
        shutil.copytree(migrate.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        (scripts / "versions" / "9999_later.py").write_text(LATER.format(then=then, down=schema.REVISIONS[-1]))
        monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "9999"))
        monkeypatch.setattr(migrate.upgrade, "__defaults__", (scripts, "head"))

    return write


def test_an_older_ledger_is_brought_up_when_it_is_opened(tmp_path, next_version):
    ledger = open_ledger(tmp_path / "ledger.db")
    ledger.append(1.0, [tick(1)])
    ledger.close()
    next_version("")
    ledger = open_ledger(tmp_path / "ledger.db")
    assert [entry.event for entry in ledger.replay()] == [tick(1)]
    columns = [row[1] for row in ledger._writer.connection().exec_driver_sql("PRAGMA table_info(log)")]
    assert columns[-1] == "note"
    ledger.close()


def test_a_ledger_without_looks_is_given_an_empty_table_of_them(tmp_path):
    place = Place.of(tmp_path / "ledger.db")
    connection = place.connect_to_write()
    migrate.upgrade(connection, to="0001")
    connection.close()
    ledger = open_ledger(tmp_path / "ledger.db")
    assert ledger.reader().looks("digits") == []
    ledger.close()


def test_a_revision_that_fails_changes_nothing(tmp_path, next_version, monkeypatch):
    open_ledger(tmp_path / "ledger.db").close()
    next_version("raise RuntimeError('half-way')")
    with pytest.raises(RuntimeError):
        open_ledger(tmp_path / "ledger.db")
    monkeypatch.undo()
    ledger = open_ledger(tmp_path / "ledger.db")
    columns = [row[1] for row in ledger._writer.connection().exec_driver_sql("PRAGMA table_info(log)")]
    assert "note" not in columns
    ledger.close()
