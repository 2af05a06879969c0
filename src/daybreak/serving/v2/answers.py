"""A model's outputs as tensors of the protocol.

| output | datatype, shape |
|---|---|
| label | FP32 [-1, classes]: scores; with the parameter `classification` N: BYTES [-1, N] of "score:index:class", best first |
| number | of its dtype, [-1]; with an interval [-1, 3]: value, low, high |
| text | BYTES [-1] |
| span | BYTES [-1]: JSON objects {"text", "start", "end", "score"} |
| image | BYTES [-1]: PNG files, in JSON as base64 |
| tensor | of its dtype, [-1, *shape] |

Where a row has a score that is NaN, no class is the best: its classification is empty.
"""

import base64
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daybreak.serving.problems import refuse
from daybreak.serving.v2.mapping import Described
from daybreak.serving.v2.tensors import BYTES, NAMES, Tensor
from daybreak.signature.answers import undecided
from daybreak.signature.columns import objects
from daybreak.signature.fields import Output, Signature
from daybreak.signature.media import as_png


def outputs_of(signature: Signature) -> list[Described]:
    """What metadata says of a model's outputs."""
    return [Described(output.name, _datatype(output), (-1, *_inner(output))) for output in signature.outputs]


def tensor_of(output: Output, column: NDArray[Any]) -> Tensor:
    """One output's column as a tensor."""
    datatype = _datatype(output)
    if datatype != BYTES:
        return Tensor(output.name, datatype, column.astype(_dtype(output), copy=False))
    return Tensor(output.name, BYTES, objects([_written(output, value) for value in column]))


def classified(output: Output, column: NDArray[Any], most: int) -> Tensor:
    """The `most` best classes of each row, as Triton's classification extension has them. Raises `Refusal` where it has no classes."""
    if output.kind != "label" or most < 1:
        raise refuse(
            "bad_request",
            f"`classification` is a number from 1 on for a label; {output.name} is {output.kind}",
            output.name,
        )
    best = np.argsort(-column, axis=1, kind="stable")[:, :most]
    names = output.classes or tuple(map(str, range(column.shape[1])))
    unknown = undecided(column).tolist()
    told = [
        b"" if unknown[row] else f"{column[row, place]:f}:{place}:{names[place]}".encode()
        for row, places in enumerate(best)
        for place in places
    ]
    return Tensor(output.name, BYTES, objects(told).reshape(best.shape))


def as_text(tensor: Tensor, output: Output) -> Tensor:
    """BYTES that JSON can hold: files as base64."""
    if output.kind != "image":
        return tensor
    return tensor._replace(array=objects([base64.b64encode(value) for value in tensor.array]))


def _written(output: Output, value: Any) -> bytes:
    if output.kind == "text":
        return str(value).encode()
    return msgspec.json.encode(value) if output.kind == "span" else base64.b64decode(as_png(value).partition(",")[2])


def _datatype(output: Output) -> str:
    return BYTES if output.kind in ("text", "span", "image") else NAMES[_dtype(output)]


def _dtype(output: Output) -> np.dtype[Any]:
    return np.dtype(np.float32) if output.kind == "label" else np.dtype(output.dtype)


def _inner(output: Output) -> tuple[int, ...]:
    if output.kind == "label":
        return (len(output.classes) or -1,)
    if output.kind == "number":
        return (3,) if output.interval else ()
    if output.kind != "tensor":
        return ()
    return tuple(-1 if length is None else length for length in output.shape)
