"""Torch modules: traced by `torch.export` (no TorchScript), the axis of rows free, checked in other batch sizes by parity."""

import contextlib
import copy
import importlib
import inspect
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from daybreak.base.errors import DamagedFile, NotFound, UsageError
from daybreak.export import graph
from daybreak.export.options import Options
from daybreak.export.source import Made, Way
from daybreak.registry.package import Runtime

Arrays = Mapping[str, NDArray[Any]]

EXAMPLE = 3  # rows to trace with: 0 and 1 are special to torch.export
CHUNK = 256


@dataclass(frozen=True)
class Checkpoint:
    """Weights with the code that builds their network.

    `weights`: .pt (read with `weights_only`, so nothing in it runs) or .safetensors; `builder`: `module:function`, found in the folder
    `code`, which returns a `torch.nn.Module` for `options`; `prefix`: of the network's entries where the file holds others, too.
    """

    weights: Path
    builder: str
    code: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""


def load(checkpoint: Checkpoint) -> torch.nn.Module:
    """The network with its weights. Raises `NotFound`, `DamagedFile`, `UsageError` where code and weights do not belong together."""
    network = _built(checkpoint)
    state = _state(checkpoint.weights)
    named = {
        name.removeprefix(checkpoint.prefix): value
        for name, value in state.items()
        if name.startswith(checkpoint.prefix)
    }
    try:
        network.load_state_dict(named)
    except RuntimeError as error:
        told = " ".join(str(error).split())[:400]
        raise UsageError(f"{checkpoint.weights.name} does not fit what {checkpoint.builder} builds: {told}") from error
    return network


def _built(checkpoint: Checkpoint) -> torch.nn.Module:
    module, _, function = checkpoint.builder.partition(":")
    with _path(checkpoint.code):
        try:
            built = getattr(importlib.import_module(module), function)(**checkpoint.options)
        except (ImportError, AttributeError) as error:
            raise NotFound(
                f"a builder is module:function in {checkpoint.code}, got {checkpoint.builder}: {error}"
            ) from error
    if not isinstance(built, torch.nn.Module):
        raise UsageError(f"{checkpoint.builder} returns a torch.nn.Module, got {type(built).__name__}")
    return built


@contextlib.contextmanager
def _path(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _state(weights: Path) -> dict[str, Any]:
    if not weights.is_file():
        raise NotFound(f"no such checkpoint: {weights}")
    try:
        if weights.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(str(weights)))
        found = torch.load(weights, map_location="cpu", weights_only=True)
    except ImportError as error:
        raise UsageError(
            f"{weights.name} is read by {error.name}, which is missing: pip install {error.name}"
        ) from error
    except Exception as error:  # pickle's, zip's and torch's own
        raise DamagedFile(
            f"{weights} holds no plain weights ({str(error).splitlines()[0][:200]}); save a state_dict"
        ) from error
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    return dict(found)


@contextlib.contextmanager
def judging(network: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The network in evaluation mode (no dropout, kept batch statistics), each of its modules as it was afterwards."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            yield network
    finally:
        for module, training in modes:
            module.training = training


class Network:
    """A `Core` of a torch module. Its inputs are the arguments of its `forward`, as many as there are arrays."""

    framework = "torch"

    def __init__(self, network: torch.nn.Module, inputs: Sequence[str] = ()) -> None:
        self.network = network
        self.inputs = tuple(inputs) or _arguments(network)

    def answer(self, feeds: Arrays) -> dict[str, NDArray[Any]]:
        """What the network itself says, in evaluation mode."""
        return answer(self.network, feeds)

    def files(self, feeds: Arrays, free: Mapping[str, tuple[int, ...]], options: Options) -> Iterator[Way]:
        """By `torch.export`."""

        def write(folder: Path) -> Made:
            convert(self.network, feeds, folder / "model.onnx", free=free, opset=options.opset)
            return Made(Runtime("onnx"), (), ())

        yield Way("ONNX", write)


def _arguments(network: torch.nn.Module) -> tuple[str, ...]:
    """Names of what `forward` must be given."""
    parameters = inspect.signature(network.forward).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = tuple(
        parameter.name
        for parameter in parameters
        if parameter.kind in kinds and parameter.default is inspect.Parameter.empty
    )
    return needed or ("x",)


def answer(network: torch.nn.Module, feeds: Arrays) -> dict[str, NDArray[Any]]:
    """What the network itself says: feeds by position, outputs as `output_0`, `output_1`, ... or by its own names."""
    device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
    rows = len(next(iter(feeds.values())))
    with judging(network):
        parts = [
            _outputs(
                network(
                    *(
                        torch.from_numpy(np.ascontiguousarray(feed[at : at + CHUNK])).to(device)
                        for feed in feeds.values()
                    )
                )
            )
            for at in range(0, rows, CHUNK)
        ]
    return {name: np.concatenate([part[name].cpu().numpy() for part in parts]) for name in parts[0]}


def _outputs(result: Any) -> dict[str, torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return {"output_0": result}
    if isinstance(result, Mapping):
        return {str(name): value for name, value in result.items() if isinstance(value, torch.Tensor)}
    return {f"output_{place}": value for place, value in enumerate(result) if isinstance(value, torch.Tensor)}


class _Plain(torch.nn.Module):  # type: ignore[misc]
    """The same network with a tuple for its outputs: what the exporter numbers is what `answer` names."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *feeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(_outputs(self.network(*feeds)).values())


def convert(
    network: torch.nn.Module,
    feeds: Arrays,
    file: Path,
    *,
    free: Mapping[str, tuple[int, ...]],
    opset: int | None = None,
) -> None:
    """Write the network as ONNX. `free`: further axes of a feed that have any length. Raises `UsageError` with what torch could not do."""
    there = all(parameter.device.type == "cpu" for parameter in network.parameters())
    plain = _Plain(network if there else copy.deepcopy(network).cpu())
    examples = tuple(torch.from_numpy(np.ascontiguousarray(feed[:EXAMPLE])) for feed in feeds.values())
    rows = torch.export.Dim("rows", min=1)
    axes = tuple({0: rows} | dict.fromkeys(free.get(name, ()), torch.export.Dim.DYNAMIC) for name in feeds)
    with judging(plain), quiet():
        names = list(_outputs(plain.network(*examples)))
        try:
            program = torch.onnx.export(
                plain,
                examples,
                dynamo=True,
                external_data=False,
                dynamic_shapes=(axes,),
                input_names=list(feeds),
                output_names=names,
                opset_version=opset,
                verbose=False,
            )
        except Exception as error:
            raise UsageError(f"torch could not export {type(network).__name__}: {_reason(error)}") from error
    model = program.model_proto
    graph.free_rows(model)
    graph.write(model, file)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the exporter's notes on packages that it might have used and on its own future."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logger.setLevel(level)


def _reason(error: BaseException) -> str:
    """Its innermost cause, in one line: what torch wraps around it explains torch."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines[:3])[:400]}"
