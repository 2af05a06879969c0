"""`import`: take in a bundle of another home."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from daybreak.cli.arguments import HomeFolder, Json


def import_(
    bundle: Annotated[Path, Parameter(help="The file that `daybreak export RUN --bundle` wrote.")],
    *,
    expect: Annotated[str, Parameter(help="The bundle's digest, or its first digits, as export told it.")] = "",
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Take in a run of another home: it can be looked at, verified, reproduced and forked here.

    Every byte is compared with the bundle's index before anything is kept.

    JSON: {experiment, digest, run, notes}.
    """
    from daybreak.cli.output import console, errors_console, print_json, progress_bar, styled
    from daybreak.client.client import Client
    from daybreak.proof.unpacking import unpack

    with Client(home) as client, progress_bar("importing", quiet=json) as progress:
        number, index = unpack(client, bundle, expect, progress)
    if json:
        print_json({"experiment": number, "digest": index.digest, "run": index.run, "notes": index.notes})
        return
    for note in index.notes:
        errors_console().print(styled(("note", "yellow"), f": {note}"), soft_wrap=True)
    console().print(
        f"{index.name} ({index.run} at home) is experiment {number} here; digest {index.digest}", soft_wrap=True
    )
    console().print(
        f"next:  daybreak show {number}    daybreak verify {number}    daybreak reproduce {number}    daybreak fork {number}"
    )
