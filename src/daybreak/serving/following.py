"""Aliases that a deployment names are followed: when `digits@production` moves, the deployment wants the other version."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from daybreak.base.errors import DaybreakError
from daybreak.base.home import Home
from daybreak.registry.store import Registry
from daybreak.serving import desired, same
from daybreak.serving.deployment import Deployment, Served

POLL = 0.25  # seconds between looks at the size of the registry's journal


async def aliases(home: Home, folder: Path, notice: Callable[[str], None]) -> None:
    """Follow until cancelled."""
    registry, seen, refused = Registry(home), (-1, False), ""
    while True:
        try:
            now = registry.stamp, desired.read(folder).split is not None
        except (DaybreakError, OSError):  # the supervisor tells of a record that cannot be read
            now = seen
        if now != seen:
            try:
                desired.change(folder, lambda wanted: moved(wanted, registry))
                seen, refused = now, ""
            except (DaybreakError, OSError) as error:
                if not isinstance(error, OSError):  # a full disk has room some time: tried again until then
                    seen = now
                if str(error) != refused:  # told once, however often the journal grows
                    notice(f"an alias cannot be followed, what was served stays: {error}")
                refused = str(error)
        await asyncio.sleep(POLL)


def moved(wanted: Deployment, registry: Registry) -> Deployment:
    """The deployment with every alias where it points now.

    Raises `NotFound`, `DamagedFile`, and `UsageError` where a version takes other inputs than the one that is served.

    While a test runs its versions stay: what is compared must not change. When it is over, aliases are followed again.
    """
    if wanted.split is not None:
        return wanted
    return msgspec.structs.replace(wanted, served=tuple(_moved(wanted.name, one, registry) for one in wanted.served))


def _moved(name: str, served: Served, registry: Registry) -> Served:
    if "@" not in served.reference or "/" in served.reference:
        return served
    found = registry.find(served.reference)
    if not found.alias or (found.name, found.version) == (served.model, served.version):
        return served
    registry.registered(f"{found.name}@{found.version}")
    after = msgspec.structs.replace(served, model=found.name, version=found.version, package=str(found.folder))
    same.check_inputs(
        *(served, after),
        f"daybreak deployment swap {name} {served.reference} --arm {served.arm} --other-inputs serves it nevertheless",
    )
    return after
