"""What only a server can do: lose a connection, let somebody else in meanwhile, hold other people's tables."""

import os

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres_schema import in_schema, needs_postgres, run

from daybreak.base.errors import LedgerBusy, LedgerError, LedgerTooNew
from daybreak.ledger import migrate, schema
from daybreak.ledger.check import check
from daybreak.ledger.database import Place
from daybreak.ledger.opening import open_ledger, open_reader
from daybreak.ledger.rebuild import RebuildResult, rebuild
from daybreak.ledger.tables import metadata
from daybreak.ports.ledger import PointBatch
from daybreak.testing.ledger_contract import FIRST, experiment_row, tick

pytestmark = needs_postgres
SCHEMA = f"test_{os.getpid()}"


class CountingCore:
    """One experiment, whose `units` count the events."""

    def new_state(self):
        return [0]

    def step(self, state, at, event):
        state[0] += 1

    def take_touched(self, state):
        return state[0]

    def rows(self, state, touched):
        return [experiment_row(1, units=state[0])] if touched else []


@pytest.fixture
def url():
    yield in_schema(SCHEMA)
    run(f"DROP SCHEMA {SCHEMA} CASCADE")


@pytest.fixture
def ledger(url):
    ledger = open_ledger(url)
    yield ledger
    ledger.close()


def points(metric, step):
    return PointBatch(FIRST, {metric: ([step], [float(step)])})


def cut(ledger):
    pid = ledger._writer.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar()
    ledger._writer.connection().rollback()
    run(f"SELECT pg_terminate_backend({pid})")


def test_commits_wait_for_the_disk_and_projections_do_not(ledger):
    connection = ledger._writer.connection()
    assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    ledger.project([experiment_row(1)], 0)
    assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_lost_connection_is_said_and_the_next_commit_makes_a_new_one(ledger):
    ledger.append(1.0, [tick(1)], [points("loss", 1)])
    cut(ledger)
    with pytest.raises(LedgerError, match=r"could not write to the ledger .*the database server cannot be reached"):
        ledger.append(2.0, [tick(2)], [points("loss", 2)])
    assert ledger.append(3.0, [tick(3)], [points("loss", 3)]) == 2
    assert [entry.event for entry in ledger.replay()] == [tick(1), tick(3)]
    assert list(ledger.reader().points(1)) == [(1, "loss", [1, 3], [1.0, 3.0])]


def test_who_comes_back_after_another_has_written_is_told_so(url, ledger):
    ledger.append(1.0, [tick(1)])
    cut(ledger)
    with pytest.raises(LedgerError):
        ledger.append(2.0, [tick(2)])
    other = open_ledger(url)
    other.append(3.0, [tick(3)])
    with pytest.raises(LedgerBusy, match="one process writes a ledger at a time"):
        ledger.append(4.0, [tick(4)])
    other.close()
    with pytest.raises(LedgerBusy, match="another controller has written"):
        ledger.append(5.0, [tick(5)])
    assert [entry.event for entry in open_reader_entries(url)] == [tick(1), tick(3)]


def open_reader_entries(url):
    ledger = open_ledger(url)
    entries = list(ledger.replay())
    ledger.close()
    return entries


def test_a_server_that_is_not_there_is_said(url):
    with pytest.raises(LedgerError, match=r"cannot be reached: see that it runs"):
        open_ledger("postgresql://daybreak@/postgres?host=/nowhere")


def test_a_schema_that_is_not_there_is_said(url):
    with pytest.raises(LedgerError, match=r"names no schema that is there"):
        open_ledger(url.replace(SCHEMA, "nowhere"))


def test_somebody_elses_tables_are_left_alone(url):
    run(f"CREATE TABLE {SCHEMA}.studies (id int); CREATE TABLE {SCHEMA}.trials (id int)")
    with pytest.raises(LedgerError, match=r"tables of something else \(trials\)"):
        open_ledger(url)
    run(f"DROP TABLE {SCHEMA}.trials")
    open_ledger(url).close()


def test_a_newer_schema_and_a_missing_ledger(url):
    with pytest.raises(LedgerError, match="no ledger"):
        open_reader(url)
    ledger = open_ledger(url)
    ledger._writer.connection().exec_driver_sql("UPDATE daybreak_alembic_version SET version_num = '0999'")
    ledger._writer.connection().commit()
    ledger.close()
    with pytest.raises(LedgerTooNew):
        open_ledger(url)


def test_revisions_make_what_the_tables_say(url):
    connection = Place.of(url).connect_to_write()
    migrate.upgrade(connection)
    context = MigrationContext.configure(connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": True})
    assert compare_metadata(context, metadata) == []
    connection.close()
    open_ledger(url).close()


def test_check_and_rebuild(url, ledger):
    ledger.append(1.0, [tick(1), tick(2)])
    ledger.project([experiment_row(1, units=2)], 2)
    assert check(url, CountingCore()) == []
    ledger.project([experiment_row(2)], 2)
    assert [finding.where for finding in check(url, CountingCore())] == ["experiments 2"]
    ledger.close()
    assert rebuild(url, CountingCore()) == RebuildResult(events=2, rows=1, equal=False, differing=1)
    assert check(url, CountingCore()) == []
