"""`export`: trials or learning curves as files."""

import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import UsageError
from daybreak.cli.arguments import Experiment, HomeFolder
from daybreak.cli.output import errors_console
from daybreak.client.client import Client

Format = Literal["csv", "parquet", "json"]
SUFFIXES: dict[str, Format] = {".csv": "csv", ".parquet": "parquet", ".json": "json"}


def export(
    experiment: Experiment = "",
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="File to write; standard output if left out.")
    ] = None,
    format: Annotated[Format | None, Parameter(help="Else by the file's ending, else CSV.")] = None,  # noqa: A002
    points: Annotated[bool, Parameter(help="Learning curves (trial, metric, step, value) instead of trials.")] = False,
    home: HomeFolder = None,
) -> None:
    """Write trials (one row each, hyperparameters and metrics as columns) or learning curves."""
    chosen = format or (SUFFIXES.get(output.suffix, "csv") if output else "csv")
    if chosen == "parquet" and output is None:
        raise UsageError("Parquet needs a file: daybreak export --output trials.parquet")
    with Client(home) as client:
        number = client.experiment(experiment).experiment
        records = _curves(client, number) if points else _trials(client, number)
    data = _encode(records, chosen)
    if output is None:
        sys.stdout.write(data.decode())
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from error
    errors_console().print(f"wrote {len(records):,} rows to {output}")


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
