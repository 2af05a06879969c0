"""ONNX files: one file, its free batch axis, the outputs that are needed, a folded graph."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from daybreak.base.errors import DamagedFile, NotFound, UsageError

LARGEST = 2**31 - 1  # protobuf's: a message is at most 2 GB


def onnx_module() -> Any:
    """The package onnx. Raises `UsageError` where it is missing."""
    try:
        import onnx
    except ImportError as error:
        raise UsageError("models are exported by onnx, which is missing: pip install 'daybreak[export]'") from error
    return onnx


def read(file: Path) -> Any:
    """A model with its weights inside. Raises `NotFound`, `DamagedFile`, `UsageError` for weights in other files that are absent."""
    onnx = onnx_module()
    try:
        return onnx.load(str(file))
    except FileNotFoundError as error:
        raise NotFound(
            f"no such model: {error.filename or file}; weights that lie beside an ONNX file go with it"
        ) from error
    except onnx.checker.ValidationError as error:
        raise UsageError(f"{file} keeps weights in a file that is not beside it: {error}") from error
    except Exception as error:  # protobuf's DecodeError has many homes
        raise DamagedFile(f"{file} is no ONNX model: {error}") from error


def write(model: Any, file: Path) -> None:
    """Write it as one file, batch axis free. Raises `UsageError` from 2 GB on, and where the checker finds it malformed."""
    onnx = onnx_module()
    if (size := model.ByteSize()) > LARGEST:
        raise UsageError(
            f"an ONNX model is one file under 2 GB, this has {size / 2**30:.1f} GiB: export it with precision float16"
        )
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise UsageError(f"the exporter wrote a malformed graph: {error}") from error
    file.write_bytes(model.SerializeToString())


def bare_inputs(model: Any) -> None:
    """Take weights out of the inputs, where files before IR version 4 list them: converters take them for what callers give."""
    constants = {tensor.name for tensor in model.graph.initializer}
    if constants.intersection(value.name for value in model.graph.input):
        _only(model.graph.input, [value for value in model.graph.input if value.name not in constants])
        model.ir_version = max(model.ir_version, 4)


def keep_outputs(model: Any, names: Sequence[str]) -> None:
    """Drop the outputs that nobody reads, and the nodes that nothing else needs."""
    graph = model.graph
    _only(graph.output, [output for output in graph.output if output.name in names])
    needed, kept = set(names), []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input, _read_inside(node))
    _only(graph.node, kept[::-1])
    _only(graph.initializer, [tensor for tensor in graph.initializer if tensor.name in needed])


def _read_inside(node: Any) -> set[str]:
    """What graphs inside a node (of If, Loop, Scan) may read from outside."""
    graphs = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
    inner = {name for graph in graphs for deep in graph.node for name in (*deep.input, *_read_inside(deep))}
    return inner | {output.name for graph in graphs for output in graph.output}


def _only(repeated: Any, items: list[Any]) -> None:
    copies = [type(item).FromString(item.SerializeToString()) for item in items]
    del repeated[:]
    repeated.extend(copies)


def free_rows(model: Any) -> None:
    """Name the first axis of each input and output `rows`: exporters have been seen to write 1 for it, or a name a piece."""
    for value in (*model.graph.input, *model.graph.output):
        dimensions = value.type.tensor_type.shape.dim
        if dimensions:
            dimensions[0].Clear()
            dimensions[0].dim_param = "rows"


def optimise(file: Path) -> None:
    """Fold constants and fuse nodes, to ONNX's own operators alone: any runtime on any machine still reads it.

    Raises `UsageError` where the runtime cannot.
    """
    runtime = runtime_module()
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    folded = file.with_suffix(".folded")
    options.optimized_model_filepath = str(folded)
    options.log_severity_level = 3
    _run(runtime, file, options)
    folded.replace(file)


def session(file: Path) -> Any:
    """A session on one thread. Raises `UsageError` where the runtime cannot run the graph."""
    runtime = runtime_module()
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return _run(runtime, file, options)


def _run(runtime: Any, file: Path, options: Any) -> Any:
    try:
        return runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime has a dozen classes of its own
        raise UsageError(f"onnxruntime cannot run {file.name}: {str(error).splitlines()[0][:300]}") from error


def runtime_module() -> Any:
    """The package onnxruntime. Raises `UsageError` where it is missing."""
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError("models run on onnxruntime, which is missing: pip install 'daybreak[serve]'") from error
    return onnxruntime


def free_reshapes(model: Any, batch: int) -> None:
    """Let what reshapes to `batch` rows reshape to as many as there are, and forget shapes that were written for so many.

    Only where the rest of the shape is fixed; whether that is what the graph meant is for parity to say.
    """
    onnx = onnx_module()
    constants = {
        output: node.attribute[0].t for node in model.graph.node if node.op_type == "Constant" for output in node.output
    }
    tensors = {tensor.name: tensor for tensor in model.graph.initializer} | constants
    data = _fed(model)
    for node in (node for node in model.graph.node if node.op_type == "Reshape" and node.input[0] in data):
        tensor = tensors.get(node.input[1])
        if tensor is None:
            continue
        shape = onnx.numpy_helper.to_array(tensor).tolist()
        if shape[:1] == [batch] and -1 not in shape:
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.array([-1, *shape[1:]], np.int64), tensor.name))
    del model.graph.value_info[:]


def _fed(model: Any) -> set[str]:
    """Names of all values that depend on what the graph is fed."""
    found = {value.name for value in model.graph.input}
    for node in model.graph.node:
        if found.intersection(node.input):
            found.update(node.output)
    return found
