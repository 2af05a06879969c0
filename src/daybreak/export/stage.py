"""Steps run as inference runs them, before there is a package: so that the original is asked about the same arrays."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from daybreak.inference.source import Source
from daybreak.inference.steps import Context, making
from daybreak.inference.worker import Worker
from daybreak.registry.package import Step
from daybreak.signature.fields import Columns, Signature

Arrays = dict[str, Any]


class Stage:
    """`folder`: holds assets/ and code/ of the package that is being made. Close it: user's functions run in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._source = Source(folder)
        self._worker: Worker | None = None

    def feeds(self, steps: Sequence[Step], signature: Signature, inputs: Mapping[str, Any], columns: Columns) -> Arrays:
        """What steps before make of columns. `inputs`: name -> (dtype or None, shape or ()). Raises `UsageError`, `BadRows`."""
        held: Arrays = {}
        for step in making.before(steps, self._context(signature, inputs, ())):
            step(columns, held)
        return held

    def outputs(
        self, steps: Sequence[Step], signature: Signature, given: Mapping[str, Any], columns: Columns, feeds: Arrays
    ) -> Columns:
        """What steps after make of the model's outputs. Raises `UsageError`."""
        held = dict(given)
        for step in making.after(steps, self._context(signature, {}, tuple(given))):
            step(held, columns, feeds)
        return {output.name: held[output.name] for output in signature.outputs}

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()

    def _context(self, signature: Signature, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> Context:
        return Context(signature, inputs, outputs, self._source.read, self._own_worker)

    def _own_worker(self) -> Worker:
        if self._worker is None:
            self._worker = Worker(self._source, limit=600.0)
        return self._worker
