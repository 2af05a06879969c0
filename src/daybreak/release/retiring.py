"""Take a version's files away, unless somebody needs them."""

import msgspec

from daybreak.base.errors import UsageError
from daybreak.base.home import Home
from daybreak.registry.store import Found, Registry
from daybreak.serving.deployment import Deployment


def retire(home: Home, model: str, reason: str = "") -> Found:
    """Remove the files of a registered version. Raises `NotFound`, `UsageError` where an alias or a deployment needs it."""
    registry = Registry(home)
    found = registry.find(model)
    if found.folder != registry.folder(found.name, found.version):
        raise UsageError(f"a registered version is retired by its name, got the folder {model}")
    serving = [
        one.name for one in _deployments(home) if any(served.package == str(found.folder) for served in one.served)
    ]
    if serving:
        raise UsageError(
            f"{found.name}@{found.version} is served by {', '.join(serving)}: swap it first: daybreak deployment swap {serving[0]} MODEL"
        )
    registry.retire(found.name, found.version, reason=reason)
    return found


def _deployments(home: Home) -> list[Deployment]:
    files = (home.path / "deployments").glob("*/deployment.json")
    return [msgspec.json.decode(file.read_bytes(), type=Deployment) for file in files]
