"""Curves from the LCBench surrogate of YAHPO Gym (Pfisterer et al., 2022; Zimmer et al., 2021): any configuration may be asked.

A folder with `model.onnx`, `encoding.json` and `config_space.json`. The model takes a data set and seven hyperparameters at an
epoch, and answers with seconds since the start and five figures. Hyperparameters that the space lacks stay at their defaults.
Needs onnxruntime, which Daybreak does not install.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import UsageError
from daybreak.spec.domains import Point
from daybreak.spec.models import Experiment

# The order of the model's inputs and outputs is fixed by its authors and not written in the files beside it.
EPOCH = "epoch"
INPUTS = (EPOCH, "batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout")
OUTPUTS = (
    "time",
    "val_accuracy",
    "val_cross_entropy",
    "val_balanced_accuracy",
    "test_cross_entropy",
    "test_balanced_accuracy",
)
DATA_SET = "OpenML_task_id"


class SurrogateCurve:
    """One configuration, all its epochs predicted at once."""

    __slots__ = ("_ends", "_values", "length")

    def __init__(self, predicted: NDArray[np.float32], names: tuple[str, ...]) -> None:
        self.length: int | None = len(predicted)
        places = [OUTPUTS.index(name) for name in names]
        self._values = [dict(zip(names, map(float, row[places]), strict=True)) for row in predicted]
        # Predictions may go back; time does not.
        ends = np.maximum.accumulate(np.maximum(predicted[:, 0].astype(float), 1e-3))
        growing: list[float] = (ends + 1e-6 * np.arange(1, len(ends) + 1)).tolist()
        self._ends = [0.0, *growing]

    def metrics(self, units: int) -> dict[str, float]:
        """As predicted for this epoch."""
        return self._values[units - 1]

    def elapsed(self, units: int) -> float:
        """As predicted, made to grow."""
        last = len(self._values)
        return self._ends[min(units, last)] + max(0, units - last) * (self._ends[last] - self._ends[last - 1])


class SurrogateCurves:
    """The surrogate for one data set. Raises `UsageError` for a missing file, runtime, metric or data set."""

    def __init__(self, folder: Path, spec: Experiment, data_set: str) -> None:
        self._names = tuple(objective.metric for objective in spec.objectives)
        unknown = [name for name in self._names if name not in OUTPUTS]
        if unknown:
            raise UsageError(
                f"objectives of this surrogate must be among {', '.join(OUTPUTS)}, got {', '.join(unknown)}"
            )
        self._session = _open(folder / "model.onnx")
        self._defaults, self._epochs = _space(folder / "config_space.json")
        codes = json.loads((folder / "encoding.json").read_text(encoding="utf-8"))[DATA_SET]
        if data_set not in codes:
            raise UsageError(f"the data set must be one of {', '.join(sorted(codes))}, got {data_set!r}")
        self._code = codes[data_set]

    def curve(self, point: Point, seed: int) -> SurrogateCurve:
        """The configuration's predicted run; the same for every seed."""
        del seed
        row = [0.0 if name == EPOCH else float(point.get(name, self._defaults[name])) for name in INPUTS]
        inputs = np.tile(np.array(row, dtype=np.float32), (self._epochs, 1))
        inputs[:, 0] = np.arange(1, self._epochs + 1)
        codes = np.full((self._epochs, 1), self._code, dtype=np.int32)
        return SurrogateCurve(self._session.run(None, {"x_cat": codes, "x_cont": inputs})[0], self._names)


def _open(model: Path) -> Any:
    if not model.is_file():
        raise UsageError(
            f"a surrogate is a folder with model.onnx, encoding.json and config_space.json, {model} is missing"
        )
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError("a surrogate needs onnxruntime: pip install onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # sums in one order: the same bits each time
    return onnxruntime.InferenceSession(str(model), options)


def _space(path: Path) -> tuple[dict[str, float], int]:
    """Defaults of the hyperparameters, and the number of epochs."""
    described = json.loads(path.read_text(encoding="utf-8"))["hyperparameters"]
    defaults = {one["name"]: float(one["default"]) for one in described if one["type"] != "categorical"}
    epochs = next(one["upper"] for one in described if one["name"] == EPOCH)
    return defaults, int(epochs)
