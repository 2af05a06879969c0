"""Curves replayed from a table of recorded runs: one row per configuration and unit.

Columns: `config` or `trial` (which configuration), `unit`, `units`, `epoch` or `step` (1, 2, ...), one per objective, optionally
`seconds` (what that unit took), and those of the hyperparameters, named as in the space. A drawn point is replayed
from the configuration nearest to it: each hyperparameter counts its squared distance on its own axis, a choice 0 or 1. A
table without hyperparameters gives each seed a configuration of its own, and a search can learn nothing from it.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from daybreak.base.errors import UsageError
from daybreak.base.streams import Stream
from daybreak.search.axes import Axis, axis_of
from daybreak.spec.domains import Constant, Point
from daybreak.spec.models import Experiment

CONFIG = ("config", "trial")
UNIT = ("unit", "units", "epoch", "step")
SECONDS = "seconds"

Columns = Mapping[str, Sequence[Any]]
_ABSENT = np.nan


class Recording:
    """One configuration's recorded run."""

    __slots__ = ("_ends", "_values", "length", "point")

    def __init__(self, point: Point, values: list[dict[str, float]], seconds: list[float]) -> None:
        self.point = point
        self.length: int | None = len(values)
        self._values = values
        self._ends = [0.0]
        for one in seconds:
            self._ends.append(self._ends[-1] + one)

    def metrics(self, units: int) -> dict[str, float]:
        """As recorded."""
        return self._values[units - 1]

    def elapsed(self, units: int) -> float:
        """Sum of the recorded durations; beyond the end as the last unit."""
        last = len(self._values)
        return self._ends[min(units, last)] + max(0, units - last) * (self._ends[last] - self._ends[last - 1])


class TableCurves:
    """The recordings of a table, found by the nearest configuration."""

    def __init__(self, recordings: Sequence[Recording], spec: Experiment) -> None:
        names = set().union(*(one.point for one in recordings))
        self._recordings = recordings
        self._axes: dict[str, Axis] = {
            name: axis_of(name, domain)
            for name, domain in spec.space.items()
            if name in names and not isinstance(domain, Constant)
        }
        self._ordered = np.array([axis.ordered for axis in self._axes.values()], dtype=bool)
        self._places = np.array([self._place(one.point) for one in recordings])

    def curve(self, point: Point, seed: int) -> Recording:
        """The recording nearest to the point, the first of equals."""
        if not self._axes:
            return self._recordings[Stream(seed, "recording").below(len(self._recordings))]
        place = np.array(self._place(point))
        gap = np.abs(self._places - place)
        gap[:, ~self._ordered] = gap[:, ~self._ordered] > 0
        lone = np.isnan(self._places) != np.isnan(place)
        distance = np.where(lone, 1.0, np.nan_to_num(gap) ** 2).sum(axis=1)
        return self._recordings[int(distance.argmin())]

    def _place(self, point: Point) -> list[float]:
        return [self._coordinate(axis, point.get(name)) for name, axis in self._axes.items()]

    def _coordinate(self, axis: Axis, value: Any) -> float:
        coordinate = None if value is None else axis.coordinate(value)
        return _ABSENT if coordinate is None else coordinate


def read_table(path: Path, spec: Experiment, unit_seconds: float) -> TableCurves:
    """Curves from a .csv or .parquet file; `unit_seconds` where it has no `seconds`. Raises `UsageError`."""
    if not path.is_file():
        raise UsageError(f"a table must be a .csv or .parquet file, got {path}, which is none")
    columns = _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)
    return curves_of(columns, spec, unit_seconds, str(path))


def curves_of(columns: Columns, spec: Experiment, unit_seconds: float, where: str) -> TableCurves:
    """Curves from columns of equal length. Raises `UsageError`, naming the column that is missing."""
    config, unit = _required(columns, CONFIG, where), _required(columns, UNIT, where)
    metrics = [_required(columns, (objective.metric,), where) for objective in spec.objectives]
    if not columns[config]:
        raise UsageError(f"a table must have rows, {where} has none")
    order = sorted(range(len(columns[config])), key=lambda row: float(columns[unit][row]))
    runs: dict[Any, list[int]] = {}
    for row in order:
        if float(columns[unit][row]) >= 1:  # an evaluation before training is no unit
            runs.setdefault(columns[config][row], []).append(row)
    names = [name for name in spec.space if name in columns]
    recordings = [
        Recording(
            {name: columns[name][rows[0]] for name in names if columns[name][rows[0]] is not None},
            [{name: float(columns[name][row]) for name in metrics} for row in rows],
            [float(columns[SECONDS][row]) if SECONDS in columns else unit_seconds for row in rows],
        )
        for rows in (runs[key] for key in sorted(runs, key=str))
    ]
    return TableCurves(recordings, spec)


def _required(columns: Columns, names: tuple[str, ...], where: str) -> str:
    for name in names:
        if name in columns:
            return name
    raise UsageError(
        f"a table needs a column named {' or '.join(map(repr, names))}, {where} has {', '.join(columns) or 'none'}"
    )


def _read_parquet(path: Path) -> Columns:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError(f"reading {path} needs pyarrow: pip install 'daybreak[parquet]', or give a .csv") from error
    columns: Columns = parquet.read_table(path).to_pydict()
    return columns


def _read_csv(path: Path) -> Columns:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        rows = list(reader)
    return {name: [_cell(row[place]) for row in rows] for place, name in enumerate(header)}


def _cell(text: str) -> Any:
    """A number where it reads as one, None for an empty cell, true and false, else the text."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"": None, "true": True, "false": False}.get(text.lower(), text)
