"""A model in onnxruntime: feeds in, outputs out, for any number of rows.

Threads do not spin while they wait: a replica that waits must cost nothing, and on a busy machine spinning halves what others get.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import ModelFailed, UsageError

Arrays = dict[str, Any]

DTYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(int16)": np.int16,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(uint16)": np.uint16,
    "tensor(uint32)": np.uint32,
    "tensor(uint64)": np.uint64,
    "tensor(bool)": np.bool_,
    "tensor(string)": np.object_,
}


class Session:
    """One model, loaded. `inputs`: name -> (dtype, shape), with None for a free axis; `outputs`: names, in the model's order."""

    def __init__(self, model: str | bytes, threads: int = 1) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise UsageError("models run on onnxruntime, which is missing: pip install 'daybreak[serve]'") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions share no base
            raise ModelFailed(f"onnxruntime cannot load the model: {_first_line(error)}; export it again") from error
        self.inputs: dict[str, tuple[Any, tuple[int | None, ...]]] = {
            node.name: (DTYPES.get(node.type), _shape(node.shape)) for node in self._session.get_inputs()
        }
        self.outputs: list[str] = [node.name for node in self._session.get_outputs()]
        self._fixed = {shape[0] for _, shape in self.inputs.values() if shape and shape[0] is not None}

    def run(self, feeds: Arrays, rows: int) -> Arrays:
        """Outputs by name. A model of a fixed batch is run as often as it takes. Raises `ModelFailed`."""
        try:
            if not self._fixed or self._fixed == {rows}:
                return dict(zip(self.outputs, self._session.run(self.outputs, feeds), strict=True))
            return self._in_pieces(feeds, rows, min(self._fixed))
        except Exception as error:
            raise ModelFailed(f"onnxruntime failed: {_first_line(error)}") from error

    def _in_pieces(self, feeds: Arrays, rows: int, batch: int) -> Arrays:
        """The last piece is filled up with rows of its own."""
        found = []
        for start in range(0, max(rows, 1), batch):
            piece = {name: _filled(array[start : start + batch], batch) for name, array in feeds.items()}
            found.append(self._session.run(self.outputs, piece))
        return {name: np.concatenate([part[place] for part in found])[:rows] for place, name in enumerate(self.outputs)}


def _filled(array: NDArray[Any], batch: int) -> NDArray[Any]:
    if not len(array):
        return np.zeros((batch, *array.shape[1:]), array.dtype)
    return array if len(array) == batch else array[np.arange(batch) % len(array)]


def _shape(shape: list[Any]) -> tuple[int | None, ...]:
    return tuple(length if isinstance(length, int) and length > 0 else None for length in shape)


def _first_line(error: BaseException) -> str:
    return f"{error}".strip().split("\n")[0][:300]
