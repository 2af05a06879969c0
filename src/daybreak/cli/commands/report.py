"""`report`: one self-contained HTML page."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from daybreak.cli.arguments import Experiment, HomeFolder, Json
from daybreak.cli.output import console, print_json
from daybreak.cli.report.gather import gather
from daybreak.cli.report.page import render
from daybreak.cli.writing import written
from daybreak.client.client import Client


def report(
    experiment: Experiment = "",
    *,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="The file; else NAME-NUMBER.html here.")
    ] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Write one self-contained HTML page: learning curves, parallel coordinates, importance, slots over time, what was pruned.

    JSON: {path}.
    """
    with Client(home) as client:
        data = gather(client, experiment)
    row = data["experiment"]
    target = output or Path(f"{row.name}-{row.experiment}.html")
    with written(target):
        target.write_text(render(data), encoding="utf-8")
    print_json({"path": str(target)}) if json else console().print(f"wrote {target}", soft_wrap=True)
