"""A deployment that is wanted is served: from this terminal until it is stopped, or in the background."""

import asyncio
import shlex
import subprocess
import sys
from typing import Annotated

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import ModelFailed
from daybreak.base.home import Home
from daybreak.cli.interrupting import INTERRUPTED, tell_interrupt, told_of_interrupt
from daybreak.cli.output import console, errors_console, print_json, styled
from daybreak.client.homes import home_option
from daybreak.serving import deploying, desired, logs, status
from daybreak.serving.deployment import Deployment

UNSERVED = "stopped before it served"
STARTED = 180.0  # seconds until a deployment in the background must serve

Detach = Annotated[bool, Parameter(help="Go on in the background; come back when it serves.")]


def serve(place: Home, wanted: Deployment, *, detach: bool, json: bool) -> int:
    """Serve it; the exit status: 0 where it served, 130 where it was stopped before.

    Raises `ModelFailed`, and `DamagedFile` where a package was altered.
    """
    return _detached(place, wanted, json=json) if detach else _here(place, wanted, json=json)


def _here(place: Home, wanted: Deployment, *, json: bool) -> int:
    """Serve from this process until it is asked to stop."""
    from daybreak.serving.supervisor import Supervisor

    folder = desired.folder_of(place, wanted.name)
    logs.begin("supervisor", folder / "log")

    def say(text: str) -> None:
        (errors_console() if json else console()).print(text, soft_wrap=True)

    served = False

    def greet() -> None:
        nonlocal served
        served = True
        _greet(place, wanted.name, json=json)

    async def run() -> None:
        await Supervisor(place, wanted.name, say, greet).run()

    try:
        with told_of_interrupt(UNSERVED):
            asyncio.run(run())
    except ModelFailed as error:
        raise deploying.failed(wanted, f"{error}; its log is {folder / 'log'}") from error
    if served:
        return 0
    tell_interrupt(UNSERVED)  # the supervisor takes the signal itself
    return INTERRUPTED


def _detached(place: Home, wanted: Deployment, *, json: bool) -> int:
    folder = desired.folder_of(place, wanted.name)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "daybreak.serving.supervisor", str(place.path), wanted.name],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    stop = f"daybreak deployment stop {shlex.quote(wanted.name)}{home_option(place)}"
    with told_of_interrupt(f"{wanted.name} goes on starting in the background; {stop} ends it"):
        deploying.settled(folder, wanted.generation, STARTED, lambda: process.poll() is None)
    _greet(place, wanted.name, json=json, here="")
    return 0


def _greet(place: Home, name: str, *, json: bool, here: str = " (or Ctrl-C here)") -> None:
    """Say where it is and how to ask it."""
    folder = desired.folder_of(place, name)
    found, wanted = status.read(folder), desired.read(folder)
    if found is None:
        return
    if json:
        print_json(msgspec.to_builtins(found))
        return
    out, option = console(), home_option(place)
    one = found.serving[0]
    named = f" ({one.reference})" if "@" in one.reference else ""
    out.print(
        styled(("serving  ", "green"), f"{one.model} {one.version}{named} as {name}: {found.url}"), soft_wrap=True
    )
    if wanted.page:
        out.print(styled(("page     ", "dim"), f"{found.url}/"), soft_wrap=True)
    out.print(styled(("try      ", "dim"), deploying.curl(found.url, wanted, option)), soft_wrap=True)
    stop = f"daybreak deployment stop {shlex.quote(name)}{option}"
    out.print(styled(("stop     ", "dim"), f"{stop}{here}; what waits is answered first"), soft_wrap=True)
