"""A target that is an exact weighted sum of a few columns: a total beside its parts."""

from collections.abc import Sequence

import numpy as np

from daybreak.audit.about import Column
from daybreak.audit.encoding import Codes, Vector, numbers
from daybreak.audit.frame import Frame

MOST_COLUMNS = 200
MOST_PARTS = 6
FEWEST_ROWS = 50
LEAST = 1e-100  # a spread whose square is still a number
EXACT = 1e-9  # of the target's spread
WEIGHTLESS = 1e-7  # of the target's spread: what a column adds that is no part


def exact_sum(frame: Frame, columns: Sequence[Column], y: Vector, rows: Codes) -> dict[str, float] | None:
    """The weights of the columns that make up the target, or None. Columns with gaps or without variance are passed over."""
    named = {column.name: numbers(frame.train.rows[column.name])[rows] for column in columns[:MOST_COLUMNS]}
    named = {name: values for name, values in named.items() if not np.isnan(values).any() and values.std() > LEAST}
    if y.std() <= LEAST or len(named) < 2 or len(y) < max(FEWEST_ROWS, 3 * len(named)):  # noqa: PLR2004
        return None
    weights = _fitted(np.column_stack(list(named.values())), y)
    if weights is None:
        return None
    adds = {
        name: abs(weight) * values.std() / y.std()
        for (name, values), weight in zip(named.items(), weights, strict=True)
    }
    parts = [name for name in named if adds[name] > WEIGHTLESS]
    if not 2 <= len(parts) <= MOST_PARTS or len(parts) * 10 > len(y):  # noqa: PLR2004
        return None
    again = _fitted(np.column_stack([named[name] for name in parts]), y)
    return None if again is None else {name: float(f"{weight:.6g}") for name, weight in zip(parts, again, strict=True)}


def _fitted(X: Vector, y: Vector) -> Vector | None:
    """Least squares on standardised columns; None unless it is exact."""
    mean, spread = X.mean(0), X.std(0)
    Z, centred = (X - mean) / spread, y - y.mean()
    weights: Vector = np.linalg.lstsq(Z, centred, rcond=1e-10)[0]
    if np.abs(Z @ weights - centred).max() > EXACT * len(y) ** 0.5 * centred.std():
        return None
    scaled: Vector = weights / spread
    return scaled
