"""One file a revision; `daybreak.ledger.schema.REVISIONS` lists them in order."""
