"""The log and its read tables, on SQLite or Postgres."""
