"""A package becomes a model: its record says which runtime and which steps, all are made once.

model = load(Path("packages/digits-3"))
outputs = model.predict(codec.columns(rows))
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daybreak.base.errors import ModelFailed
from daybreak.inference.session import Arrays, Session
from daybreak.inference.source import Source
from daybreak.inference.steps import Context, making
from daybreak.inference.worker import Worker
from daybreak.registry.package import Package
from daybreak.signature.columns import length
from daybreak.signature.fields import Columns, Signature


class Loaded:
    """A model that is loaded; see `inference.model.Model`, whose contract it keeps."""

    def __init__(self, source: Source, threads: int, limit: float) -> None:
        self.package: Package = source.package()
        self._source, self._limit = source, limit
        self._worker: Worker | None = None
        runtime = self.package.runtime
        self._session = Session(source.model(runtime.file), threads) if runtime.kind == "onnx" else None
        self._wanted = tuple(output.name for output in self.signature.outputs)
        context = Context(self.signature, *self._ends(), source.read, self._own_worker)
        try:
            plain = self._session is None  # a Python model is fed columns, and gives columns
            self._before = [] if plain and not self.package.before else making.before(self.package.before, context)
            self._after = [] if plain and not self.package.after else making.after(self.package.after, context)
            if self._session is None or self._worker is not None:
                self._own_worker().start()
        except BaseException:
            self.close()
            raise

    @property
    def signature(self) -> Signature:
        """Of its inputs and outputs."""
        return self.package.signature

    @property
    def foreign(self) -> bool:
        """Whether a worker process runs the user's code: for the model, or for a step."""
        return self._worker is not None

    def predict(self, columns: Columns) -> Columns:
        """Outputs for all rows at once. Raises `BadRows`, `ModelFailed`."""
        feeds: Arrays = {}
        for step in self._before:
            step(columns, feeds)
        outputs = self._run(feeds, columns)
        for finish in self._after:
            finish(outputs, columns, feeds)
        rows = length(columns)
        for name in self._wanted:
            if name not in outputs or len(outputs[name]) != rows:
                got = f"{len(outputs[name])} rows" if name in outputs else f"only {', '.join(outputs)}"
                raise ModelFailed(f"output {name!r} must have {rows} rows, the model gave {got}; register it again")
        return {name: outputs[name] for name in self._wanted}

    def read(self, name: str) -> bytes:
        """A file of its package: from a folder, or from memory. Raises `NotFound`."""
        return self._source.read(name)

    def close(self) -> None:
        """End its worker; it predicts no more."""
        if self._worker is not None:
            self._worker.close()

    def _run(self, feeds: Arrays, columns: Columns) -> Arrays:
        if self._session is None:
            return self._own_worker().call("", feeds or dict(columns))
        wanted = {name: feeds[name] for name in self._session.inputs if name in feeds}
        return self._session.run(wanted, length(wanted))

    def _ends(self) -> tuple[Mapping[str, tuple[Any, tuple[int | None, ...]]], tuple[str, ...]]:
        if self._session is None:
            return {}, self._wanted
        return self._session.inputs, tuple(self._session.outputs)

    def _own_worker(self) -> Worker:
        if self._worker is None:
            self._worker = Worker(self._source, self.package.runtime.function, self._limit)
        return self._worker


def load(source: Path | Mapping[str, bytes], *, threads: int = 1, limit: float = 30.0) -> Loaded:
    """Load a package: its folder, or its files by name as bytes.

    `threads`: of the runtime; `limit`: seconds that a call of the user's code may take.

    Raises `NotFound`, `DamagedFile`, `UsageError` for steps that do not fit the model, `ModelFailed` where it cannot be loaded.
    """
    return Loaded(Source(source), threads, limit)
