"""`plan` and `simulate`: what a search will do, before anything runs."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from daybreak.cli.commands.look import Json
from daybreak.cli.commands.run import read
from daybreak.cli.output import console, duration, errors_console, number, print_json, table
from daybreak.client.jobs import run_job

Words = Annotated[str, Parameter(help="As for `daybreak run`.")]


def plan(
    *words: Words,
    unit: Annotated[float | None, Parameter(help="Seconds one unit takes.")] = None,
    slots: Annotated[int, Parameter(help="Slots that work at once.")] = 1,
    json: Json = False,
) -> None:
    """Show what a search will do and cost, before anything runs: trials per rung, units, time and money, against random search."""
    spec = read(words, {})
    options = ["--slots", str(slots)] + (["--unit-seconds", str(unit)] if unit is not None else [])
    found: dict[str, Any] = run_job("plan", options, spec.model_dump(mode="json"))
    if json:
        print_json(found)
        return
    console().print(found)


def simulate(
    *words: Words,
    workers: Annotated[int, Parameter(help="Simulated workers, one slot each.")] = 8,
    table_file: Annotated[
        Path | None, Parameter(name="--table", help="Learning curves to replay (Parquet or CSV); else made-up ones.")
    ] = None,
    json: Json = False,
) -> None:
    """Run the same search on simulated workers and a simulated clock. Same seed, same bytes out."""
    spec = read(words, {})
    options = ["--workers", str(workers)] + (["--table", str(table_file.absolute())] if table_file else [])
    found: dict[str, Any] = run_job("simulate", options, spec.model_dump(mode="json"), _progress)
    if json:
        print_json(found)
        return
    console().print(found)


def _progress(said: dict[str, Any]) -> None:
    if sys.stderr.isatty():
        errors_console().print(f"\r{said}", end="")


__all__ = ["duration", "number", "plan", "simulate", "table"]
