"""Columns of both sides as they stand, in full precision, and how precisely they were written."""

from dataclasses import dataclass

import numpy as np

from daybreak.audit.encoding import Vector, numbers
from daybreak.audit.frame import Frame

MOST_COLUMNS = 500
MOST_DIGITS = 15


@dataclass(frozen=True)
class Sides:
    """One column of numbers; NaN where a value is missing. `rest`: validation's, empty where there is none."""

    name: str
    train: Vector
    test: Vector
    rest: Vector

    @property
    def all(self) -> Vector:
        """All values there are."""
        both = np.concatenate([self.train, self.test, self.rest])
        there: Vector = both[~np.isnan(both)]
        return there


def number_columns(frame: Frame) -> list[Sides]:
    """Features that are numbers, at most 500."""
    found = []
    for column in frame.about.typed("number", "integer")[:MOST_COLUMNS]:
        train, test = (numbers(part.rows[column.name]) for part in (frame.train, frame.test))
        rest = numbers(frame.validation.rows[column.name]) if frame.validation else np.empty(0)
        found.append(Sides(column.name, train, test, rest))
    return found


def digits(values: Vector) -> int:
    """Decimal places with which all values were written; 15 where they were not rounded."""
    some = values[:: max(1, len(values) // 200)]
    for places in range(MOST_DIGITS):
        if np.abs(some - np.round(some, places)).max(initial=0) <= 1e-12 * max(1.0, np.abs(some).max(initial=0)):
            return places
    return MOST_DIGITS


def precision(value: float) -> float:
    """Half of the last digit that one value was written with; of one that fills a float32 or float64, their rounding."""
    for places in range(8):
        if value == round(value, places):
            return float(0.5 * 10.0**-places)
    text = repr(float(np.float32(value))) if value == float(np.float32(value)) else repr(value)
    fraction = text.partition("e")[0].partition(".")[2]
    written = 0.5 * 10.0 ** -len(fraction) if "e" not in text else 0.0
    rounding = abs(value) * (6e-8 if value == float(np.float32(value)) else 1e-12)
    return float(max(written, rounding))
