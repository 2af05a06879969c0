"""What `show` tells of an experiment's certificates: a line each."""

from pathlib import Path
from typing import Any

from daybreak.base.errors import DamagedFile
from daybreak.base.home import Home
from daybreak.cli.output import ago, console, styled

MOST = 8  # certificates that are shown to people
COLOURS = {"verified": "green", "not proven": "yellow", "bits part": "red", "damaged": "red"}


def certified(home: Home, experiment: int) -> list[dict[str, Any]]:
    """Each certificate in short, oldest first: trial, level, outcome, units, of, at, path; of an altered one outcome, path, error."""
    from daybreak.proof import certificate  # only here: most commands do without

    return [_in_short(file) for file in certificate.of_experiment(home, experiment)]


def print_certified(found: list[dict[str, Any]], experiment: int, now: float) -> None:
    """For people, of the newest: level, outcome and when."""
    if len(found) > MOST:
        console().print(f"{len(found) - MOST} older certificates: daybreak verify {experiment} --show")
    for one in found[-MOST:]:
        outcome = styled((one["outcome"], COLOURS[one["outcome"]]))
        if one["outcome"] == "damaged":
            console().print(styled("certificate: ", outcome, f", {one['error']}"), soft_wrap=True)
            continue
        text = f", level {one['level']}, {one['units']:,} of {one['of']:,} units, {ago(one['at'], now)} ago"
        console().print(styled(f"certificate of {experiment}.{one['trial']}: ", outcome, text), soft_wrap=True)


def _in_short(file: Path) -> dict[str, Any]:
    from daybreak.proof import certificate

    try:
        made = certificate.read(file)
    except DamagedFile as error:
        return {"outcome": "damaged", "path": str(file), "error": str(error)}
    told = {name: getattr(made, name) for name in ("trial", "level", "outcome", "units", "of", "at")}
    return told | {"path": str(file)}
