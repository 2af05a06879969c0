"""`export`: trials or learning curves as files."""

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import UsageError
from daybreak.cli.arguments import Experiment, HomeFolder, Json
from daybreak.cli.output import errors_console, print_json
from daybreak.cli.writing import written
from daybreak.client.client import Client

Format = Literal["csv", "parquet", "json"]
SUFFIXES: dict[str, Format] = {".csv": "csv", ".parquet": "parquet", ".json": "json"}


def export(
    experiment: Experiment = "",
    *,
    output: Annotated[
        tuple[Path, ...],
        Parameter(
            name=["--output", "-o"],
            help="File to write, .csv, .parquet or .json; repeat for several. Standard output if left out.",
            consume_multiple=False,
        ),
    ] = (),
    format: Annotated[Format | None, Parameter(help="Else by the file's ending; CSV on standard output.")] = None,  # noqa: A002
    bundle: Annotated[
        Path | None,
        Parameter(help="The run with all that made it, for another home: run.tar.zst. Also of a trial (3.17)."),
    ] = None,
    checkpoints: Annotated[
        Literal["best", "all", "none"], Parameter(help="Of a bundle: those of the best (or named) trial, of all, none.")
    ] = "best",
    points: Annotated[bool, Parameter(help="Learning curves (trial, metric, step, value) instead of trials.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Write trials (one row each, hyperparameters and metrics as columns), learning curves, or a bundle of the run.

    JSON: without --output the rows themselves; else a list of {path, format, rows};
    of a bundle {path, digest, size, files, notes}.
    """
    if bundle is not None:
        _bundle(experiment, bundle, checkpoints, json=json, home=home)
        return
    chosen = {path: format or _by_ending(path) for path in output}
    if format == "parquet" and not output:
        raise UsageError("Parquet needs a file: daybreak export --output trials.parquet")
    with Client(home) as client:
        number = client.experiment(experiment).experiment
        records = _curves(client, number) if points else _trials(client, number)
    for path, kind in chosen.items():
        _write(path, _encode(records, kind))
    if not output:
        sys.stdout.write(_encode(records, "json" if json else format or "csv").decode())
    elif json:
        print_json([{"path": str(path), "format": kind, "rows": len(records)} for path, kind in chosen.items()])
    else:
        for path in output:
            errors_console().print(f"wrote {len(records):,} rows to {path}", soft_wrap=True)


def _bundle(
    run: str, target: Path, checkpoints: Literal["best", "all", "none"], *, json: bool, home: Path | None
) -> None:
    from daybreak.cli.output import console, number, progress_bar, styled
    from daybreak.proof.packing import pack
    from daybreak.proof.reference import find

    with Client(home) as client, progress_bar("packing", quiet=json) as progress:
        packed = pack(client, find(client, run), target, checkpoints=checkpoints, progress=progress)
    index = packed.index
    if json:
        told = {"path": str(packed.path), "digest": index.digest, "size": packed.size}
        print_json(told | {"files": len(index.files), "notes": index.notes})
        return
    for note in index.notes:
        errors_console().print(styled(("note", "yellow"), f": {note}"), soft_wrap=True)
    console().print(
        f"{packed.path}: {number(packed.size)} bytes, {len(index.files)} files, digest {index.digest}", soft_wrap=True
    )
    console().print(f"in another home: daybreak import {packed.path} --expect {index.digest[:12]}", soft_wrap=True)


def _by_ending(path: Path) -> Format:
    try:
        return SUFFIXES[path.suffix.lower()]
    except KeyError:
        raise UsageError(
            f"a file to export to ends in {', '.join(list(SUFFIXES)[:-1])} or {list(SUFFIXES)[-1]}, got {path}; "
            "or say --format"
        ) from None


def _write(path: Path, data: bytes) -> None:
    with written(path):
        path.write_bytes(data)


def _trials(client: Client, experiment: int) -> list[dict[str, Any]]:
    kept = ("experiment", "trial", "state", "source", "seed", "units", "attempts", "slot_seconds", "score")
    return [
        {name: getattr(t, name) for name in kept}
        | {f"param.{name}": value for name, value in t.point.items()}
        | {f"last.{name}": value for name, value in t.last.items()}
        | {f"best.{name}": value for name, value in t.best.items()}
        for t in client.trials(experiment)
    ]


def _curves(client: Client, experiment: int) -> list[dict[str, Any]]:
    return [
        {"experiment": experiment, "trial": series["trial"], "metric": series["metric"], "step": step, "value": value}
        for series in client.points(experiment)
        for step, value in zip(series["steps"], series["values"], strict=True)
    ]


def _encode(records: list[dict[str, Any]], chosen: Format) -> bytes:
    if chosen == "json":
        return msgspec.json.format(msgspec.json.encode(records), indent=1) + b"\n"
    columns = list(dict.fromkeys(name for record in records for name in record))
    if chosen == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(records)
        return text.getvalue().encode()
    return _parquet(records, columns)


def _parquet(records: list[dict[str, Any]], columns: list[str]) -> bytes:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install 'daybreak[parquet]'") from error
    made = pa.table({name: _column(pa, [record.get(name) for record in records]) for name in columns})
    target = io.BytesIO()
    pq.write_table(made, target)
    return target.getvalue()


def _column(arrow: Any, values: list[Any]) -> Any:
    """A typed column; values of mixed types become text."""
    try:
        return arrow.array(values)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError):
        return arrow.array([None if value is None else str(value) for value in values])
