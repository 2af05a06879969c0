"""Hypothesis strategies: any signature, any valid row of it as JSON holds it, and rows with one thing wrong."""

import base64
import io
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st

from daybreak.signature.fields import Field, InputKind, Output, Signature
from daybreak.signature.media import as_png
from daybreak.signature.rows import bounds, number_type

NAMES = st.text(st.characters(exclude_characters='"\\', exclude_categories=["C"]), min_size=1, max_size=8)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DTYPES = st.sampled_from(["float32", "float64", "float16", "int64", "int32", "uint8", "bool"])
NUMBERS = ("number", "integer", "boolean")


@st.composite
def fields(draw: st.DrawFn, name: str, *, media: bool = False) -> Field:
    """Any field of that name."""
    kinds: list[InputKind] = ["number", "integer", "boolean", "category", "text", "tensor"]
    if media:
        kinds += ["image", "audio"]
    kind = draw(st.sampled_from(kinds))
    dtype = (
        draw(DTYPES)
        if kind == "tensor"
        else draw(st.sampled_from(["float32", "float64"]))
        if kind == "number"
        else "float32"
    )
    shape = tuple(draw(st.lists(st.none() | st.integers(1, 3), min_size=1, max_size=3))) if kind == "tensor" else ()
    told: dict[str, Any] = {
        "optional": draw(st.booleans()),
        "nullable": draw(st.booleans()),
        "strict": draw(st.booleans()),
    }
    if kind == "category":
        told["classes"] = tuple(draw(st.lists(WORDS, min_size=1, max_size=4, unique=True)))
    if kind in ("number", "integer") and draw(st.booleans()):
        low = draw(st.integers(-1000, 1000))
        told |= {"low": low, "high": low + draw(st.integers(0, 1000))}
    if kind == "image":
        shape = (None, None, draw(st.sampled_from([1, 3])))
    if kind == "audio":
        told["rate"] = draw(st.none() | st.sampled_from([8000, 16000]))
    return Field(name, kind, dtype=dtype, shape=shape, **told)


@st.composite
def signatures(draw: st.DrawFn, *, media: bool = False) -> Signature:
    """Any signature with one label as output."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    return Signature(
        tuple(draw(fields(name, media=media)) for name in names), (Output("answer", "label", classes=("no", "yes")),)
    )


@st.composite
def rows(draw: st.DrawFn, signature: Signature) -> dict[str, Any]:
    """Any valid row."""
    row: dict[str, Any] = {}
    for field in signature.inputs:
        if field.optional and draw(st.booleans()):
            continue
        if (field.optional or field.nullable) and draw(st.integers(0, 3)) == 0:
            row[field.name] = None
        else:
            row[field.name] = draw(values(field))
    return row


def values(field: Field) -> st.SearchStrategy[Any]:
    """Any valid value that is not null."""
    if field.kind == "category" and field.strict:
        return st.sampled_from(field.classes)
    if field.kind in ("category", "text"):
        return WORDS
    if field.kind == "image":
        return st.builds(_picture, st.integers(1, 4), st.integers(1, 4), st.just(field.shape[-1]))
    if field.kind == "audio":
        return st.builds(_recording, st.integers(1, 50), st.sampled_from([8000, 11025]))
    return _tensor(field) if field.kind == "tensor" else _number(field)


def _number(field: Field) -> st.SearchStrategy[Any]:
    least, most = bounds(field)
    if least is None:
        return st.booleans()
    if field.strict and field.low is not None and field.high is not None:
        least, most = max(least, field.low), min(most, field.high)
    if number_type(field).kind in "iu":
        return st.integers(int(least), int(most))
    width: Literal[16, 32, 64] = 16 if field.dtype == "float16" else 64 if field.dtype == "float64" else 32
    return st.floats(float(least), float(most), width=width)


@st.composite
def _tensor(draw: st.DrawFn, field: Field) -> Any:
    shape = [draw(st.integers(0, 3)) if length is None else length for length in field.shape]
    element = _number(field) | st.none() if field.nullable else _number(field)

    def nested(left: list[int]) -> Any:
        return draw(element) if not left else [nested(left[1:]) for _ in range(left[0])]

    return nested(shape)


def _picture(height: int, width: int, channels: int | None) -> str:
    return as_png(np.arange(height * width * (channels or 1), dtype=np.uint8).reshape(height, width, channels or 1))


def _recording(samples: int, rate: int) -> str:
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, np.linspace(-0.5, 0.5, samples, dtype=np.float32), rate, format="WAV")
    return base64.b64encode(held.getvalue()).decode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def near_rows(draw: st.DrawFn, signature: Signature) -> dict[str, Any]:
    """A valid row in which one field has any JSON value, is missing, or has a neighbour that is none."""
    row = draw(rows(signature))
    name = draw(st.sampled_from([field.name for field in signature.inputs]) | NAMES)
    if draw(st.booleans()):
        row[name] = draw(JSON)
    else:
        row.pop(name, None)
    return row
