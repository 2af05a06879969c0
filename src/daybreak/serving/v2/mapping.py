"""Between tensors of the protocol and a signature's columns. A tensor is named as its field is; its first axis is rows.

| field | datatype, shape |
|---|---|
| number, integer, boolean | of its dtype, [-1] or [-1, 1]; null is NaN (or null in JSON) |
| category, text | BYTES of UTF-8, [-1] or [-1, 1] |
| tensor | of its dtype, [-1, *shape] |
| image | UINT8 [-1, height, width, channels]; or BYTES [-1]: files, in JSON as base64 |
| audio | FP32 [-1, samples] at the field's rate; or BYTES [-1]: WAV files, in JSON as base64 |

A narrower datatype is taken where no value can change by it (INT32 for FP64).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import BadRow
from daybreak.serving.problems import of_row, refuse
from daybreak.serving.v2.tensors import BYTES, NAMES, Tensor, dtype_of
from daybreak.signature import columns as memory
from daybreak.signature import media
from daybreak.signature.fields import Columns, Field, Signature

FILES = ("image", "audio")  # whose elements of BYTES are files
WORDS = ("category", "text")


class Described(NamedTuple):
    """A tensor as metadata tells it; -1: any length."""

    name: str
    datatype: str
    shape: tuple[int, ...]


def inputs_of(signature: Signature) -> list[Described]:
    """What metadata says of a model's inputs."""
    return [Described(field.name, datatype_of(field), (-1, *inner_of(field))) for field in signature.inputs]


def datatype_of(field: Field) -> str:
    """The datatype that a field's tensor has."""
    if field.kind in WORDS:
        return BYTES
    if field.kind in FILES:
        return "UINT8" if field.kind == "image" else "FP32"
    return NAMES[memory.dtype_of(field)]


def columns_of(signature: Signature, tensors: Sequence[Tensor], most: int) -> tuple[Columns, int]:
    """Columns, and how many rows they have: at most `most`. Raises `Refusal` for what the signature does not take."""
    told = _by_name(signature, tensors)
    rows = _rows(tensors)
    if rows > most:  # before files are decoded
        raise refuse("too_many_rows", f"a request has at most {most} rows, got {rows}; send parts")
    return {field.name: _column(field, told.get(field.name), rows) for field in signature.inputs}, rows


def _by_name(signature: Signature, tensors: Sequence[Tensor]) -> dict[str, Tensor]:
    names = [field.name for field in signature.inputs]
    told = {tensor.name: tensor for tensor in tensors}
    for name in told:
        if name not in names:
            raise refuse(
                "unknown_field", f"the model has no input {name[:80]!r}; its inputs are {', '.join(names)}", name[:80]
            )
    if len(told) < len(tensors):
        raise refuse("bad_tensor", "each input is sent once; a name stands twice")
    return told


def _rows(tensors: Sequence[Tensor]) -> int:
    counts = {tensor.array.shape[0] if tensor.array.ndim else 0 for tensor in tensors}
    if len(counts) > 1:
        told = ", ".join(f"{tensor.name} {list(tensor.array.shape)}" for tensor in tensors)
        raise refuse("bad_shape", f"the first axis of every input is the same rows, got {told}")
    if not counts or counts == {0}:
        raise refuse("no_rows", "a request has at least one row, this has none")
    return counts.pop()


def _column(field: Field, tensor: Tensor | None, rows: int) -> NDArray[Any]:
    if tensor is None:
        return _missing(field, rows)
    if field.kind in WORDS:
        return _words(field, tensor)
    if field.kind in FILES and tensor.datatype == BYTES:
        return _files(field, tensor)
    return _numbers(field, tensor)


def _missing(field: Field, rows: int) -> NDArray[Any]:
    if not field.optional:
        raise refuse("missing_field", f"the model needs the input {field.name!r}", field.name)
    dtype = memory.dtype_of(field)
    if dtype.hasobject or memory.free(field):
        return np.full(rows, None, object)
    return np.full((rows, *inner_of(field)), np.nan, dtype)


