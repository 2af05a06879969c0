"""`plan` and `simulate`: what a search will do, before anything runs."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from daybreak.cli.arguments import Json
from daybreak.cli.flags import NO_FLAGS, Flags, Words, read
from daybreak.cli.output import console, duration, folded, number, point, print_json, styled, table
from daybreak.client.jobs import run_job


def plan(
    *words: Words,
    flags: Flags = NO_FLAGS,
    unit: Annotated[float | None, Parameter(help="Seconds one unit takes.")] = None,
    slots: Annotated[int, Parameter(help="Slots that work at once; 1 if left out.")] = 1,
    json: Json = False,
) -> None:
    """Show what a search will do and cost, before anything runs: trials per rung, units, time and money, against random search.

    JSON: {method, trials, brackets: [{lengths, reach}], units, random_units,
    slot_hours, wall, money, notes, ...}.
    """
    spec = read(words, flags)
    options = ["--slots", str(slots)] + (["--unit-seconds", str(unit)] if unit is not None else [])
    found: dict[str, Any] = run_job("plan", options, spec.model_dump(mode="json"))
    if json:
        print_json(found)
        return
    out = console()
    out.print(styled((spec.name, "bold"), f": {found['method']}, {_trials(found)}"))
    for index, bracket in enumerate(found["brackets"], start=1):
        title = f"bracket {index}, reach" if len(found["brackets"]) > 1 else "trials that reach it"
        rows = zip(bracket["lengths"], bracket["reach"], strict=True)
        out.print(table(["units", title], ([units, count] for units, count in rows), right=["units", title]))
    if found["brackets"]:
        out.print(_costs(found))
    for note in found["notes"]:
        out.print(note, style="yellow")
    if found["slot_hours"] is None and found["brackets"]:
        out.print("time and money: name what a unit takes with --unit SECONDS", style="dim")


def simulate(
    *words: Words,
    flags: Flags = NO_FLAGS,
    workers: Annotated[int, Parameter(help="Simulated workers, one slot each; 8 if left out.")] = 8,
    table_file: Annotated[
        Path | None,
        Parameter(name="--table", help="Learning curves to replay (Parquet or CSV), or `lcbench`; else made-up ones."),
    ] = None,
    unit: Annotated[float | None, Parameter(help="Seconds one unit takes.")] = None,
    json: Json = False,
) -> None:
    """Run the same search on simulated workers and a simulated clock. Same seed, same bytes out.

    Of a deterministic search it shows what its turns cost: the idle share of the slots beside that of the same search without them.

    JSON: {name, workers, seed, search, random, ordinary, speedup, ...}; search, random and (of a deterministic search) ordinary are
    {state, why, best, seconds, trials, units, slot_hours, idle, rungs, incumbents, digest, ...}.
    """
    spec = read(words, flags)
    options = ["--workers", str(workers)] + (["--table", str(table_file)] if table_file else [])
    options += ["--unit-seconds", str(unit)] if unit is not None else []
    found: dict[str, Any] = run_job("simulate", options, spec.model_dump(mode="json"), _progress)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if json:
        print_json(found)
        return
    _tell_simulated(spec.name, workers, found)


SIMULATED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "best score": lambda told: told["best"]["score"],
    "at units": lambda told: told["best"]["units"],
    "simulated time": lambda told: duration(told["seconds"]),
    "trials": lambda told: told["trials"],
    "units": lambda told: told["units"],
    "slot-hours": lambda told: told["slot_hours"],
    "money": lambda told: told["money"],
    "workers busy": lambda told: f"{told['utilisation']:.0%}",
    "slots not training": lambda told: f"{told['idle']:.0%}",
}


def _trials(found: dict[str, Any]) -> str:
    return "as many trials as the budget affords" if found["trials"] is None else f"{number(found['trials'])} trials"


def _costs(found: dict[str, Any]) -> Any:
    rows = [["units", found["units"], found["random_units"]]]
    if found["slot_hours"] is not None:
        rows.append(["slot-hours", found["slot_hours"], found["random_slot_hours"]])
        rows.append(["wall time", duration(found["wall"]), "-"])
    if found["money"] is not None:
        rows.append(["money", found["money"], "-"])
    rows.append(["units of the guard, at most", found["guard_units"], "-"])
    if found["confirm_units"]:
        rows.append(["units to confirm the best", found["confirm_units"], "-"])
    return table(["", "this search", "random, full length"], rows, right=["this search", "random, full length"])


def _tell_simulated(name: str, workers: int, found: dict[str, Any]) -> None:
    out = console()
    out.print(styled((name, "bold"), f" on {workers} simulated workers, seed {found['seed']}"))
    if found["made_up"]:
        unit = f"{number(found['unit_seconds'])} s"
        out.print(
            f"made-up learning curves, {unit} a unit: name yours with --table FILE and --unit SECONDS", soft_wrap=True
        )
    search, other = found["search"], found["random"]
    columns = {"this search": search, "random search": other}
    if "ordinary" in found:
        columns["not deterministic"] = found["ordinary"]
    shown = {title: told for title, told in columns.items() if told is not None}
    rows = [[label, *map(tell, shown.values())] for label, tell in SIMULATED.items()]
    out.print(table(["", *shown], rows, right=list(shown)))
    for title, told in shown.items():
        out.print(f"{title}: {told['state']}, {told['why']}", soft_wrap=True)
    out.print()
    rungs = [[rung["units"], rung["reported"], rung["best"]] for rung in search["rungs"]]
    out.print(table(["rung at", "reported", "best"], rungs, right=["rung at", "reported", "best"]))
    if found["speedup"] is not None:
        out.print(
            f"random search's best after {duration(found['random_best_seconds'])} is reached after "
            f"{duration(found['seconds_to_random_best'])}: {found['speedup']:.3g}x",
            soft_wrap=True,
        )
    if search["best"]["trial"] is not None:
        out.print("best   " + "\n       ".join(folded(point(search["best"]["point"]), out.width - 7)), soft_wrap=True)


def _progress(said: dict[str, Any]) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" + "  ".join(f"{name} {number(value)}" for name, value in said.items()))
        sys.stderr.flush()
