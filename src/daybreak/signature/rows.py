"""One row of a signature as a type that msgspec decodes and checks in one pass.

What the type cannot say (the length of a ragged row, a picture in base64) is looked at afterwards by `settle`, in the same terms.
"""

from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from daybreak.base.errors import UsageError
from daybreak.signature.columns import LOOSE, dtype_of
from daybreak.signature.fields import Field, Signature

Meta = msgspec.Meta
UNSAYABLE = frozenset('"\\') | frozenset(map(chr, range(32)))  # in a name: JSON would have to escape it


def row_type(signature: Signature, *, others: bool = False) -> type[msgspec.Struct]:
    """A struct with attributes f0, f1, ... that JSON knows by the names of the fields. Raises `UsageError` for names that cannot be.

    `others`: a row may have fields that the signature has not.
    """
    names = [field.name for field in signature.inputs]
    _check_names(names, "inputs")
    _check_names([output.name for output in signature.outputs], "outputs")
    required = [(place, field) for place, field in enumerate(signature.inputs)]
    return msgspec.defstruct(
        "Row",
        [_attribute(place, field) for place, field in required],
        rename={f"f{place}": name for place, name in enumerate(names)},
        forbid_unknown_fields=not others,
        kw_only=True,  # optional ones may stand before others
        gc=False,
    )


def _check_names(names: list[str], which: str) -> None:
    for name in names:
        if not name or UNSAYABLE.intersection(name):
            raise UsageError(
                f"a name is words without quotes, backslashes and control characters, {which} have {name!r}; rename it"
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice:
        raise UsageError(
            f"a signature has {which} with names of their own, got {', '.join(twice) or 'none'}; name each once"
        )


def _attribute(place: int, field: Field) -> tuple[Any, ...]:
    kind = value_type(field)
    if field.optional:
        return (f"f{place}", kind | None, None)
    return (f"f{place}", kind | None if field.nullable else kind)


def value_type(field: Field) -> Any:
    """The type of one value that is not null."""
    if field.kind in ("text", *LOOSE):
        return str
    if field.kind == "category":
        return Literal[field.classes] if field.strict and field.classes else str
    low, high = (field.low, field.high) if field.strict else (None, None)
    kind = scalar_type(field, low, high)
    if field.kind != "tensor":
        return kind
    if field.nullable:
        kind = kind | None
    for length in reversed(field.shape):
        limits = Meta() if length is None else Meta(min_length=length, max_length=length)
        kind = Annotated[list[kind], limits]  # type: ignore[valid-type]
    return kind


def scalar_type(field: Field, low: float | None, high: float | None) -> Any:
    """The type of one number, so narrow that it fits the column's type and is finite there."""
    lowest, highest = bounds(field)
    if lowest is None:
        return bool
    whole = number_type(field).kind in "iu"
    least, most = (lowest if low is None else max(low, lowest)), (highest if high is None else min(high, highest))
    if whole:
        return Annotated[int, Meta(ge=int(np.ceil(least)) if low is not None else least, le=int(most))]
    return Annotated[float, Meta(ge=float(least), le=float(most))]


def number_type(field: Field) -> np.dtype[Any]:
    """The type that a single number must fit, null aside."""
    return dtype_of(msgspec.structs.replace(field, nullable=False, optional=False))


def bounds(field: Field) -> tuple[Any, Any]:
    """The least and the greatest number of a field's type; (None, None) of booleans. 64-bit unsigned ones are bounded by 2**63 - 1."""
    dtype = number_type(field)
    if dtype.kind == "b":
        return None, None
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).min), min(int(np.iinfo(dtype).max), 2**63 - 1)
    return float(np.finfo(dtype).min), float(np.finfo(dtype).max)
