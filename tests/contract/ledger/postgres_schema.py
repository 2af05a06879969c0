"""A schema of its own in the test server's database, for each test that asks."""

import os

import psycopg
import pytest
from sqlalchemy import make_url

POSTGRES = os.environ.get("DAYBREAK_TEST_POSTGRES_URL")
HOW = "DAYBREAK_TEST_POSTGRES_URL is not set; `python3 tools/postgres.py start` prints one"
needs_postgres = pytest.mark.skipif(not POSTGRES, reason=HOW)


def in_schema(name):
    """The URL of a ledger in this schema, which is made if need be."""
    run(f"CREATE SCHEMA IF NOT EXISTS {name}")
    return (
        make_url(POSTGRES)
        .update_query_dict({"options": f"-c search_path={name}"})
        .render_as_string(hide_password=False)
    )


def run(sql):
    """Run a statement as somebody else; what it returns."""
    url = make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else None
