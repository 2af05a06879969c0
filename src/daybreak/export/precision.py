"""Smaller numbers: half precision, and whole numbers of eight bits whose ranges real rows told."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from daybreak.base.errors import UsageError
from daybreak.export import graph
from daybreak.export.judging import Judge
from daybreak.export.options import Options
from daybreak.export.source import Made, chosen, rows_of
from daybreak.export.stage import Stage
from daybreak.inference.session import Session
from daybreak.registry.package import Runtime

BATCH = 32
HALF = "Weights are float16: half the size; on a CPU the runtime computes in float32, so it is no faster."
BYTES = "Weights and activations are int8, their ranges measured on {rows} rows: rows beyond those ranges are cut off."


def lowered(made: Made, judge: Judge, stage: Stage, options: Options, folder: Path) -> Made:
    """The same in the precision that options ask for; float32 as it is. Raises `UsageError` for a graph that has nothing to lower."""
    if options.precision == "float32":
        return made
    file = folder / made.runtime.file
    if options.precision == "float16":
        _half(file)
        limit = HALF
    else:
        _bytes(file, _feeds(made, judge, stage, file))
        limit = BYTES.format(rows=rows_of(judge.calibration))
    runtime: Runtime = msgspec.structs.replace(made.runtime, precision=options.precision)
    return Made(runtime, made.before, made.after, (*made.limits, limit))


def _half(file: Path) -> None:
    try:
        from onnxruntime.transformers.float16 import convert_float_to_float16
        from onnxruntime.transformers.onnx_model import OnnxModel
    except ImportError as error:
        raise UsageError("float16 is made by onnxruntime, which is missing: pip install 'daybreak[serve]'") from error
    model = graph.read(file)
    before = model.ByteSize()
    with _quiet(), _told("float16"):
        half = convert_float_to_float16(model, keep_io_types=True)
        OnnxModel(half).topological_sort()  # the converter leaves its casts at the end
    if half.ByteSize() >= before:
        raise UsageError(
            "float16 halves weights of networks, this graph has none to halve (trees have thresholds): leave it in float32"
        )
    graph.write(half, file)


class _Reader:
    """Rows for the calibration, as onnxruntime asks for them."""

    def __init__(self, feeds: list[dict[str, Any]]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> dict[str, Any] | None:
        """The next feeds, None at the end."""
        return next(self._feeds, None)


def _feeds(made: Made, judge: Judge, stage: Stage, file: Path) -> list[dict[str, Any]]:
    session = Session(str(file))
    found = []
    for at in range(0, rows_of(judge.calibration), BATCH):
        held = stage.feeds(
            made.before, judge.signature, session.inputs, chosen(judge.calibration, slice(at, at + BATCH))
        )
        found.append({name: held[name] for name in session.inputs})
    return found


def _bytes(file: Path, feeds: list[dict[str, Any]]) -> None:
    try:
        from onnxruntime.quantization import quantize_static
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError as error:
        told = f"int8 is made by onnxruntime with onnx, {error.name} is missing: pip install 'daybreak[serve,export]'"
        raise UsageError(told) from error
    ready, made = file.with_suffix(".ready"), file.with_suffix(".int8")
    try:
        with _quiet(), _told("int8"):
            quant_pre_process(str(file), str(ready), skip_symbolic_shape=True)
            _by_channel_or_tensor(quantize_static, ready, made, feeds)
        if not any(node.op_type == "QuantizeLinear" for node in graph.read(made).graph.node):
            raise UsageError("int8 is for multiplications of networks, this graph has none: leave it in float32")
        made.replace(file)
    finally:
        for leftover in (ready, made):
            leftover.unlink(missing_ok=True)


def _by_channel_or_tensor(quantize: Any, ready: Path, made: Path, feeds: list[dict[str, Any]]) -> None:
    """A scale for each channel of the weights, or one for all of them where the runtime's own arithmetic of the former fails."""
    from onnxruntime.quantization import QuantFormat, QuantType

    kinds = {"quant_format": QuantFormat.QDQ, "activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8}
    try:
        quantize(str(ready), str(made), _Reader(feeds), per_channel=True, **kinds)
    except ValueError:  # an addition behind a product is taken for a bias, whose scale it compares as one number
        quantize(str(ready), str(made), _Reader(feeds), per_channel=False, **kinds)


@contextlib.contextmanager
def _told(precision: str) -> Iterator[None]:
    """What the runtime's tools raise, which have no class of their own, as `UsageError`."""
    try:
        yield
    except Exception as error:
        raise UsageError(f"onnxruntime cannot make {precision} of this graph: {str(error)[:300]}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without advice to do what is being done."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
