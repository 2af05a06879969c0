"""`controller`: the background process of a home."""

from typing import Annotated

from cyclopts import App, Parameter

from daybreak.base.errors import ConnectionLost
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import console, print_json
from daybreak.client.connection import Connection
from daybreak.client.homes import find_home
from daybreak.client.starting import wait_until_gone

app = App(name="controller", help="The background process that runs a home's experiments.")


@app.command
def status(*, json: Json = False, home: HomeFolder = None) -> int:
    """Say whether a controller runs for this home, without starting one; exit status 1 when none does.

    JSON: {running, home, pid, version, protocol}.
    """
    place = find_home(home)
    try:
        with Connection(place.socket) as connection:
            said = connection.call("hello")
    except ConnectionLost:
        print_json({"running": False, "home": str(place.path)}) if json else console().print(
            f"none runs for {place.path}"
        )
        return 1
    if json:
        print_json({"running": True} | said)
    else:
        console().print(
            f"process {said['pid']} runs {said['home']}, version {said['version']}; log: {place.controller_log}"
        )
    return 0


@app.command
def shutdown(
    *,
    freeze: Annotated[
        bool,
        Parameter(
            help="Freeze what runs at a checkpoint first, as it does unless told not to.", negative="--no-freeze"
        ),
    ] = True,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """End the controller. Running experiments go on when one is started again.

    JSON: {controller}: what became of it.
    """
    place = find_home(home)
    try:
        with Connection(place.socket) as connection:
            connection.call("shutdown", freeze=freeze)
        said = "ended" if wait_until_gone(place) else "it was told to end, and has not ended yet"
    except ConnectionLost:
        said = "none was running"
    print_json({"controller": said}) if json else console().print(said)
