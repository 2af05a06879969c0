"""`deployment`: what is served: list, look at, change, stop and remove it."""

import os
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from daybreak.base.errors import ModelFailed, NotFound, UsageError
from daybreak.base.home import Home
from daybreak.cli.arguments import HomeFolder, Json
from daybreak.cli.output import ago, console, print_json, styled, table
from daybreak.cli.supervising import Detach, serve
from daybreak.client.homes import find_home, home_option
from daybreak.registry.package import verify
from daybreak.serving import deploying, desired, removing, status
from daybreak.serving.changing import Changed, changes
from daybreak.serving.deployment import Deployment
from daybreak.serving.experiment import record

app = App(name="deployment", help="What is served: list, look at, change, stop and remove it.")

SETTLED = 180.0  # seconds in which a change must be served
POLL = 0.1
STYLE = {"serving": "green", "degraded": "yellow", "starting": "cyan", "stopping": "yellow", "failed": "bold red"}

Name = Annotated[str, Parameter(help="A deployment.")]
Arm = Annotated[str, Parameter(help="Of a test; left out: the champion.")]


@app.command
def ls(*, json: Json = False, home: HomeFolder = None) -> None:
    """List deployments: what each serves, where, and how it is.

    JSON: a list of {name, state, pid, url, port, generation, serving, replicas, notices}.
    """
    place = find_home(home)
    found = [_status(place, name) for name in desired.names(place)]
    if json:
        print_json([msgspec.to_builtins(one) for one in found])
    elif not found:
        console().print("nothing is deployed yet: daybreak deploy MODEL@ALIAS")
    else:
        rows = [
            [one.name, styled(_state(one)), _serving(one), one.url, f"{_up(one)}/{len(one.replicas)}"] for one in found
        ]
        console().print(table(["name", "is", "serving", "url", "replicas"], rows))


@app.command
def show(name: Name, *, json: Json = False, home: HomeFolder = None) -> None:
    """Show one: versions, replicas, limits, what happened.

    JSON: {status, wanted}: status as of `ls`, wanted as deployment.json.
    """
    place = find_home(home)
    found, wanted = _status(place, name), desired.read(desired.folder_of(place, name))
    if json:
        print_json({"status": msgspec.to_builtins(found), "wanted": msgspec.to_builtins(wanted)})
        return
    out = console()
    out.print(styled(_state(found), f"  {name}  {found.url}  since {ago(found.since, time.time())}"), soft_wrap=True)
    for one in found.serving:
        thresholds = "".join(f", {output} from {score:g}" for output, score in one.thresholds.items())
        out.print(f"{one.arm}: {one.model} {one.version}  {one.reference}{thresholds}", soft_wrap=True)
    if found.replicas:
        rows = [
            [one.number, one.pid or None, one.state, one.generation, one.restarts, ago(one.since, time.time())]
            for one in found.replicas
        ]
        out.print(table(["replica", "pid", "is", "generation", "restarts", "since"], rows))
    for notice in found.notices[-5:]:
        out.print(styled((f"{_clock(notice.at)}  ", "dim"), notice.text), soft_wrap=True)


@app.command
def start(name: Name, *, detach: Detach = False, json: Json = False, home: HomeFolder = None) -> int:
    """Serve a deployment that was stopped, as it was: versions, thresholds, replicas, limits, a test that runs.

    An alias that moved meanwhile is followed as soon as it serves. Exit status and JSON: as of `deploy`.
    """
    place = find_home(home)
    wanted = deploying.again(desired.read(desired.folder_of(place, name)))
    return serve(place, deploying.begin(place, wanted), detach=detach, json=json)


@app.command
def stop(name: Name, *, json: Json = False, home: HomeFolder = None) -> None:
    """Stop a deployment: what waits is answered first.

    JSON: the status, as of `ls`.
    """
    place = find_home(home)
    folder = desired.folder_of(place, name)
    found, wanted = _status(place, name), desired.read(folder)
    if not status.supervised(folder):
        raise UsageError(f"deployment {name} does not run; daybreak deployment ls lists those that do")
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + wanted.limits.drain + 15
    while status.supervised(folder):
        if time.monotonic() > deadline:
            raise ModelFailed(f"deployment {name} (process {found.pid}) does not end; its log is {folder / 'log'}")
        time.sleep(POLL)
    print_json(msgspec.to_builtins(_status(place, name))) if json else console().print(f"stopped {name}")


