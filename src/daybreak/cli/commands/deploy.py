"""`deploy`: a model as a service, from this terminal or in the background."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from daybreak.base.errors import UsageError
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.supervising import Detach, serve
from daybreak.client.homes import find_home
from daybreak.serving import deploying
from daybreak.serving.deployment import Capture, Deployment, Limits

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
    detach: Detach = False,
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
    return serve(place, written, detach=detach, json=json)


def _absolute(file: str) -> str:
    return str(Path(file).expanduser().absolute()) if file else ""
