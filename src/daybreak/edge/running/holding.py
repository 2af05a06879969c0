"""Bundles that were opened for the engine, until it has loaded them; and what routes read of them afterwards."""

from collections.abc import Mapping
from threading import Lock

from daybreak.base.errors import NotFound
from daybreak.edge.health import open_healthy
from daybreak.edge.opening import Opened
from daybreak.inference.model import Model
from daybreak.serving.deployment import Served


class Holding:
    """Hands the engine models from memory, under names that no folder has."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[str, tuple[Mapping[str, bytes], tuple[str, ...], bool]] = {}

    def take(self, opened: Opened, generation: int) -> Served:
        """What a deployment calls this bundle."""
        told = opened.bundle.manifest
        name = f"{opened.bundle.digest}#{generation}"
        with self._lock:
            self._waiting[name] = opened.files, told.requires, opened.tuned
        return Served("champion", told.package.name, told.package.version, name)

    def load(self, served: Served, threads: int) -> Model:
        """The engine's loader: from memory, and only what answers its own examples. Raises `UnhealthyBundle`."""
        with self._lock:
            waiting = self._waiting.pop(served.package, None)
        if waiting is None:
            raise NotFound(f"no bundle is held under {served.package}")
        files, requires, tuned = waiting
        return open_healthy(files, requires, threads=threads, tuned=tuned)
