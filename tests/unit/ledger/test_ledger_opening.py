"""Opening: a new ledger, an old one, a newer one, and what is no ledger at all."""

import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from daybreak.base.errors import LedgerBusy, LedgerDamaged, LedgerError, LedgerTooNew
from daybreak.ledger.database import Place
from daybreak.ledger.opening import open_ledger, open_reader
from daybreak.ledger.schema import REVISIONS
from daybreak.testing.ledger_contract import tick

NOBODY = 65534


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "ledger.db"


def statement(path, sql):
    connection = sqlite3.connect(path)
    with connection:
        rows = connection.execute(sql).fetchall()
    connection.close()
    return rows


def test_a_new_ledger_is_power_safe_and_stamped(path):
    ledger = open_ledger(path)
    connection = ledger._writer.connection()
    assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    ledger.project([], 0)
    assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    ledger.close()
    assert statement(path, "SELECT version_num FROM daybreak_alembic_version") == [(REVISIONS[-1],)]


def test_opening_imports_no_alembic_and_no_driver_of_postgres(path):
    program = f"""
import sys
from daybreak.ledger.opening import open_ledger
for _ in range(2):
    open_ledger({str(path)!r}).close()
print([name for name in ("alembic", "psycopg", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm") if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_path_may_be_a_url(path):
    open_ledger(path).close()
    ledger = open_ledger(f"sqlite:///{path}")
    assert ledger.place == Place.of(str(path))
    ledger.close()


@pytest.mark.parametrize("url", ["mysql://host/db", "sqlite://", "http://host", "://"])
def test_what_is_no_place_for_a_ledger_is_said(url):
    with pytest.raises(LedgerError, match=r"a ledger is a path, sqlite:///PATH or postgresql://"):
        open_ledger(url)


def test_a_password_is_not_told(path):
    with pytest.raises(LedgerError) as caught:
        open_ledger("mysql://ada:secret@host/db")
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_damaged(path):
    path.parent.mkdir()
    path.write_bytes(b"this is not a database, whatever it is called" * 100)
    with pytest.raises(LedgerDamaged, match="no SQLite database: move it away"):
        open_ledger(path)
    with pytest.raises(LedgerDamaged, match="no SQLite database: move it away"):
        open_reader(path)


def test_a_file_cut_short_is_damaged(path):
    ledger = open_ledger(path)
    ledger.append(1.0, [tick(n) for n in range(1000)])
    ledger.close()
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(LedgerDamaged, match="restore it from a backup"):
        open_ledger(path)


def test_somebody_elses_database_is_left_alone(path):
    path.parent.mkdir()
    statement(path, "CREATE TABLE studies (study_id INTEGER)")
    with pytest.raises(LedgerError, match=r"tables of something else \(studies\)"):
        open_ledger(path)
    assert statement(path, "SELECT name FROM sqlite_master") == [("studies",)]


def test_a_newer_schema_asks_for_a_newer_daybreak(path):
    open_ledger(path).close()
    statement(path, "UPDATE daybreak_alembic_version SET version_num = '0999'")
    for door in (open_ledger, open_reader):
        with pytest.raises(LedgerTooNew, match=r"'0999'.*pip install -U daybreak"):
            door(path)


def test_a_newer_log_asks_for_a_newer_daybreak(path):
    ledger = open_ledger(path)
    ledger.append(1.0, [tick(1)])
    ledger.close()
    statement(path, "UPDATE log SET version = 99")
    with pytest.raises(LedgerTooNew, match=r"version 99.*pip install -U daybreak"):
        open_ledger(path)


def test_a_missing_table_is_damage(path):
    open_ledger(path).close()
    statement(path, "DROP TABLE points")
    with pytest.raises(LedgerDamaged, match="a table is missing"):
        open_ledger(path)


def test_a_reader_needs_a_ledger(path):
    with pytest.raises(LedgerError, match=r"no ledger in .* yet: `daybreak run` makes one"):
        open_reader(path)
    assert not path.exists()


def test_a_reader_cannot_write(path):
    ledger = open_ledger(path)
    connection = ledger.reader()._connection
    with pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM log")
    ledger.close()


def test_a_file_locked_by_another_program_is_busy(path, monkeypatch):
    monkeypatch.setattr("daybreak.ledger.database.BUSY_SECONDS", 0.05)
    ledger = open_ledger(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerBusy, match="another process holds the file"):
        ledger.append(1.0, [tick(1)])
    other.execute("ROLLBACK")
    other.close()
    assert ledger.append(1.0, [tick(1)]) == 1
    ledger.close()


def test_a_failed_opening_holds_nothing(path):
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    with pytest.raises(LedgerDamaged):
        open_ledger(path)
    path.unlink()
    open_ledger(path).close()


AS_NOBODY = f"""
import os, sys
from daybreak.base.errors import LedgerError
from daybreak.ledger.opening import open_ledger
if os.getuid() == 0:  # for whom no folder is read-only
    os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY})
try:
    open_ledger(sys.argv[1])
except LedgerError as error:
    print(error)
"""


@pytest.mark.parametrize("made", [False, True])
def test_a_read_only_folder_is_said_so(made):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder) / "ledger.db"
        if made:
            open_ledger(path).close()
            path.chmod(0o444)
        Path(folder).chmod(0o555)
        done = subprocess.run([sys.executable, "-c", AS_NOBODY, path], capture_output=True, text=True, check=True)
        Path(folder).chmod(0o755)
    assert "read-only" in done.stdout
    assert "make it writable, or use another home" in done.stdout
