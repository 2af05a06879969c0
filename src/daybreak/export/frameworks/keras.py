"""Keras 3 models of any backend, exported through torch: the file .keras is the same for all of them, and so is what it computes.

A model that is live on another backend (JAX, TensorFlow) answers there itself; its export is made by a process of its own on torch.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import DamagedFile, UsageError
from daybreak.export.options import Options
from daybreak.export.source import Made, Way, rows_of
from daybreak.registry.package import Runtime

Arrays = Mapping[str, NDArray[Any]]
CHUNK = 256
MODULE = "daybreak.export.frameworks.keras"


def load(file: Path) -> Any:
    """A model from .keras, without code of its own (Lambda layers are refused). Raises `UsageError`, `DamagedFile`."""
    try:
        if "keras" not in sys.modules and not (Path.home() / ".keras" / "keras.json").exists():
            os.environ.setdefault("KERAS_BACKEND", "torch")  # its own default is TensorFlow
        import keras
    except ImportError as error:
        raise UsageError(f"{file.name} is read by Keras, which is missing: pip install 'daybreak[keras]'") from error
    try:
        with _quiet():
            return keras.saving.load_model(file, safe_mode=True)
    except (ValueError, TypeError, OSError) as error:
        raise DamagedFile(
            f"{file} is no Keras model that can be loaded without code of its own: {str(error)[:200]}"
        ) from error


class Keras:
    """A `Core` of a live Keras model."""

    framework = "Keras"

    def __init__(self, model: Any) -> None:
        self.model = model
        try:
            self.inputs = tuple(str(tensor.name) for tensor in model.inputs)
        except (AttributeError, TypeError, ValueError):  # a subclassed model that was never called knows no inputs
            self.inputs = ("x",)

    def answer(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """What the model itself says, not in training."""
        from keras import ops

        with _quiet():
            parts = [
                {
                    name: ops.convert_to_numpy(value)
                    for name, value in _outputs(_called(self.model, list(_cut(feeds, at)))).items()
                }
                for at in range(0, rows_of(dict(feeds)), CHUNK)
            ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def files(self, feeds: Arrays, free: Mapping[str, tuple[int, ...]], options: Options) -> Iterator[Way]:
        """By torch: here, or in a process of its own."""
        import keras

        def write(folder: Path) -> Made:
            if keras.config.backend() == "torch":
                convert(self.model, feeds, folder / "model.onnx", free, options.opset)
            else:
                _elsewhere(self.model, feeds, folder / "model.onnx", free, options.opset)
            return Made(Runtime("onnx"), (), ())

        yield Way("ONNX", write)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Keras's remarks on NumPy's future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _cut(feeds: Arrays, at: int) -> Iterator[NDArray[Any]]:
    return (feed[at : at + CHUNK] for feed in feeds.values())


def _called(model: Any, feeds: list[Any]) -> Any:
    return model(feeds[0] if len(feeds) == 1 else feeds, training=False)


def _outputs(result: Any) -> dict[str, Any]:
    if isinstance(result, Mapping):
        return {str(name): value for name, value in result.items()}
    values = result if isinstance(result, (list, tuple)) else [result]
    return {f"output_{place}": value for place, value in enumerate(values)}


def convert(model: Any, feeds: Arrays, file: Path, free: Mapping[str, tuple[int, ...]], opset: int | None) -> None:
    """Write a model whose backend is torch. Raises `UsageError`."""
    import torch

    from daybreak.export.frameworks import torch as by_torch

    class Called(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *given: torch.Tensor) -> dict[str, torch.Tensor]:
            return _outputs(_called(self.model, list(given)))

    by_torch.convert(Called(), feeds, file, free=free, opset=opset)


def _elsewhere(model: Any, feeds: Arrays, file: Path, free: Mapping[str, tuple[int, ...]], opset: int | None) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with _quiet():
            model.save(folder / "model.keras")
        np.savez(folder / "feeds.npz", **dict(feeds))  # type: ignore[arg-type]
        told = json.dumps(
            {"free": free, "opset": opset, "file": str(file.absolute()), "code": str(Path(sys.path[0]).absolute())}
        )
        command = [sys.executable, "-P", "-m", MODULE, str(folder), told]
        environment = {**os.environ, "KERAS_BACKEND": "torch"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise UsageError(
            f"Keras on torch could not export it ({lines[-1][:300] if lines else 'without a word'}); train it on KERAS_BACKEND=torch"
        )


def _here(folder: Path, told: dict[str, Any]) -> None:
    with np.load(folder / "feeds.npz", allow_pickle=False) as held:
        feeds = {name: held[name] for name in held.files}
    sys.path.append(told["code"])  # where a model's own layers may lie; last, so that no file there hides a library
    free = {name: tuple(axes) for name, axes in told["free"].items()}
    convert(load(folder / "model.keras"), feeds, Path(told["file"]), free, told["opset"])


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        _here(Path(sys.argv[1]), json.loads(sys.argv[2]))
