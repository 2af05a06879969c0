"""The step that makes of pictures what a graph takes, told by the shape of its input."""

import math
from typing import Any

from daybreak.base.errors import UsageError
from daybreak.registry.package import Step
from daybreak.signature.fields import Field

Shape = tuple[int | None, ...]
FLAT, WITH_CHANNELS = 2, 4  # axes of an input that takes pictures


def step_of(field: Field, to: str, shape: Shape) -> Step:
    """`feed`, or of a picture `image`: pixels 0 to 255 in the layout and size of an input `to` of `shape` (its first axis is rows).

    Raises `UsageError` where pictures of this field cannot be what the input takes.
    """
    if field.kind != "image" or len(shape) not in (FLAT, WITH_CHANNELS):
        return Step("feed", {"field": field.name, "to": to})
    layout = _layout(field, shape)
    if layout is None:
        told = f"{field.name!r} has pictures of {_told(field.shape)} (height, width, channels), {to!r} takes {_told(shape)}"
        raise UsageError(f"{told}: give pictures of the graph's size, or float rows of the graph's own shape")
    options: dict[str, Any] = {"field": field.name, "to": to, "layout": layout}
    if layout != "flat" and None in field.shape[:2]:
        size = shape[2:] if layout == "NCHW" else shape[1:3]
        options |= {} if None in size else {"size": list(size)}
    return Step("image", options)


def _layout(field: Field, shape: Shape) -> str | None:
    height, width, channels = field.shape
    if len(shape) == FLAT:
        known = [side for side in field.shape if side is not None]
        return "flat" if len(known) == len(field.shape) and shape[1] in (None, math.prod(known)) else None
    of = {"NCHW": (channels, height, width), "NHWC": (height, width, channels)}
    return next((name for name, sides in of.items() if all(map(_fits, sides, shape[1:]))), None)


def _fits(side: int | None, wanted: int | None) -> bool:
    return side is None or wanted in (None, side)


def _told(shape: Shape) -> str:
    return " x ".join("any" if length is None else str(length) for length in shape)
