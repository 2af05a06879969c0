"""`edge run` from the terminal: install what was given, serve until a signal."""

import asyncio
import shlex
import signal
from dataclasses import dataclass
from pathlib import Path

import uvloop

from daybreak.cli.edging import state_folder
from daybreak.cli.output import console, print_json
from daybreak.cli.writing import written
from daybreak.edge.device.folder import DeviceFolder
from daybreak.edge.memory import no_core_dumps
from daybreak.edge.opening import Access
from daybreak.edge.running.alone import alone
from daybreak.edge.running.options import Options
from daybreak.edge.running.server import DeviceServer
from daybreak.edge.sources import source
from daybreak.edge.updating import update
from daybreak.edge.verifying import verify
from daybreak.serving import logs
from daybreak.serving.guard import TOKENS, check_reach
from daybreak.serving.tokens import Tokens


@dataclass(frozen=True)
class Asked:
    """What the command was told beside how to serve."""

    bundle: Path | None
    state: Path | None
    home: Path | None
    updates: str
    json: bool


def serve(asked: Asked, access: Access, options: Options) -> None:
    """Install and serve. Raises `UsageError` where another serves from it or nobody could ask, and what serving raises."""
    no_core_dumps()
    name = verify(asked.bundle, access.trusted()).manifest.package.name if asked.bundle else ""
    folder = state_folder(asked.state, name, asked.home)
    with written(folder):
        device = DeviceFolder(folder, access.unlock())
    with alone(folder):
        _check_reach(options.host, name or device.state.model or "the device", folder)
        with written(folder):
            if asked.bundle:
                update(device, asked.bundle, access)
        if asked.json:
            logs.begin("edge")
        uvloop.run(_serve(asked, device, access, options))


def _check_reach(host: str, name: str, folder: Path) -> None:
    """Raises `UsageError` where others can reach it and no token of the device lets them ask."""
    command = f"daybreak token create NAME --home {shlex.quote(str(folder))}"
    check_reach(host, name, Tokens(folder / TOKENS, name), command)


async def _serve(asked: Asked, device: DeviceFolder, access: Access, options: Options) -> None:
    say = _nothing if asked.json else _print
    updates = source(asked.updates, device.folder) if asked.updates else None
    server = DeviceServer(device, access, options, updates, say)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.run(lambda ready: _print_json(ready) if asked.json else _print_ready(ready, options))


def _print_ready(server: DeviceServer, options: Options) -> None:
    on_trial = f" (on trial for {options.trial:g} s)" if server.on_trial else ""
    console().print(f"{server.url}   {server.told}{on_trial}", soft_wrap=True)


def _print_json(server: DeviceServer) -> None:
    print_json(server.as_json())


def _print(says: str) -> None:
    console().print(says, soft_wrap=True)


def _nothing(_: str) -> None:
    """The log says it."""
