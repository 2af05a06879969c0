"""The last layer of an ONNX graph: logits = features @ weight + bias. Imports onnx: for the tuning process alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from daybreak.base.errors import UsageError

PASSING = {
    "Softmax",
    "LogSoftmax",
    "Sigmoid",
    "Identity",
    "Cast",
    "Flatten",
    "ArgMax",
    "ZipMap",
    "Squeeze",
    "ArrayFeatureExtractor",
}
SHAPING = {"Reshape", "Identity", "Flatten", "Squeeze", "Unsqueeze"}  # leave the order of numbers as it is


@dataclass(frozen=True)
class Head:
    """`features`, `logits`: tensors of the graph; `weight`, `bias`: initializers (bias may be missing); `transposed`: weight is stored so.

    `values`: weight of (features, classes) and bias of (classes,), as float64.
    """

    features: str
    logits: str
    weight: str
    bias: str | None
    transposed: bool
    values: tuple[NDArray[np.float64], NDArray[np.float64]]


def find(model: bytes) -> Head:
    """The one last layer. Raises `UsageError` where there is none, or several, or one that shares its weights."""
    graph = onnx.load_from_string(model).graph
    made = {output: node for node in graph.node for output in node.output}
    heads = {found.output[0]: found for output in graph.output if (found := _last(output.name, made)) is not None}
    if len(heads) != 1:
        raise UsageError(
            f"a model that is tuned here ends in one Gemm, or MatMul and Add, before its outputs; this one has {len(heads)} such layers"
            " (operators of other libraries and int8 layers are not fitted); tune it where it was trained"
        )
    return _described(graph, made, *heads.values())


def _last(name: str, made: dict[str, Any]) -> Any | None:
    node = made.get(name)
    while node is not None and node.op_type in PASSING:
        node = made.get(node.input[0])
    if node is None or node.op_type not in ("Gemm", "MatMul", "Add"):
        return None
    if node.op_type == "Add" and not any(made.get(each) and made[each].op_type == "MatMul" for each in node.input):
        return None
    return node


def _described(graph: Any, made: dict[str, Any], last: Any) -> Head:
    stored = {tensor.name: tensor for tensor in graph.initializer}
    product, bias = last, None
    transposed = False
    if last.op_type == "Gemm":
        options = {each.name: onnx.helper.get_attribute_value(each) for each in last.attribute}
        if options.get("transA", 0) or options.get("alpha", 1.0) != 1.0 or options.get("beta", 1.0) != 1.0:
            raise UsageError(
                "a last layer that is tuned here is plain: its Gemm has transA, alpha or beta; export the model again"
            )
        transposed = bool(options.get("transB", 0))
        bias = _initializer(last.input[2], made, stored) if len(last.input) > 2 else None  # noqa: PLR2004
    elif last.op_type == "Add":
        product = next(made[each] for each in last.input if each in made and made[each].op_type == "MatMul")
        bias = _initializer(next(each for each in last.input if each != product.output[0]), made, stored)
    weight = _initializer(product.input[1], made, stored)
    _check_own(graph, [weight, *([bias] if bias else [])])
    return Head(
        product.input[0], last.output[0], weight, bias, transposed, _values(stored, weight, bias, transposed=transposed)
    )


def _initializer(name: str, made: dict[str, Any], stored: dict[str, Any]) -> str:
    while name in made and made[name].op_type in SHAPING:
        name = made[name].input[0]
    if name not in stored or stored[name].data_type not in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16):
        raise UsageError(
            f"the last layer's numbers are computed or quantised ({name}); tune the model where it was trained"
        )
    return name


def _check_own(graph: Any, names: list[str]) -> None:
    for name in names:
        users = [node.op_type for node in graph.node if name in node.input]
        if len(users) != 1:
            raise UsageError(
                f"the last layer shares {name} with other layers ({', '.join(users)}); tune the model where it was trained"
            )


def _values(
    stored: Any, weight: str, bias: str | None, *, transposed: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    matrix = numpy_helper.to_array(stored[weight]).astype(np.float64)
    if bias is None:
        raise UsageError(
            "the last layer has no bias, so how many outputs it has is not told; tune the model where it was trained"
        )
    offset = numpy_helper.to_array(stored[bias]).astype(np.float64).reshape(-1)
    flat = matrix.reshape(len(offset), -1).T if transposed else matrix.reshape(-1, len(offset))
    return flat, offset


def with_outputs(model: bytes, names: tuple[str, ...]) -> bytes:
    """The same model that also gives these tensors."""
    made = onnx.load_from_string(model)
    have = {output.name for output in made.graph.output}
    made.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names if name not in have)
    return made.SerializeToString()  # type: ignore[no-any-return]
