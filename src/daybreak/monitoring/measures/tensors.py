"""Tensors by mean, spread, norm, and elements or fixed random projections; embeddings also by how far they are from the centre.

Random projections keep distances (Johnson and Lindenstrauss, 1984), so that a shift in some direction shows in most of a few of them.
"""

from functools import lru_cache
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.base.streams import Stream
from daybreak.monitoring.special import Vector

PROJECTIONS = 4
NAMES = ("mean", "spread", "norm")
MOST_CENTRE = 1024
MOST_ELEMENTS = 16  # so many numbers are followed each by itself


def flat(values: Any) -> list[NDArray[np.float64]] | NDArray[np.float64]:
    """(n, d) of tensors of one shape; otherwise a list of vectors, empty where one is missing."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.reshape(len(values), -1).astype(np.float64)
    rows = [np.zeros(0) if value is None else np.asarray(value, np.float64).ravel() for value in values]
    return np.stack(rows) if rows and len({len(row) for row in rows}) == 1 else rows


def measure(values: Any, centre: tuple[float, ...] = ()) -> dict[str, Vector]:
    """Measures of tensors, each (n,). Of tensors that differ in size no projections are told of each other: NaN where one is empty."""
    rows = flat(values)
    if isinstance(rows, list):
        parts = [measure(row[None], centre) for row in rows]
        names = max((list(part) for part in parts), key=len, default=list(NAMES))
        return {
            name: np.concatenate([part.get(name, np.full(1, np.nan)) for part in parts] or [np.zeros(0)])
            for name in names
        }
    if rows.shape[1] == 0:
        return {name: np.full(len(rows), np.nan) for name in NAMES}
    result: dict[str, Vector] = {
        "mean": rows.mean(1),
        "spread": rows.std(1),
        "norm": np.sqrt(np.einsum("nd,nd->n", rows, rows)),
    }
    if rows.shape[1] <= MOST_ELEMENTS:
        result |= {f"element {i + 1}": rows[:, i] for i in range(rows.shape[1])}
    else:
        projected = np.einsum("nd,dk->nk", rows, _projections(rows.shape[1]))  # no BLAS: its threads are the model's
        result |= {f"projection {i + 1}": projected[:, i] for i in range(PROJECTIONS)}
    if centre and len(centre) == rows.shape[1]:
        away = rows - np.array(centre)
        result["from centre"] = np.sqrt(np.einsum("nd,nd->n", away, away))
    return result


@lru_cache(maxsize=16)
def _projections(size: int) -> NDArray[np.float64]:
    """(size, PROJECTIONS) of +-1 / sqrt(size): the same on every machine."""
    words = Stream(0, "monitoring", "projections").words(-(-size * PROJECTIONS // 64))
    signs = np.unpackbits(np.frombuffer(words, np.uint8))[: size * PROJECTIONS].reshape(size, PROJECTIONS)
    result: NDArray[np.float64] = np.asarray((2.0 * signs - 1) / sqrt(size), np.float64)
    return result
