"""`deploy`: a model as a service, from this terminal or in the background."""

import asyncio
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from daybreak.base.errors import ModelFailed, UsageError
from daybreak.base.home import Home
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.interrupting import INTERRUPTED, tell_interrupt, told_of_interrupt
from daybreak.cli.output import console, errors_console, print_json, styled
from daybreak.client.homes import find_home, home_option
from daybreak.serving import deploying, desired, logs, status
from daybreak.serving.deployment import Capture, Deployment, Limits

UNSERVED = "stopped before it served"
STARTED = 180.0  # seconds until a deployment in the background must serve

Reference = Annotated[str, Parameter(help="NAME@ALIAS (followed when it moves), NAME@VERSION, or a package's folder.")]


def deploy(
    reference: Reference,
    *,
    name: Annotated[str, Parameter(help="Of the deployment; left out: the model's.")] = "",
    host: Annotated[
        str, Parameter(help="Address to listen on; others than this machine's own need a token.")
    ] = "127.0.0.1",
    port: Annotated[int, Parameter(help="0: any that is free.")] = 8080,
    grpc_port: Annotated[int | None, Parameter(help="Serve gRPC there, too.")] = None,
    replicas: Annotated[int, Parameter(help="Processes, which share the port.")] = 1,
    threads: Annotated[int, Parameter(help="Of the runtime, in each process.")] = 1,
    certificate: Annotated[str, Parameter(help="PEM file: serve by TLS.")] = "",
    key: Annotated[str, Parameter(help="PEM file of its key, where the certificate's holds none.")] = "",
    origin: Annotated[
        tuple[str, ...], Parameter(help="A site whose pages may call, such as https://shop.example.")
    ] = (),
    max_body: Annotated[int, Parameter(help="Bytes of a request.")] = Limits().body,
    max_rows: Annotated[int, Parameter(help="Rows of a request.")] = Limits().rows,
    queue: Annotated[int, Parameter(help="Requests that may wait in a process; beyond it 429.")] = Limits().queue,
    connections: Annotated[int, Parameter(help="Open at once in a process.")] = Limits().connections,
    deadline: Annotated[
        float, Parameter(help="Seconds for an answer; a request may ask for less.")
    ] = Limits().deadline,
    batch: Annotated[int, Parameter(help="Rows in one call of the model.")] = Limits().batch,
    wait: Annotated[
        float, Parameter(help="Milliseconds that a batch waits for company; 0: whatever has arrived.")
    ] = 0.0,
    drain: Annotated[float, Parameter(help="Seconds to finish in when it is stopped.")] = Limits().drain,
    capture: Annotated[float, Parameter(help="Share of requests to keep with their answers, 0 to 1.")] = 0.0,
    redact: Annotated[tuple[str, ...], Parameter(help="A field that is left out of what is kept.")] = (),
    page: Annotated[bool, Parameter(help="Serve the page at /.", negative="--no-page")] = True,
    detach: Annotated[bool, Parameter(help="Go on in the background; come back when it serves.")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> int:
    """Serve a model: REST, Open Inference Protocol V2 and a page, on this machine.

    Ctrl-C answers what waits and ends it. `daybreak deployment` lists, changes and stops deployments. Exit status: 0 where it served and
    was stopped, 130 where it was stopped before.

    JSON: {name, state, pid, url, port, generation, serving, replicas, notices}, as soon as it serves.
    """
    place = find_home(home)
    model = deploying.served(place, reference)
    if not 0 <= capture <= 1:
        raise UsageError(f"--capture is a share, 0 to 1, got {capture:g}")
    limits = Limits(
        body=max_body,
        rows=max_rows,
        queue=queue,
        deadline=deadline,
        connections=connections,
        batch=batch,
        wait=wait / 1e3,
        drain=drain,
    )
    wanted = Deployment(
        name or model.model,
        (model,),
        host=host,
        port=port,
        grpc_port=grpc_port,
        replicas=replicas,
        threads=threads,
        limits=limits,
        capture=Capture(capture, redact),
        certificate=_absolute(certificate),
        key=_absolute(key),
        origins=origin,
        page=page,
    )
    written = deploying.begin(place, wanted)
    return _detached(place, written, json=json) if detach else _here(place, written, json=json)


def _absolute(file: str) -> str:
    return str(Path(file).expanduser().absolute()) if file else ""


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
