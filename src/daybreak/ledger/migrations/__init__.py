"""Schema revisions, run by `daybreak.ledger.migrate` through alembic."""
