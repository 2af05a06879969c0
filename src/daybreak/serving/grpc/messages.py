"""Messages of the Open Inference Protocol over gRPC, built from a descriptor that stands here as data.

Generated modules are bound to the protobuf release that made them, and would clash in one process with those of a client library that
registers the same names. These live in a pool of their own; numbers of fields are those of KServe's and Triton's grpc_service.proto.
"""

from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"
METHODS = ("ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer")

_Field = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "bool": _Field.TYPE_BOOL,
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "uint32": _Field.TYPE_UINT32,
    "uint64": _Field.TYPE_UINT64,
    "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE,
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
}
_PARAMETERS = ("parameters", 4, "map InferParameter")
_TENSOR = (("name", 1, "string"), ("datatype", 2, "string"), ("shape", 3, "many int64"))
_NAMED = (("name", 1, "string"), ("version", 2, "string"))
_CONTENTS = (*_TENSOR, _PARAMETERS, ("contents", 5, "InferTensorContents"))
# message -> (field, number, type); `many`: repeated, `map`: from strings, `one`: of the oneof parameter_choice
_MESSAGES: dict[str, tuple[tuple[str, int, str], ...]] = {
    "ServerLiveRequest": (),
    "ServerLiveResponse": (("live", 1, "bool"),),
    "ServerReadyRequest": (),
    "ServerReadyResponse": (("ready", 1, "bool"),),
    "ModelReadyRequest": _NAMED,
    "ModelReadyResponse": (("ready", 1, "bool"),),
    "ServerMetadataRequest": (),
    "ServerMetadataResponse": (*_NAMED, ("extensions", 3, "many string")),
    "ModelMetadataRequest": _NAMED,
    "ModelMetadataResponse": (
        ("name", 1, "string"),
        ("versions", 2, "many string"),
        ("platform", 3, "string"),
        ("inputs", 4, "many ModelMetadataResponse.TensorMetadata"),
        ("outputs", 5, "many ModelMetadataResponse.TensorMetadata"),
    ),
    "ModelMetadataResponse.TensorMetadata": _TENSOR,
    "InferParameter": (
        ("bool_param", 1, "one bool"),
        ("int64_param", 2, "one int64"),
        ("string_param", 3, "one string"),
        ("double_param", 4, "one double"),
        ("uint64_param", 5, "one uint64"),
    ),
    "InferTensorContents": (
        ("bool_contents", 1, "many bool"),
        ("int_contents", 2, "many int32"),
        ("int64_contents", 3, "many int64"),
        ("uint_contents", 4, "many uint32"),
        ("uint64_contents", 5, "many uint64"),
        ("fp32_contents", 6, "many float"),
        ("fp64_contents", 7, "many double"),
        ("bytes_contents", 8, "many bytes"),
    ),
    "ModelInferRequest": (
        ("model_name", 1, "string"),
        ("model_version", 2, "string"),
        ("id", 3, "string"),
        _PARAMETERS,
        ("inputs", 5, "many ModelInferRequest.InferInputTensor"),
        ("outputs", 6, "many ModelInferRequest.InferRequestedOutputTensor"),
        ("raw_input_contents", 7, "many bytes"),
    ),
    "ModelInferRequest.InferInputTensor": _CONTENTS,
    "ModelInferRequest.InferRequestedOutputTensor": (("name", 1, "string"), ("parameters", 2, "map InferParameter")),
    "ModelInferResponse": (
        ("model_name", 1, "string"),
        ("model_version", 2, "string"),
        ("id", 3, "string"),
        _PARAMETERS,
        ("outputs", 5, "many ModelInferResponse.InferOutputTensor"),
        ("raw_output_contents", 6, "many bytes"),
    ),
    "ModelInferResponse.InferOutputTensor": _CONTENTS,
}


def _described() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="daybreak/inference.proto", package=PACKAGE, syntax="proto3")
    made: dict[str, Any] = {}
    for name, fields in _MESSAGES.items():
        outer, _, inner = name.rpartition(".")
        made[name] = (made[outer].nested_type if outer else file.message_type).add(name=inner)
        _describe(made[name], name, fields)
    return file


def _describe(message: Any, name: str, fields: Iterable[tuple[str, int, str]]) -> None:
    for field, number, told in fields:
        how, _, kind = told.rpartition(" ")
        added = message.field.add(name=field, number=number)
        added.label = _Field.LABEL_REPEATED if how in ("many", "map") else _Field.LABEL_OPTIONAL
        if how == "map":
            kind = _entry(message, name, field, kind)
        if how == "one":
            if not message.oneof_decl:
                message.oneof_decl.add(name="parameter_choice")
            added.oneof_index = 0
        added.type = _TYPES.get(kind, _Field.TYPE_MESSAGE)
        if kind not in _TYPES:
            added.type_name = f".{PACKAGE}.{kind}"


def _entry(message: Any, name: str, field: str, kind: str) -> str:
    """The message that an entry of a map is (the compiler makes it of `map<string, KIND>`)."""
    entry = message.nested_type.add(name=f"{field.capitalize()}Entry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=_Field.LABEL_OPTIONAL, type=_Field.TYPE_STRING)
    entry.field.add(
        name="value", number=2, label=_Field.LABEL_OPTIONAL, type=_Field.TYPE_MESSAGE, type_name=f".{PACKAGE}.{kind}"
    )
    return f"{name}.{entry.name}"


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_described())


def message(name: str) -> Any:
    """The class of a message, by its name: `ModelInferRequest`, `ModelInferRequest.InferInputTensor`."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
