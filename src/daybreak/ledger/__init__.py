"""The log, its read tables and the metric points: SQLite by default, Postgres for teams, memory for simulations.

`opening.open_ledger` and `opening.open_reader` are the doors; `check` and `rebuild` prove what is behind them.
Nothing is imported here, so that a simulation (`memory`) does not pay for a database toolkit.
"""
