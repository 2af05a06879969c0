"""Take a version's files away, unless somebody needs them."""

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.registry.store import Found, Registry
from daybreak.serving import desired, status


def retire(home: Home, model: str, reason: str = "") -> Found:
    """Remove the files of a registered version. Raises `NotFound`, `UsageError` where an alias or a deployment that runs needs it."""
    registry = Registry(home)
    found = registry.find(model)
    if found.folder != registry.folder(found.name, found.version):
        raise UsageError(f"a registered version is retired by its name, got the folder {model}")
    serving = [name for name in desired.names(home) if _runs_with(home, name, str(found.folder))]
    if serving:
        raise UsageError(
            f"{found.name}@{found.version} is served by {', '.join(serving)}: swap it first, daybreak deployment swap {serving[0]} MODEL, "
            f"or stop it, daybreak deployment stop {serving[0]}"
        )
    registry.retire(found.name, found.version, reason=reason)
    return found


def _runs_with(home: Home, name: str, package: str) -> bool:
    """Whether a deployment runs that serves it, or is about to. One that is stopped is deployed anew, with a version that is there."""
    folder = home.deployment(name)
    if not status.supervised(folder):
        return False
    told = status.read(folder)
    served = desired.read(folder).served + (told.serving if told else ())
    return any(one.package == package for one in served)
