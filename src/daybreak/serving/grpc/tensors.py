"""Between messages of gRPC and tensors: raw bytes beside the message, or typed contents in it."""

from typing import Any

import numpy as np

from daybreak.serving.grpc.messages import message
from daybreak.serving.problems import refuse
from daybreak.serving.v2.infer import Answered, Asked, Parameters, Wanted
from daybreak.serving.v2.tensors import BYTES, Tensor, dtype_of, from_binary, objects, shaped, to_binary

CONTENTS = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
_AXES = 8

_Response = message("ModelInferResponse")


def read(request: Any) -> Asked:
    """A `ModelInferRequest`. Raises `Refusal` (bad_tensor)."""
    raw = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise refuse(
            "bad_tensor", f"raw_input_contents has bytes for {len(raw)} inputs, the request has {len(request.inputs)}"
        )
    tensors = [_tensor(sent, raw[place] if raw else None) for place, sent in enumerate(request.inputs)]
    wanted = [Wanted(one.name, _parameters(one.parameters)) for one in request.outputs]
    return Asked(tensors, request.id, _parameters(request.parameters), wanted)


def write(asked: Asked, answered: Answered) -> Any:
    """A `ModelInferResponse`, its tensors as raw bytes."""
    call = answered.call
    response = _Response(id=asked.id or call.id)
    if call.arm is not None:
        response.model_name, response.model_version = call.arm.served.model, str(call.arm.served.version)
    response.parameters["request_id"].string_param = call.id
    for _, _, tensor in answered.outputs:
        response.outputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.array.shape)
        response.raw_output_contents.append(to_binary(tensor))
    return response


def _tensor(sent: Any, raw: bytes | None) -> Tensor:
    shape = list(sent.shape)
    if not 1 <= len(shape) <= _AXES or min(shape) < 0:
        raise refuse(
            "bad_tensor", f"a shape has 1 to {_AXES} axes of 0 or more, {sent.name} has {shape[:20]}", sent.name
        )
    if raw is not None:
        return from_binary(sent.name, sent.datatype, shape, memoryview(raw))
    dtype = dtype_of(sent.name, sent.datatype)
    if sent.datatype not in CONTENTS:
        raise refuse("bad_tensor", f"{sent.datatype} goes as raw_input_contents alone", sent.name)
    values = getattr(sent.contents, CONTENTS[sent.datatype])
    try:
        array = objects(list(values)) if sent.datatype == BYTES else np.array(values, dtype)
    except OverflowError as error:
        raise refuse("bad_tensor", f"a value of {sent.name} is no {sent.datatype}: {error}", sent.name) from error
    return Tensor(sent.name, sent.datatype, shaped(sent.name, array, shape))


def _parameters(sent: Any) -> Parameters:
    return {
        name: getattr(value, value.WhichOneof("parameter_choice") or "string_param") for name, value in sent.items()
    }
