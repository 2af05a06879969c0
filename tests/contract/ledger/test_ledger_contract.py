"""Every ledger keeps the same promises."""

import hashlib
import os

import pytest

from daybreak.ledger.memory import MemoryLedger
from daybreak.ledger.opening import open_ledger
from daybreak.testing.ledger_contract import DurableContract, LedgerContract, ReaderContract

POSTGRES = os.environ.get("DAYBREAK_TEST_POSTGRES_URL")


class TestSqlite(ReaderContract, DurableContract):
    def open(self, where):
        return open_ledger(where / "ledger.db")


class TestMemory(LedgerContract):
    def open(self, where):
        return MemoryLedger()


@pytest.mark.skipif(
    not POSTGRES, reason="DAYBREAK_TEST_POSTGRES_URL is not set; `python3 tools/postgres.py start` prints one"
)
class TestPostgres(ReaderContract, DurableContract):
    def open(self, where):
        return open_ledger(in_schema("t" + hashlib.sha256(bytes(where)).hexdigest()[:12]))


def in_schema(name):
    """The URL of a schema of its own in the test server's database."""
    import psycopg
    from sqlalchemy import make_url

    url = make_url(POSTGRES)
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
    return url.update_query_dict({"options": f"-c search_path={name}"}).render_as_string(hide_password=False)