@app.command
def rm(
    name: Name,
    *,
    yes: Annotated[bool, Parameter(help="Although what it kept is lost.", negative="")] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Remove a deployment that is stopped, with its events, captured requests, feedback, windows and reports. Nothing brings them back.

    JSON: {name, lost: [{name, what, bytes}]}.
    """
    place = find_home(home)
    folder = desired.folder_of(place, name)
    lost = removing.kept(folder)
    if lost and not yes and not status.supervised(folder):
        told = ", ".join(f"{one.what} ({one.bytes:,} bytes)" for one in lost)
        raise UsageError(
            f"with {name} goes what it kept: {told}; daybreak deployment rm {name}{home_option(place)} --yes removes it"
        )
    removing.remove(folder)
    if json:
        print_json({"name": name, "lost": lost})
    else:
        console().print(f"removed {name}; its models stay registered")


@app.command
def swap(
    name: Name,
    reference: Annotated[str, Parameter(help="NAME@ALIAS, NAME@VERSION, or a package's folder.")],
    *,
    arm: Arm = deploying.CHAMPION,
    other_inputs: Annotated[
        bool,
        Parameter(help="Serve it although its inputs are others: rows that clients send now are refused.", negative=""),
    ] = False,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Serve another version, without losing a request. All replicas load it, then all switch; where one cannot, nothing changes.

    JSON: the status, as of `ls`, with changed: [{what, of, before, now, said}].
    """
    place = find_home(home)
    new = deploying.served(place, reference, arm)
    _change(place, name, lambda wanted: deploying.swapped(wanted, new, other_inputs=other_inputs), json=json)


@app.command
def split(
    name: Name,
    weights: Annotated[list[str], Parameter(help="ARM=SHARE of a test's challenger, 0 to 1; shares only grow.")],
    *,
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Give arms of a running test larger shares of the units; none that met an arm moves. `daybreak ab start` begins a test.

    JSON: the status, as of `ls`, with changed: [{what, of, before, now, said}].
    """
    shares = dict(_pair(word, "ARM=SHARE") for word in weights)
    _change(find_home(home), name, lambda wanted: record.grown(wanted, shares, time.time()), json=json)


@app.command
def threshold(
    name: Name,
    thresholds: Annotated[
        list[str],
        Parameter(help="OUTPUT=SCORE from which the second of two classes is told; OUTPUT=model: the model's own."),
    ],
    *,
    arm: Annotated[str, Parameter(help="Of a test; left out: all.")] = "",
    json: Json = False,
    home: HomeFolder = None,
) -> None:
    """Tell the second of two classes from another score on, without losing a request.

    JSON: the status, as of `ls`, with changed: [{what, of, before, now, said}].
    """

    def changed(wanted: Deployment) -> Deployment:
        for word in thresholds:
            output, _, said = word.rpartition("=")
            score = None if said == "model" and output else _pair(word, "OUTPUT=SCORE")[1]
            wanted = deploying.with_threshold(wanted, output, score, arm)
        return wanted

    _change(find_home(home), name, changed, json=json)


@app.command
def scale(name: Name, replicas: int, *, json: Json = False, home: HomeFolder = None) -> None:
    """Run more or fewer replicas; those that go finish what they have begun.

    JSON: the status, as of `ls`, with changed: [{what, of, before, now, said}].
    """
    if replicas < 1:
        raise UsageError(f"a deployment has at least one replica, got {replicas}")
    _change(find_home(home), name, lambda wanted: msgspec.structs.replace(wanted, replicas=replicas), json=json)


@app.command
def example(name: Name, *, home: HomeFolder = None) -> None:
    """Print a row that the deployment takes, as JSON: `curl URL/predict -d "$(daybreak deployment example NAME)"`."""
    wanted = desired.read(desired.folder_of(find_home(home), name))
    row = deploying.example(wanted.served[0])
    if not row:
        raise NotFound(f"{wanted.served[0].model} {wanted.served[0].version} was registered without examples")
    print(row)  # noqa: T201


@app.command
def logs(
    name: Name,
    *,
    last: Annotated[int, Parameter(help="Lines.")] = 50,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"], help="Go on with what comes.")] = False,
    json: Annotated[bool, Parameter(help="Print lines as they are: one JSON object each.")] = False,
    home: HomeFolder = None,
) -> None:
    """Print what a deployment's processes logged.

    JSON: one object a line: {at, level, process, message, ...}.
    """
    folder = desired.folder_of(find_home(home), name)
    desired.read(folder)
    try:
        with (folder / "log").open("rb") as file:
            for line in file.readlines()[-last:] if last > 0 else []:
                _print(line, json=json)
            while follow:
                _print(line, json=json) if (line := file.readline()) else time.sleep(POLL)
    except FileNotFoundError:
        raise NotFound(f"deployment {name} has not run yet") from None


def _change(place: Home, name: str, how: desired.Change, *, json: bool) -> None:
    """Want a change, wait until it is served, and say what it is."""
    folder = desired.folder_of(place, name)
    found: list[Changed] = []
    runs = status.supervised(folder)

    def noted(now: Deployment) -> Deployment:
        after = how(now)
        found[:] = changes(now, after)
        if not runs:  # a replica would verify what it loads
            for package in {one.package for one in after.served} - {one.package for one in now.served}:
                verify(Path(package))
        return after

    wanted = desired.change(folder, noted)
    if runs:
        deploying.settled(folder, wanted.generation, SETTLED, lambda: status.supervised(folder))
    told = _status(place, name)
    if json:
        print_json(msgspec.to_builtins(told) | {"changed": found})
        return
    said = "; ".join(one.said for one in found) or "nothing changed"
    lead = (
        f"{name} serves {_serving(told)}"
        if runs
        else f"{name} does not run; written down for daybreak deployment start {name}"
    )
    console().print(f"{lead}: {said}", soft_wrap=True)


def _pair(word: str, form: str) -> tuple[str, float]:
    name, _, said = word.rpartition("=")
    try:
        return name, float(said)
    except ValueError:
        raise UsageError(f"it is written {form}, got {word!r}") from None


def _status(place: Home, name: str) -> status.Status:
    folder = desired.folder_of(place, name)
    wanted = desired.read(folder)
    found = status.read(folder)
    return found or status.Status(name, "stopped", 0, "", wanted.port, folder.stat().st_mtime)


def _state(found: status.Status) -> Any:
    return (found.state, STYLE.get(found.state, "dim"))


def _serving(found: status.Status) -> str:
    return ", ".join(
        f"{one.model} {one.version}{'' if Path(one.package).is_dir() else ' (retired)'}" for one in found.serving
    )


def _up(found: status.Status) -> int:
    return sum(one.state == "serving" for one in found.replicas)


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%m-%d %H:%M:%S")


def _print(line: bytes, *, json: bool) -> None:
    try:
        told: dict[str, Any] = msgspec.json.decode(line)
    except msgspec.MsgspecError:
        told = {"message": line.decode(errors="replace").rstrip()}
    if json:
        print(msgspec.json.encode(told).decode(), flush=True)  # noqa: T201
        return
    at, level, process = told.pop("at", ""), told.pop("level", ""), told.pop("process", "")
    trace, message = told.pop("trace", ""), told.pop("message", "")
    rest = "  ".join(f"{name}={value}" for name, value in told.items())
    style = {"error": "bold red", "warning": "yellow"}.get(level, "")
    console().print(
        styled((f"{at}  {process}  ", "dim"), (message, style), (f"  {rest}" if rest else "", "dim")), soft_wrap=True
    )
    if trace:
        console().print(trace, soft_wrap=True)
