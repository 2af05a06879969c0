"""`checkpoint`: get one, list them."""

import shutil
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from daybreak.base.errors import UsageError
from daybreak.base.ids import TrialKey
from daybreak.cli.arguments import Experiment, HomeFolder, Json
from daybreak.cli.output import console, errors_console, number, point, print_json, styled, table
from daybreak.client.client import Client

app = App(name="checkpoint", help="Checkpoints of trials.")


@app.command
def get(
    what: Annotated[
        str, Parameter(help="A trial (3.17), or an experiment (3) for its best; the newest if left out.")
    ] = "",
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="Copy it to this file.")] = None,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Find a trial's latest checkpoint, check it against its hash, and copy it out.

    Load it with `daybreak.load_checkpoint(file)`: a dict of what the run was told to keep.

    JSON: {trial, units, digest, path, metrics, problems}.
    """
    experiment: str | int = what
    trial = None
    if "." in what:
        experiment, trial = TrialKey.parse(what)
    with Client(home) as client:
        found = client.call("checkpoint", experiment=experiment, trial=trial)
    if output is not None:
        try:
            shutil.copyfile(found["path"], output)
        except OSError as error:
            raise UsageError(f"cannot write {output}: {error.strerror}") from error
        found["path"] = str(output)
    if json:
        print_json(found)
    else:
        for problem in found["problems"]:
            errors_console().print(
                styled(("warning", "yellow"), f": {problem}; this is the one before it"), soft_wrap=True
            )
        console().print(f"trial {found['trial']} at {found['units']} units, blake3 {found['digest']}, verified")
        if found["metrics"]:
            console().print(f"the trial's last report: {point(found['metrics'])}", soft_wrap=True)
        console().print(found["path"], soft_wrap=True)


@app.command(name="ls")
def list_(experiment: Experiment = "", *, json: Json = False, home: HomeFolder = None) -> None:
    """List the checkpoints of an experiment.

    JSON: a list of {experiment, trial, units, size, state, digest, at}.
    """
    with Client(home) as client:
        rows = client.checkpoints(experiment)
    if json:
        print_json(rows)
        return
    console().print(
        table(
            ["trial", "units", "bytes", "state", "blake3"],
            ([f"{r.experiment}.{r.trial}", r.units, r.size, r.state, r.digest[:16]] for r in rows),
            right=["units", "bytes"],
        )
    )
    console().print(f"{number(sum(r.size for r in rows if r.state == 'saved'))} bytes kept")
