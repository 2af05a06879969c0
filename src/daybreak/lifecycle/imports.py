"""Experiments of other homes: rows that stand in the log as they came, and files that they keep from being deleted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import structs

from daybreak.lifecycle.events import Imported
from daybreak.lifecycle.state import Place, State
from daybreak.wire.api import Status
from daybreak.wire.rows import CheckpointRow

Rows = Mapping[str, Sequence[Any]]  # experiments (one), trials, attempts, checkpoints, notices

IMPORTED = "imported"  # the phase of such an experiment


def renumbered(number: int, origin: str, rows: Rows, recorded: dict[str, Any] | None = None) -> Imported:
    """The event that brings an experiment in under the number that it has here."""
    mine = {name: [structs.replace(row, experiment=number) for row in found] for name, found in rows.items()}
    (row,) = mine.pop("experiments")
    told = (recorded or {}) | {"experiment": number}
    return Imported(number, origin, row, recorded=told, **{name: tuple(found) for name, found in mine.items()})


def imported(state: State, event: Imported) -> str:
    """It is known from now on. Otherwise why not."""
    if event.experiment in state.experiments or event.experiment in state.imported:
        return f"there is an experiment {event.experiment} already"
    state.imported[event.experiment] = event
    state.touched.imported.append(event)
    for row in kept(event):
        state.deleting.pop(row.digest, None)
        place = state.places.setdefault(row.digest, Place())
        place.references, place.written = place.references + 1, state.at
    return ""


def kept(event: Imported) -> Iterator[CheckpointRow]:
    """Its checkpoints that are files here."""
    return (row for row in event.checkpoints if row.state == "saved")


def places(state: State) -> Counter[str]:
    """How often imported experiments hold each file."""
    return Counter(row.digest for event in state.imported.values() for row in kept(event))


def status(event: Imported, at: float, slots_total: int) -> Status:
    """What a live view shows of what does not live here."""
    row = event.row
    best = next((trial for trial in event.trials if trial.trial == row.best_trial), None)
    objective = row.spec["objectives"][0]
    return Status(
        version=1, experiment=event.experiment, name=row.name, state=row.state, why=row.why, at=at,
        metric=objective["metric"], direction=objective["direction"],
        states=dict(sorted(Counter(trial.state for trial in event.trials).items())), rungs=[],
        best_trial=row.best_trial, best=best.score if best else None, best_units=best.units if best else 0,
        best_point=best.point if best else {}, slots_busy=0, slots_total=slots_total, units=row.units,
        slot_seconds=row.slot_seconds, wall_seconds=0.0, budget={}, eta_seconds=0.0, baseline=row.baseline,
        phase=IMPORTED, notices=list(event.notices[-5:]), waiting_why="",
    )  # fmt: skip
