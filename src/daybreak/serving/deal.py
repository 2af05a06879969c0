"""How a request was dealt, as its id tells it: what comes of a request finds its arm, revision and bucket without asking anybody.

    1f-1a2b-c0ffee   revision of the split - bucket - 24 bits of the unit's hash, in hexadecimal

Bits, not names: a unit's name is never written to an event, and bits alone tell the same unit again (`rollout.counts.FirstSeen`).
"""

from math import isnan
from typing import Any

import msgspec

from daybreak.rollout.assignment import Arm, Router
from daybreak.signature.columns import dtype_of
from daybreak.signature.fields import Field

BITS = 0xFFFFFF


class Deal(msgspec.Struct, frozen=True):
    """`unit`: 24 bits of the hash of who asked."""

    revision: int
    bucket: int
    unit: int


def dealt(router: Router, unit: str) -> tuple[Arm, str]:
    """Who answers a unit, and the deal as an id carries it; about a microsecond."""
    bucket, bits = router.hashed(unit)
    return router.arm_of(bucket), f"{router.split.revision:x}-{bucket:x}-{bits & BITS:x}"


def named(value: Any, field: Field) -> str:
    """The unit that a value of a row names, alike for JSON and columns: 2174, 2174.0 and "2174" are one; empty where it is missing."""
    if value is None:
        return ""
    dtype = dtype_of(field)
    if dtype.kind == "O":
        return str(value)
    number = dtype.type(value).item()  # JSON has not been through the column's type yet
    if isinstance(number, float) and not number.is_integer():
        return "" if isnan(number) else repr(number)
    return str(int(number))


def read(text: str) -> Deal | None:
    """None where nothing was dealt: there was no split."""
    revision, _, rest = text.partition("-")
    bucket, _, unit = rest.partition("-")
    return Deal(int(revision, 16), int(bucket, 16), int(unit, 16)) if unit else None


def of_id(issued: str) -> Deal | None:
    """The deal in a request's id, which `serving.ids` has let pass."""
    return read(issued.rsplit(".", 2)[-2].partition("-")[2].partition("-")[2])
