"""A signature: what a model takes and gives, field by field. REST, gRPC, page, batch and monitoring are made from it.

    Signature(
        inputs=(Field("age", "number", low=0, high=120, unit="years"), Field("job", "category", classes=("clerk", "farmer"))),
        outputs=(Output("income", "label", classes=("<=50K", ">50K")),),
    )

Inside the process many rows are `Columns`, a dict from a field's name to an array whose first axis is rows:

| kind | one row | column |
|---|---|---|
| number, integer, boolean | a scalar | (rows,) of `dtype`; nullable: float with NaN |
| category, text | str | (rows,) of objects; None is null |
| tensor | `shape` of `dtype` | (rows, *shape); with a free axis (None): (rows,) of arrays |
| image | uint8 (height, width, channels) | (rows,) of arrays |
| audio | float32 (samples,) in -1..1, mono, at `rate` | (rows,) of arrays |

and of outputs:

| kind | column | as JSON |
|---|---|---|
| label | (rows, classes): scores | {"label": "7", "score": 0.98, "probabilities": {"0": 0.001, ...}} |
| number | (rows,), with `interval` (rows, 3): value, low, high | 3.2, or {"value": 3.2, "low": 2.9, "high": 3.6} |
| text | (rows,) of str | "..." |
| span | (rows,) of `Span` | {"text": "in 1066", "start": 120, "end": 127, "score": 0.8} |
| image | (rows,) of uint8 arrays | "data:image/png;base64,..." |
| tensor | (rows, *shape) | nested lists |
"""

from typing import TYPE_CHECKING, Any, Literal

import msgspec

InputKind = Literal["number", "integer", "boolean", "category", "text", "image", "audio", "tensor"]
OutputKind = Literal["label", "number", "text", "span", "image", "tensor"]

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Columns = dict[str, NDArray[Any]]
else:  # a supervisor and a command read signatures and never compute: NumPy would cost them 100 ms and 25 MB
    Columns = dict[str, Any]


class Field(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One input. `shape`: of one row, without the batch's axis; None where any length will do.

    `low` and `high`: the range that training saw (inclusive), `classes`: the words that it saw; other values are served, and counted by
    monitoring, unless `strict`, which refuses them. `unit`: as a person writes it; `rate`: samples a second, of audio.
    `optional`: may be left out of a row, and is null then; `nullable`: may be null.
    """

    name: str
    kind: InputKind
    dtype: str = "float32"  # NumPy's name, of numbers and tensors
    shape: tuple[int | None, ...] = ()
    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    rate: int | None = None
    optional: bool = False
    nullable: bool = False
    strict: bool = False
    description: str = ""

    @property
    def form(self) -> "Field":
        """What decides which values are taken and what becomes of them. What training saw is no part of it, unless strict."""
        bare = msgspec.structs.replace(self, unit="", description="")
        return bare if self.strict else msgspec.structs.replace(bare, low=None, high=None, classes=())


class Output(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One output.

    `of`: the text input that a span lies in; `interval`: the column holds value, low, high; `threshold`: of two classes, the score from
    which the second is told.
    """

    name: str
    kind: OutputKind
    dtype: str = "float32"
    shape: tuple[int | None, ...] = ()
    classes: tuple[str, ...] = ()
    unit: str = ""
    of: str = ""
    interval: bool = False
    threshold: float | None = None
    description: str = ""


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names are unique within inputs and within outputs."""

    inputs: tuple[Field, ...]
    outputs: tuple[Output, ...]


class Span(msgspec.Struct, frozen=True):
    """A part of a text: characters [start, end) of it."""

    text: str
    start: int
    end: int
    score: float
