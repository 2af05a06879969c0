"""What columns are for, from what the user said: target, group, time, id.

A name that is no column is answered with the one that was probably meant.
"""

from difflib import get_close_matches

import pyarrow as pa
from msgspec import structs

from daybreak.audit.about import Column, Purpose, Task
from daybreak.audit.canonical import labels
from daybreak.base.errors import UsageError
from daybreak.readers.deciding import Reading
from daybreak.readers.request import Request
from daybreak.readers.survey import Seen

FEW_CLASSES = 20  # distinct whole numbers up to which a target is one of classes
MOST_CLASSES = 1000  # that are named in the report


def find(wanted: str, names: list[str], what: str) -> str:
    """A column by its name, or by its number from 0 or from the end. Raises `UsageError` with the name that was probably meant."""
    if wanted in names:
        return wanted
    if wanted.lstrip("-").isdigit() and -len(names) <= int(wanted) < len(names):
        return names[int(wanted)]
    folded = {name.strip().casefold(): name for name in names}
    if wanted.strip().casefold() in folded:
        return folded[wanted.strip().casefold()]
    close = get_close_matches(wanted, names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}?" if close else f"the columns are {_listed(names)}"
    if not close and all(name.isdigit() for name in names):
        hint = f"they have no names and are numbered from 0 to {len(names) - 1} (-1 is the last), or give --names"
    raise UsageError(f"{what} must be a column, there is none called {wanted!r}: {hint}")


def _listed(names: list[str], most: int = 30) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def purposes(request: Request, names: list[str]) -> dict[str, Purpose]:
    """Column -> what the user said it is for. Raises `UsageError` where one column has two purposes."""
    found: dict[str, Purpose] = {}
    told: list[tuple[Purpose, str]] = [("target", request.target)] if request.target else []
    told += [("group", name) for name in request.group]
    told += [("time", request.time)] if request.time else []
    told += [("id", name) for name in request.id]
    for purpose, wanted in told:
        name = find(wanted, names, f"--{purpose}")
        if found.get(name, purpose) != purpose:
            raise UsageError(f"a column has one purpose, {name!r} is given as --{found[name]} and as --{purpose}")
        found[name] = purpose
    return found


def with_roles(request: Request, readings: list[Reading]) -> list[Reading]:
    """Readings with the purposes, and what is declared known or not when a prediction is asked for."""
    names = [reading.column.name for reading in readings]
    told = purposes(request, names)
    aimed = [reading.column.name for reading in readings if reading.column.purpose == "target"]
    if request.target:  # what was said goes before what a folder's name says
        told |= {name: told.get(name, "feature") for name in aimed}
    known = {find(name, names, "--known"): True for name in request.known}
    known |= {find(name, names, "--unknown"): False for name in request.unknown}
    return [structs_replace(reading, told, known) for reading in readings]


def structs_replace(reading: Reading, told: dict[str, Purpose], known: dict[str, bool]) -> Reading:
    """One reading with its column's purpose and whether it is known."""
    column = reading.column
    purpose = told.get(column.name, column.purpose)
    changed: Column = structs.replace(column, purpose=purpose, known=known.get(column.name))
    return Reading(changed, reading.stored, reading.missing, reading.forms)


def task_of(request: Request, target: Column | None, seen: Seen | None) -> Task | None:
    """The task: declared, or by the target's values: words and few whole numbers are classes."""
    if target is None or seen is None:
        return None
    if request.task:
        return request.task
    if target.type in {"category", "text", "boolean"}:
        return "classification"
    few = not seen.overflow and len(seen.distinct) <= FEW_CLASSES and len(seen.distinct) <= max(2, seen.present / 5)
    return "classification" if few and _whole(target, seen) else "regression"


def _whole(target: Column, seen: Seen) -> bool:
    return target.type == "integer" or (
        target.type == "number" and ((seen.integral and not seen.loose) or _written_whole(seen))
    )


def _written_whole(seen: Seen) -> bool:
    """Whether numbers that were read as strings are whole, such as "1.0"."""
    return seen.loose and all(_is_whole(value) for value in seen.distinct)


def _is_whole(value: str) -> bool:
    try:
        return float(value).is_integer()
    except ValueError:
        return True  # a missing value


def classes_of(train: Seen, test: Seen) -> tuple[str, ...]:
    """The target's classes in canonical writing, which brings together what two files wrote differently."""
    one, other = (pa.array([str(value) for value in seen.distinct], pa.string()) for seen in (train, test))
    return labels(one, other)[2][:MOST_CLASSES]
