"""Bodies of the protocol over HTTP: JSON, and the binary tensor extension (JSON, then the tensors' bytes in its order).

https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol and Triton's extension_binary_data.
"""

from typing import Annotated, Any

import msgspec

from daybreak.serving.problems import refuse
from daybreak.serving.v2.answers import as_text
from daybreak.serving.v2.infer import Answered, Asked, Parameters, Wanted
from daybreak.serving.v2.tensors import Tensor, from_binary, from_json, to_binary, to_json
from daybreak.signature.fields import Output

LENGTH_HEADER = "Inference-Header-Content-Length"
Size = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class Sent(msgspec.Struct):
    """An input as JSON has it."""

    name: str
    datatype: str
    shape: Annotated[list[Size], msgspec.Meta(min_length=1, max_length=8)]
    data: msgspec.Raw = msgspec.Raw()
    parameters: Parameters = {}


class Body(msgspec.Struct):
    """A request as JSON has it; other names (`model_name`, which KServe's client sends) are passed over."""

    inputs: Annotated[list[Sent], msgspec.Meta(max_length=10_000)]
    id: str | None = None
    parameters: Parameters | None = None
    outputs: list[Wanted] | None = None


_body = msgspec.json.Decoder(Body)


def read(body: bytes, header_length: str | None) -> Asked:
    """A request from its body and the value of the header. Raises `Refusal` (bad_json, bad_request, bad_tensor)."""
    length = _length(header_length, len(body))
    try:
        told = _body.decode(body[:length] if length < len(body) else body)
    except (msgspec.ValidationError, RecursionError) as error:
        raise refuse("bad_request", f"the body is no inference request: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse("bad_json", f"the body is no JSON: {error}") from error
    tensors, place = [], length
    for sent in told.inputs:
        size = _size(sent)
        if size is not None and place + size > len(body):
            raise refuse(
                "bad_tensor", f"{sent.name} has {size} bytes, {len(body) - place} are left of the body", sent.name
            )
        tensors.append(_tensor(sent, None if size is None else memoryview(body)[place : place + size]))
        place += size or 0
    if place < len(body):
        raise refuse("bad_tensor", f"{len(body) - place} bytes of the body belong to no input; see binary_data_size")
    return Asked(tensors, told.id or "", told.parameters or {}, told.outputs or [])


def write(asked: Asked, answered: Answered) -> tuple[bytes, int | None]:
    """An answer's body, and the length of its JSON where bytes follow. Raises `Refusal`."""
    binary = asked.parameters.get("binary_data_output") is True
    told, parts = [], []
    for wanted, output, tensor in answered.outputs:
        as_bytes = wanted.parameters.get("binary_data", binary) is True
        if as_bytes:
            parts.append(to_binary(tensor))
        told.append(_told(output, tensor, len(parts[-1]) if as_bytes else None))
    call = answered.call
    arm = call.arm.served if call.arm is not None else None
    head = msgspec.json.encode(
        {
            "model_name": arm.model if arm else "",
            "model_version": str(arm.version) if arm else "",
            "id": asked.id or call.id,
            "parameters": {"request_id": call.id},  # what feedback names
            "outputs": told,
        }
    )
    return (head, None) if not parts else (b"".join([head, *parts]), len(head))


def _length(told: str | None, most: int) -> int:
    if told is None:
        return most
    if not told.isascii() or not told.isdigit() or len(told) > 12 or int(told) > most:  # noqa: PLR2004 - digits
        raise refuse(
            "bad_request",
            f"{LENGTH_HEADER} is a number up to the body's {most} bytes, got {told[:20]!r}",
            LENGTH_HEADER,
        )
    return int(told)


def _size(sent: Sent) -> int | None:
    size = sent.parameters.get("binary_data_size")
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise refuse("bad_tensor", f"binary_data_size of {sent.name} is a number of bytes, got {size!r}", sent.name)
    return size


def _tensor(sent: Sent, binary: memoryview | None) -> Tensor:
    data = bytes(sent.data)
    if binary is not None:
        if data:
            raise refuse("bad_tensor", f"{sent.name} has both `data` and binary_data_size; send one", sent.name)
        return from_binary(sent.name, sent.datatype, sent.shape, binary)
    if not data:
        raise refuse("bad_tensor", f"{sent.name} has neither `data` nor binary_data_size", sent.name)
    return from_json(sent.name, sent.datatype, sent.shape, data)


def _told(output: Output, tensor: Tensor, size: int | None) -> dict[str, Any]:
    told: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.array.shape)}
    if size is not None:
        return told | {"parameters": {"binary_data_size": size}}
    return told | {"data": to_json(as_text(tensor, output))}
