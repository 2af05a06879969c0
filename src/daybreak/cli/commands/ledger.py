"""`ledger`: check it, rebuild its read tables."""

from typing import Any

from cyclopts import App

from daybreak.base.errors import LedgerBusy
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import console, print_json, table
from daybreak.client.homes import find_home
from daybreak.client.jobs import run_job

app = App(name="ledger", help="The log of everything that happened, and the tables read from it.")


@app.command
def check(*, json: Json = False, home: HomeFolder = None) -> int:
    """Check that the log is whole and the read tables say the same; exit status 5 when something is wrong.

    JSON: a list of {kind, where, message}, empty when all is well.
    """
    found: list[dict[str, Any]] = run_job("ledger", ["check", "--home", str(find_home(home).path)], None)
    if json:
        print_json(found)
    elif found:
        console().print(table(["what", "where", "how"], ([f["kind"], f["where"], f["message"]] for f in found)))
    else:
        console().print("the ledger is sound")
    return 5 if found else 0


@app.command
def rebuild(*, json: Json = False, home: HomeFolder = None) -> None:
    """Make the read tables again from the log, and say whether they were the same.

    JSON: {events, rows, equal, differing}.
    """
    try:
        found: dict[str, Any] = run_job("ledger", ["rebuild", "--home", str(find_home(home).path)], None)
    except LedgerBusy as error:
        raise LedgerBusy(f"{error}: daybreak controller shutdown") from error
    if json:
        print_json(found)
    else:
        console().print(
            f"rebuilt {found['rows']:,} rows from {found['events']:,} events: "
            + ("they were the same" if found["equal"] else f"{found['differing']} rows differed")
        )
