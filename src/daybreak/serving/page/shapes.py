"""What a field looks like to a person: a picture that can be drawn, words that fit in a line."""

from math import isqrt

from daybreak.signature.fields import Field

LEAST, MOST = 4, 64  # rows and columns of what can be drawn
PICTURES = ("pixel", "image", "picture")  # in the name of a field that is a picture laid out in a row


def grid(field: Field) -> tuple[int, int] | None:
    """Rows and columns of a small grey picture, which a person can draw; None of anything else.

    A tensor is one where its values begin at 0 and its shape is (rows, columns), with an axis of one channel or without, or where it is
    flat and square and named after pixels.
    """
    sizes = [size for size in field.shape if size != 1]
    if field.kind == "image":
        drawn = len(field.shape) == 3 and field.shape[2] == 1 and len(sizes) == 2  # noqa: PLR2004 - height, width, channels
    elif field.kind == "tensor" and (field.low is None or field.low >= 0):
        sizes = _unrolled(field, sizes)
        drawn = len(sizes) == 2  # noqa: PLR2004
    else:
        return None
    rows, columns = (sizes[0] or 0, sizes[1] or 0) if drawn else (0, 0)
    return (rows, columns) if min(rows, columns) >= LEAST and max(rows, columns) <= MOST else None


def _unrolled(field: Field, sizes: list[int | None]) -> list[int | None]:
    if len(sizes) != 1 or not sizes[0] or not any(word in field.name.lower() for word in PICTURES):
        return sizes
    side = isqrt(sizes[0])
    return [side, side] if side * side == sizes[0] else sizes


def short(number: float, digits: int = 4) -> str:
    """A number as a person writes it, to so many significant digits where it is not whole."""
    return f"{number:,.0f}" if float(number).is_integer() and abs(number) < 1e15 else f"{number:.{digits}g}"  # noqa: PLR2004


def span(field: Field) -> str:
    """The range that training saw, in words; empty where it is not known."""
    if field.low is not None and field.high is not None:
        return f"{short(field.low)} to {short(field.high)}"
    if field.low is not None:
        return f"from {short(field.low)}"
    return "" if field.high is None else f"up to {short(field.high)}"
