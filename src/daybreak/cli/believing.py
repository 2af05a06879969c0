"""What stands beside every score: whether it was audited, how often its sealed test set was looked at, what it scored there."""

from typing import Any

from daybreak.cli.output import console, point, styled
from daybreak.client.client import Client
from daybreak.validation.standing import Standing, standing
from daybreak.wire.rows import ExperimentRow

STYLE = {"clean": "green", "blocked": "bold red"}


def believed(client: Client, row: ExperimentRow) -> Standing | None:
    """Of the best trial; None where there is none."""
    return standing(client, row, row.best_trial) if row.best_trial is not None else None


def print_believed(found: Standing | None) -> None:
    """A line or two."""
    if found is None:
        return
    out = console()
    for line in found.lines:
        out.print(styled((line, STYLE.get(found.verdict, "yellow") if line == found.says else "")), soft_wrap=True)
    own = [look for look in found.looks if f"{look.experiment}.{look.trial}" == found.run and look.metrics]
    for look in own[-1:]:
        out.print(f"  trial {found.run} at {look.units} units: {point(look.metrics)}", soft_wrap=True)


def as_json(found: Standing | None) -> dict[str, Any]:
    """Keys for programs: `audited` (a verdict, "not audited" or "unknown"; None without a best trial) and `test_looks`."""
    return {"audited": found.verdict if found else None, "test_looks": found.looks if found else ()}
