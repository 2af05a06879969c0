"""`batch`: a model over files."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.interrupting import told_of_interrupt


@told_of_interrupt("stopped; give the same command again and it goes on where it was")
def batch(
    reference: Annotated[str, Parameter(help="NAME@ALIAS, NAME@VERSION, or a package's folder.")],
    inputs: Annotated[
        list[str],
        Parameter(help="Parquet, CSV, JSONL; folders of pictures or sounds; patterns; URLs that fsspec knows."),
    ],
    /,
    *,
    out: Annotated[str, Parameter(name=("--out", "-o"), help="Folder of its own for this job, or a URL.")],
    column: Annotated[
        tuple[str, ...],
        Parameter(help="FIELD=COLUMN where names differ; FIELD=PATTERN (features=f*): several columns as one tensor."),
    ] = (),
    keep: Annotated[
        tuple[str, ...], Parameter(help="A column of the input that goes to the output: an id; NAME=COLUMN renames it.")
    ] = (),
    format: Annotated[Literal["parquet", "csv", "jsonl"], Parameter(help="Of the output.")] = "parquet",  # noqa: A002
    part_rows: Annotated[int | None, Parameter(help="Rows of a part: 65,536, of media 1,024.")] = None,
    batch: Annotated[int | None, Parameter(help="Rows in one call of the model: 1,024, of media 64.")] = None,
    workers: Annotated[int, Parameter(help="Processes; with --engine ray actors.")] = 1,
    threads: Annotated[
        int | None, Parameter(help="In each process; left out: the cores, shared out; with ray 1.")
    ] = None,
    engine: Annotated[Literal["local", "ray"], Parameter(help="Where the workers are.")] = "local",
    address: Annotated[str, Parameter(help="HOST:PORT of the Ray cluster; else RAY_ADDRESS.")] = "",
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Predict all rows of files, into part files.

    A job that was cut off goes on where it was when the same command is given again, and writes the same bytes. Rows that the model
    does not take go to OUT/_rejects.jsonl with the reason; OUT/_manifest.json says what was predicted by which model, by digest.

    Exit status: 0; 1 where every row was rejected; 130 after Ctrl-C.

    JSON: {out, rows, rejected, parts, resumed, manifest}.
    """
    import msgspec

    from daybreak.base.errors import UsageError

    try:
        from daybreak.batch.job import Request, start
    except ImportError as error:
        raise UsageError(
            f"files are read by pyarrow, which is missing ({error}): pip install 'daybreak[batch]'"
        ) from error
    from daybreak.cli.batching import exit_status, package_folder, pairs, print_report, progress
    from daybreak.cli.output import print_json

    folder: Path = package_folder(home, reference)
    request = Request(
        folder, tuple(inputs), out, pairs(column), keep, format, part_rows, batch, workers, threads, engine, address
    )
    with progress(quiet=json) as tell:
        report = start(request, tell)
    if json:
        print_json(msgspec.to_builtins(report))
    else:
        print_report(report)
    return exit_status(report)
