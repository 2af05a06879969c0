"""The way in: what a request names becomes sides of typed columns, with a note on all that was odd."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from daybreak.audit.about import About, Column
from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.readers import roles
from daybreak.readers.deciding import Reading, convert, decide
from daybreak.readers.joining import columns_for
from daybreak.readers.media import Media
from daybreak.readers.mixing import dated, mixed
from daybreak.readers.opened import Opened, Side
from daybreak.readers.origins import Folder
from daybreak.readers.recognising import recognise, sides_within
from daybreak.readers.request import Progress, Request
from daybreak.readers.settling import settle
from daybreak.readers.showing import Shown
from daybreak.readers.source import Source, note
from daybreak.readers.splitting import by_column, by_list
from daybreak.readers.survey import SURVEYED, Seen, joined, survey

MOST_NAMED = 10
_INDEX = re.compile(r"__index_level_\d+__")  # what pandas calls an index without a name


class Typed:
    """A side: a source whose values are read as the types that were decided for all sides."""

    def __init__(self, source: Source, readings: list[Reading]) -> None:
        self.source, self.readings = source, readings
        self._shown = Shown(source, readings)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, in order; columns as in `About.columns`."""
        names = [reading.column.name for reading in self.readings]
        for batch in self.source.batches():
            columns = [convert(batch.column(reading.column.name), reading) for reading in self.readings]
            yield pa.RecordBatch.from_arrays(columns, names)

    def show(self, position: int) -> dict[str, str]:
        """The sample for a person."""
        return self._shown.row(position)


def open_sides(request: Request, progress: Progress | None = None) -> Opened:
    """Everything that can be said of the data before it is audited, and the way to its rows.

    Sides keep the precision that they were stored in: a column of the type number may be float32 on one side and float64 on another.
    Raises `UsageError` for data that cannot be read, sides that do not fit together, and columns that do not exist.
    """
    sources = _sources(request, progress)
    settle(sources)
    _same_columns(sources, request)
    seen, rows = _surveyed(sources, progress)
    _not_empty(sources, rows)
    names = [name for name in sources["train"].schema.names if all(name in s.schema.names for s in sources.values())]
    names = [name for name in names if not _says_nothing([side[name] for side in seen.values()])]
    names = [name for name in names if not _numbers_a_frame(name, sources["train"], request)]
    as_text = {roles.find(name, names, "--text") for name in request.text}
    readings = [decide(name, [side[name] for side in seen.values()], as_text=name in as_text) for name in names]
    readings = roles.with_roles(request, readings)
    about = _about(request, sources, readings, seen, rows)
    sides: dict[str, Side] = {side: Typed(source, readings) for side, source in sources.items()}
    return Opened(about, sides, (*_notes(sources, about), *mixed(about, seen), *dated(about, seen)))


def _says_nothing(seen: list[Seen]) -> bool:
    """Whether a column about files, such as the camera, has no value anywhere."""
    return all(each.told is not None and each.told.purpose == "meta" and not each.present for each in seen)


def _numbers_a_frame(name: str, source: Source, request: Request) -> bool:
    """Whether a column holds the row numbers that pandas stores with a filtered or shuffled data frame: no data, and never a feature.

    pandas, developer notes, "Storing pandas DataFrame objects in Apache Parquet format". An index of times or names is kept.
    """
    asked = {
        request.target,
        request.time,
        request.split_by,
        *request.group,
        *request.id,
        *request.known,
        *request.unknown,
    }
    return bool(_INDEX.fullmatch(name)) and name not in asked and pa.types.is_integer(source.schema.field(name).type)


def _sources(request: Request, progress: Progress | None) -> dict[str, Source]:
    """Side -> where its rows come from."""
    if request.data is not None:
        within = {} if request.split_by else sides_within(request.data, request, progress)
        return within or _split(request, progress)
    if request.train is None or request.test is None:
        raise UsageError("an audit compares two sides: give --train and --test, or a dataset and --split-by")
    given = {"train": request.train, "test": request.test, "validation": request.validation}
    return {side: recognise(value, request, progress, side) for side, value in given.items() if value is not None}


def _split(request: Request, progress: Progress | None) -> dict[str, Source]:
    whole = recognise(request.data, request, progress)
    if not request.split_by:
        raise UsageError(f"{whole.name} is one dataset: say with --split-by which of its rows are train and test")
    names = whole.schema.names
    if not Path(request.split_by).is_file():
        if request.split_by.lower().endswith((".csv", ".tsv", ".parquet")):
            raise UsageError(f"--split-by is a file or a column, there is no file {request.split_by}")
        column = roles.find(request.split_by, names, "--split-by")
        return dict(by_column(whole, column))
    listed = recognise(request.split_by, Request(), progress)
    if isinstance(whole, Media) and isinstance(whole.origin, Folder):
        more = columns_for(whole.origin.files.names, listed)
        if more is not None:
            whole.origin.know(more)
    key = "@name" if "@name" in names else None
    if key is None and request.id:
        key = roles.find(request.id[0], names, "--id")
    return dict(by_list(whole, listed, key))


