"""Alembic's entrance: runs the revisions on the connection that `daybreak.ledger.migrate` hands over."""

from alembic import context

from daybreak.ledger.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transactional_ddl=False,  # the caller's transaction holds all revisions
)
context.run_migrations()
