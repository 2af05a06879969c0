"""Arguments that many commands share. Light: `--help` imports this and no more."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Json = Annotated[bool, Parameter(help="Print one JSON document for programs.")]
HomeFolder = Annotated[
    Path | None, Parameter(help="The home folder; else ./.daybreak here or above, else ~/.daybreak.")
]
Experiment = Annotated[str, Parameter(help="An experiment's number or name; the newest if left out.")]
