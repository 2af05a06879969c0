"""Columns that were scaled with numbers of all rows: what scaling brings about holds on all rows together, and not on train alone.

Standardised: mean 0 and standard deviation 1 (or length 1). To a range: 0 and 1 (or -1 and 1) are both reached, by different sides. Turned
to principal components: no two columns are correlated. Each is told only beyond what the written digits can show, and what nature gives:
a value that happens to lie at the end of a natural range proves nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from daybreak.audit.encoding import Vector
from daybreak.audit.prints.sides import MOST_DIGITS, Sides, digits

FEWEST = 30  # rows of train
DISTINCT = 20  # values; what has fewer was designed, such as a contrast of -1 and 1
APART = 20.0  # times the tolerance that train alone is off
SHARE = 0.8  # of columns that reach both ends of the range
REACHED = 2  # rows that reach an end; more are a natural end, where many values stand
RANGED = 2  # columns of which only test reaches an end
NATURAL = (
    *range(1, 21),
    24,
    32,
    50,
    60,
    64,
    100,
    128,
    255,
    256,
    365,
    500,
    512,
    1000,
    1023,
    1024,
)  # what people divide by
CLOSE = 1e-7  # to an end of a range: float32 keeps as much
UNCORRELATED = 1e-5
RANGES = ((0.0, 1.0), (-1.0, 1.0))


class Scaled(NamedTuple):
    """Columns that were scaled on all rows."""

    how: str
    columns: tuple[str, ...]
    on_all: str
    on_train: str


def _usable(sides: Sides) -> bool:
    return len(sides.train) >= FEWEST and len(np.unique(sides.train)) > DISTINCT and not np.isnan(sides.train).all()


def _there(values: Vector) -> Vector:
    return values[~np.isnan(values)]


def standardised(columns: Sequence[Sides]) -> Scaled | None:
    """Columns with mean 0 and standard deviation 1 on all rows, but not on train."""
    found, worst = [], 0.0
    for sides in filter(_usable, columns):
        values, train = sides.all, _there(sides.train)
        tolerance = _tolerance(values)
        off = max(abs(train.mean()) / train.std(), abs(train.std() / values.std() - 1)) if train.std() > 0 else 0.0
        if _is_standard(values, tolerance) and off > APART * tolerance:
            found.append(sides.name)
            worst = max(worst, off)
    if not found:
        return None
    says = f"up to {worst:.2g} standard deviations off on train alone"
    return Scaled("standardised", tuple(found), "mean 0 and standard deviation 1 to the last digit", says)


def _is_standard(values: Vector, tolerance: float) -> bool:
    """Mean 0, and a standard deviation (with n or n - 1) or length of 1."""
    spread, count = values.std(), len(values)
    if spread == 0 or abs(values.mean()) > tolerance * spread:
        return False
    sizes = (spread, spread * (count / (count - 1)) ** 0.5, spread * count**0.5)
    return any(abs(size - 1) <= tolerance for size in sizes)


def _tolerance(values: Vector) -> float:
    """How far rounding may move a mean, in standard deviations: by float32 sums, or by the digits that were written."""
    places = digits(values)
    written = 0.0 if places >= MOST_DIGITS else 0.5 * 10.0**-places / max(values.std(), 1e-300)
    return float(max(2e-6, 5 * written / len(values) ** 0.5))


def ranged(columns: Sequence[Sides]) -> Scaled | None:
    """Columns that reach both ends of one range on all rows, of which train alone does not reach all."""
    usable = [sides for sides in columns if _usable(sides)]
    for low, high in RANGES:
        full = [s for s in usable if abs(s.all.min() - low) < CLOSE and abs(s.all.max() - high) < CLOSE]
        if not full or len(full) < SHARE * len(usable):
            continue
        short = [sides for sides in full if _stops_short(sides, low, high)]
        if len(short) >= min(RANGED, len(full)) and len(full) > 1:
            ends = f"from {low:g} to {high:g}"
            return Scaled(
                f"brought to the range {ends}",
                tuple(s.name for s in short),
                f"{ends}, exactly",
                "which train alone does not reach",
            )
    return None


def _stops_short(sides: Sides, low: float, high: float) -> bool:
    """Whether train leaves out an end that is reached by a row or two, in a column that nobody divided by a round number."""
    train, values = _there(sides.train), sides.all
    ends = [end for end, reached in ((low, train.min()), (high, train.max())) if abs(reached - end) >= CLOSE]
    reached = [int((abs(values - end) < CLOSE).sum()) for end in ends]
    return bool(ends) and max(reached) <= REACHED and not _natural(values, low, high)


def _natural(values: Vector, low: float, high: float) -> bool:
    steps = (values - low) / (high - low)
    return any(np.abs(steps * unit - np.round(steps * unit)).max() < 1e-6 * unit for unit in NATURAL)


def components(columns: Sequence[Sides]) -> Scaled | None:
    """Columns of which no two are correlated on all rows, but on train they are: principal components of all rows."""
    usable = [
        sides
        for sides in columns
        if _usable(sides) and not np.isnan(sides.train).any() and not np.isnan(sides.test).any()
    ]
    if len(usable) < 3:  # noqa: PLR2004
        return None
    whole, train = (np.column_stack(side) for side in ([s.all for s in usable], [s.train for s in usable]))
    on_all = np.abs(np.corrcoef(whole.T))
    np.fill_diagonal(on_all, 0)
    turned = np.flatnonzero((on_all < UNCORRELATED).sum(1) >= max(3, len(usable) // 2))
    if len(turned) < 3:  # noqa: PLR2004
        return None
    block = on_all[np.ix_(turned, turned)]
    on_train = np.abs(np.corrcoef(train[:, turned].T))
    np.fill_diagonal(on_train, 0)
    if block.max() > UNCORRELATED or on_train.max() < APART * UNCORRELATED:
        return None
    names = tuple(usable[index].name for index in turned)
    return Scaled(
        "turned to principal components",
        names,
        f"correlations below {max(block.max(), 1e-12):.1g}",
        f"up to {on_train.max():.2g} on train alone",
    )
