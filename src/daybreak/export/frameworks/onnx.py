"""ONNX files of others: taken as they are, or with the axis of rows freed where the graph was made for one row."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.export import graph
from daybreak.export.options import Options
from daybreak.export.source import Made, Way, rows_of
from daybreak.inference.session import Session
from daybreak.registry.package import Runtime

Arrays = dict[str, Any]
FIXED = "Its graph takes {batch} row{s} at a time: rows of a batch are asked one after the other."


def _session(file: Path) -> Session:
    graph.read(file)  # tells a damaged one, and weights that are not there
    return Session(str(file))


class File:
    """A `Core` of an ONNX file, whose weights may lie beside it."""

    framework = "ONNX"

    def __init__(self, file: Path) -> None:
        self.file, self._session = file, _session(file)
        self.inputs = tuple(self._session.inputs)
        self.shapes = {name: shape for name, (_, shape) in self._session.inputs.items()}
        first = [shape[0] for _, shape in self._session.inputs.values() if shape]
        self._batch = first[0] if first and first[0] is not None else None

    def answer(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """What the file says, as it lies there."""
        return self._session.run({name: self._typed(name, feed) for name, feed in feeds.items()}, rows_of(feeds))

    def _typed(self, name: str, feed: NDArray[Any]) -> NDArray[Any]:
        dtype, shape = self._session.inputs[name]
        wide = tuple(-1 if length is None else length for length in shape[1:])
        try:
            reshaped = feed.reshape(len(feed), *wide) if feed.ndim != len(shape) and wide.count(-1) <= 1 else feed
        except ValueError as error:
            takes, got = (
                ", ".join("any" if side in (None, -1) else str(side) for side in of) for of in (wide, feed.shape[1:])
            )
            raise UsageError(
                f"a row of {name!r} is ({takes}), that of the samples ({got}): give rows of that shape"
            ) from error
        return reshaped if dtype is None else np.asarray(reshaped, dtype)

    def files(self, feeds: Arrays, free: Mapping[str, tuple[int, ...]], options: Options) -> Iterator[Way]:
        """With rows freed, and as it is."""
        del feeds, free, options
        if self._batch is not None:
            yield Way("ONNX with rows freed", self._freed)
        yield Way("ONNX as it is", self.copied)

    def _freed(self, folder: Path) -> Made:
        model = graph.read(self.file)
        graph.bare_inputs(model)
        graph.free_rows(model)
        graph.free_reshapes(model, self._batch or 1)
        graph.write(model, folder / "model.onnx")
        graph.session(folder / "model.onnx")
        return Made(Runtime("onnx"), (), ())

    def copied(self, folder: Path) -> Made:
        """As it lies there, its weights inside."""
        model = graph.read(self.file)
        graph.bare_inputs(model)
        graph.write(model, folder / "model.onnx")
        batch = self._batch
        return Made(
            Runtime("onnx"), (), (), () if batch is None else (FIXED.format(batch=batch, s="" if batch == 1 else "s"),)
        )