def _same_columns(sources: dict[str, Source], request: Request) -> None:
    """Raises `UsageError` with the columns that differ between sides."""
    train = sources["train"].schema.names
    for side, source in sources.items():
        other = source.schema.names
        common = [name for name in train if name in other]
        missing = [name for name in train if name not in other and not name.startswith("@")]
        more = [name for name in other if name not in train and not name.startswith("@")]
        if request.target and request.target in missing + more:
            lacking = sources["train"] if request.target in more else source
            raise UsageError(
                f"the target stands on both sides, {lacking.name} has no column {request.target!r}: add it, or leave --target out "
                "and ask only what needs no target"
            )
        if (missing or more) and len(common) < max(len(train), len(other)) / 2:
            raise UsageError(
                f"sides have the same columns, {sources['train'].name} and {source.name} ({side}) differ: "
                f"only the first has {_listed(missing)}, only the second {_listed(more)}"
            )


def _listed(names: list[str]) -> str:
    return (
        ", ".join(map(repr, names[:MOST_NAMED]))
        + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
        if names
        else "none"
    )


def _surveyed(
    sources: dict[str, Source], progress: Progress | None
) -> tuple[dict[str, dict[str, Seen]], dict[str, int]]:
    """Side -> column -> what it holds; side -> number of rows."""
    seen, rows = {}, {}
    for side, source in sources.items():
        known = source.rows()
        told = None if known is None else SURVEYED
        seen[side], looked_at = survey(source.schema, _counted(source, progress), told)
        after = source.rows()
        rows[side] = after if after is not None else looked_at
    return seen, rows


def _counted(source: Source, progress: Progress | None) -> Iterator[pa.RecordBatch]:
    done = 0
    for batch in source.batches():
        yield batch
        done += batch.num_rows
        if progress:
            progress(f"looking at {source.name}", done, source.rows() or 0)


def _not_empty(sources: dict[str, Source], rows: dict[str, int]) -> None:
    for side, count in rows.items():
        if not count:
            raise UsageError(f"a side has at least one row, {side} has none: {sources[side].name}")


def _about(
    request: Request,
    sources: dict[str, Source],
    readings: list[Reading],
    seen: dict[str, dict[str, Seen]],
    rows: dict[str, int],
) -> About:
    columns = tuple(reading.column for reading in readings)
    target = next((column for column in columns if column.purpose == "target"), None)
    values = _joined([side[target.name] for side in seen.values()]) if target else None
    if target and values and not values.present:
        raise UsageError(f"a target has values, column {target.name!r} of {sources['train'].name} holds none at all")
    task = roles.task_of(request, target, values)
    return About(
        columns=columns,
        task=task,
        declared_task=bool(request.task),
        classes=roles.classes_of(*_of_train_and_test(seen, target)) if target and task == "classification" else (),
        ordered=request.task == "forecast" and not request.time,
        rows=rows,
        digests={side: source.digest() for side, source in sources.items()},
        sources={side: source.name for side, source in sources.items()},
    )


def _of_train_and_test(seen: dict[str, dict[str, Seen]], target: Column) -> tuple[Seen, Seen]:
    return seen["train"][target.name], seen["test"][target.name]


def _joined(seen: list[Seen]) -> Seen:
    whole = seen[0]
    for other in seen[1:]:
        whole = joined(whole, other)
    return whole


def _notes(sources: dict[str, Source], about: About) -> tuple[Finding, ...]:
    found: dict[Any, Finding] = {}
    for source in sources.values():
        found |= {(each.rule, each.subject): each for each in source.notes()}
    names = {column.name for column in about.columns}
    for side, source in sources.items():
        if left := [
            name
            for name in source.schema.names
            if name not in names and not name.startswith("@") and not _INDEX.fullmatch(name)
        ]:
            what = f"only {side} has {_listed(left)}: left out"
            found["columns", side] = note("input.columns", what, severity="warning", subject=side, columns=tuple(left))
    for column in about.columns:
        if column.type == "empty":
            what = f"column {column.name!r} holds no value at all"
            found["empty", column.name] = note("input.empty_column", what, subject=column.name, columns=(column.name,))
    return tuple(found.values())