def _words(field: Field, tensor: Tensor) -> NDArray[Any]:
    if tensor.datatype != BYTES:
        raise refuse("bad_type", f"{field.name!r} is BYTES, got {tensor.datatype}", field.name)
    flat = _flat(field, tensor)
    try:
        words = [value.decode() if isinstance(value, bytes) else value for value in flat]
    except UnicodeDecodeError as error:
        raise refuse("bad_value", f"{field.name!r} is text in UTF-8: {error}", field.name) from error
    if None in words and not (field.nullable or field.optional):
        raise refuse("bad_value", f"{field.name!r} may not be null", field.name)
    if (
        field.strict
        and field.classes
        and (odd := next((word for word in words if word not in (*field.classes, None)), None))
    ):
        raise refuse(
            "bad_value",
            f"{field.name!r} has no class {odd[:40]!r}; they are {', '.join(field.classes[:20])}",
            field.name,
        )
    return memory.objects(words)


def _files(field: Field, tensor: Tensor) -> NDArray[Any]:
    """Decoded: files as bytes, base64 as text."""
    budget = media.Budget()
    try:
        return memory.objects([_file(field, value, row, budget) for row, value in enumerate(_flat(field, tensor))])
    except BadRow as bad:
        raise of_row(bad) from bad


def _file(field: Field, value: str | bytes | None, row: int, budget: media.Budget) -> NDArray[Any] | None:
    if value is None and (field.nullable or field.optional):
        return None
    return budget.spend(
        media.read(field, value, row) if isinstance(value, bytes) else media.decoded(field, value or "", row)
    )


def _numbers(field: Field, tensor: Tensor) -> NDArray[Any]:
    wanted, named = memory.dtype_of(field), datatype_of(field)
    inside = memory.array_type(field) if memory.free(field) else wanted
    got = dtype_of(tensor.name, tensor.datatype)
    if got.hasobject or (got == np.bool_) != (inside == np.bool_) or not np.can_cast(got, inside, "safe"):
        raise refuse("bad_type", f"{field.name!r} is {named}, got {tensor.datatype}", field.name)
    shaped = _fitting(field, tensor).astype(inside, copy=False)
    _check_values(field, shaped)
    return memory.objects(list(shaped)) if memory.free(field) else shaped


def _fitting(field: Field, tensor: Tensor) -> NDArray[Any]:
    if field.kind in memory.NUMERIC:
        return _flat(field, tensor)
    inner, shape = inner_of(field), tensor.array.shape[1:]
    if len(inner) != len(shape) or any(wanted not in (-1, got) for wanted, got in zip(inner, shape, strict=True)):
        raise refuse("bad_shape", f"{field.name!r} is {[-1, *inner]}, got {list(tensor.array.shape)}", field.name)
    return tensor.array


def _flat(field: Field, tensor: Tensor) -> NDArray[Any]:
    """(rows,), from [rows] or [rows, 1]."""
    if tensor.array.shape[1:] not in ((), (1,)):
        raise refuse("bad_shape", f"{field.name!r} is [-1] or [-1, 1], got {list(tensor.array.shape)}", field.name)
    return tensor.array.reshape(-1)


def _check_values(field: Field, values: NDArray[Any]) -> None:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        if np.isnan(values).any() and not (field.nullable or field.optional):
            raise refuse("bad_value", f"{field.name!r} may be neither NaN nor null", field.name)
        if np.isinf(values).any():
            raise refuse("bad_value", f"{field.name!r} must be finite, got an infinity", field.name)
    if field.strict and field.kind in ("number", "integer", "tensor"):
        low, high = (-np.inf if field.low is None else field.low), (np.inf if field.high is None else field.high)
        if ((values < low) | (values > high)).any():
            raise refuse("out_of_range", f"{field.name!r} lies in {low:g}..{high:g}, got a value outside", field.name)


def inner_of(field: Field) -> tuple[int, ...]:
    """Lengths of one row's axes, -1 for any."""
    if field.kind == "audio":
        return (-1,)
    if field.kind == "image":
        return tuple(-1 if length is None else length for length in field.shape or (None, None, None))
    if field.kind != "tensor":
        return ()
    return tuple(-1 if length is None else length for length in field.shape)
