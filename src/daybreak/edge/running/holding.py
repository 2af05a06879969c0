"""Bundles that were opened for the engine, until it has loaded them; and what routes read of them afterwards."""

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
        self._waiting: dict[str, Opened] = {}

    def take(self, opened: Opened, generation: int) -> Served:
        """What a deployment calls this bundle."""
        told = opened.bundle.manifest
        name = f"{opened.bundle.digest}#{generation}"
        with self._lock:
            self._waiting[name] = opened
        return Served("champion", told.package.name, told.package.version, name)

    def load(self, served: Served, threads: int) -> Model:
        """The engine's loader: from memory, and only what answers its own examples. Raises `UnhealthyBundle`."""
        with self._lock:
            waiting = self._waiting.pop(served.package, None)
        if waiting is None:
            raise NotFound(f"no bundle is held under {served.package}")
        told = waiting.bundle.manifest
        model = open_healthy(waiting.files, told.requires, threads=threads, tuned=waiting.tuned)
        if told.package.runtime.kind == "onnx":
            del waiting.files[
                told.package.runtime.file
            ]  # the runtime has its own copy; examples and card are still read
        return model
