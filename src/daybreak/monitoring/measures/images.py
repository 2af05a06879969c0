"""Pictures by their light, contrast, size and edges. Large ones are looked at on a grid of at most 128 x 128 pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.special import Vector

MOST = 128
NAMES = ("light", "contrast", "edges", "height", "width")


def measure(images: Any) -> dict[str, Vector]:
    """Measures of pictures, each (n,): (n, height, width[, channels]) or n arrays or None. Light in [0, 1] where pixels are uint8."""
    if isinstance(images, np.ndarray) and images.dtype != object:
        return dict(zip(NAMES, _measured(images).T, strict=True))
    empty = np.full((1, len(NAMES)), np.nan)
    rows = [empty if image is None else _measured(np.asarray(image)[None]) for image in images]
    return dict(zip(NAMES, np.concatenate(rows or [empty[:0]]).T, strict=True))


def _measured(batch: NDArray[Any]) -> NDArray[np.float64]:
    """(n, 5) of a batch of one size."""
    rows, height, width = batch.shape[:3]
    if batch.size == 0:
        return np.full((rows, len(NAMES)), np.nan)
    small = batch[:, :: -(-height // MOST), :: -(-width // MOST)].astype(np.float32)
    if batch.dtype == np.uint8:
        small /= 255
    grey = small.reshape(*small.shape[:3], -1).mean(3)
    across = np.abs(np.diff(grey, axis=2)).mean((1, 2)) if grey.shape[2] > 1 else np.zeros(rows)
    down = np.abs(np.diff(grey, axis=1)).mean((1, 2)) if grey.shape[1] > 1 else np.zeros(rows)
    sizes = np.full((rows, 2), (height, width), np.float64)
    return np.column_stack([grey.mean((1, 2)), grey.std((1, 2)), across + down, sizes]).astype(np.float64)
