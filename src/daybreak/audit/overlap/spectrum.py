"""What stays of a picture when it is shifted, mirrored or turned: sizes of its lowest frequencies, in no order within a mirrored family.

A shift changes the phase of a Fourier coefficient and not its size; mirroring and quarter turns exchange the coefficients (u, v), (-u, v),
(v, u), (-v, u) (Bracewell, "The Fourier transform and its applications"). Sizes sorted within each such family are therefore the same for
all copies, up to what a shift moves over the border, which a tapered window softens. All coefficients are one matrix product.
"""

from typing import Any

import numpy as np

from daybreak.audit.overlap.projection import Floats, unit

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

FREQUENCIES = 6  # cycles over the picture: 60 numbers for a square one
BATCH = 2048  # pictures at a time: what is made of them stays in the processor's cache
TAPER = 0.5  # share of the width that rises and falls (Tukey's window)


class Spectrum:
    """Descriptors of pictures of one size, scaled by what is usual in train: (n, height, width).

    `points`: train's own, (n, frequencies), each of length 1.
    """

    def __init__(self, train: Pixels) -> None:
        height, width = train.shape[1:]
        self._window = np.outer(_tukey(height), _tukey(width)).astype(np.float32)
        waves = _waves(min(FREQUENCIES, height // 2, width // 2))
        self._families = _families(waves, square=height == width)
        self._basis = _basis(waves, height, width) * self._window.ravel()[:, None]
        self._steady = self._basis.sum(axis=0)  # the coefficients of a picture that is 1 throughout
        sizes = self._sizes(train)
        self._scale = np.sqrt(np.mean(np.square(sizes), axis=0)) + np.float32(1e-9)
        rooted = np.sqrt(unit(sizes / self._scale))
        self._mean, self._spread = rooted.mean(axis=0), rooted.std(axis=0) + np.float32(1e-6)
        self.points = unit((rooted - self._mean) / self._spread)

    def describe(self, gray: Pixels) -> Floats:
        """Others on train's scale: (n, frequencies), each of length 1."""
        return unit((np.sqrt(unit(self._sizes(gray) / self._scale)) - self._mean) / self._spread)

    def _sizes(self, gray: Pixels) -> Floats:
        """Sizes of the coefficients under the window, without what a picture's steady brightness adds; sorted within families."""
        return np.concatenate([self._sizes_of(gray[start : start + BATCH]) for start in range(0, len(gray), BATCH)])

    def _sizes_of(self, gray: Pixels) -> Floats:
        flat = gray.reshape(len(gray), -1).astype(np.float32)
        brightness = flat @ (self._window.ravel() / self._window.sum())
        parts = flat @ self._basis - np.outer(brightness, self._steady)
        half = parts.shape[1] // 2
        sizes: Floats = np.sqrt(np.square(parts[:, :half]) + np.square(parts[:, half:]))
        for family in self._families:
            sizes[:, family] = np.sort(sizes[:, family], axis=1)
        return sizes


def _tukey(length: int) -> Floats:
    """Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978."""
    places = (np.arange(length) + 0.5) / length
    edge = np.minimum(places, 1 - places)
    return np.where(edge < TAPER / 2, 0.5 - 0.5 * np.cos(2 * np.pi * edge / TAPER), 1.0).astype(np.float32)


def _waves(limit: int) -> list[tuple[int, int]]:
    """Cycles down and across, one of each pair that conjugates."""
    every = ((u, v) for u in range(-limit, limit + 1) for v in range(limit + 1) if v > 0 or u > 0)
    return [(u, v) for u, v in every if u * u + v * v <= limit**2 + 1]


def _basis(waves: list[tuple[int, int]], height: int, width: int) -> Floats:
    """(height * width, 2 * waves): cosines, then sines."""
    y, x = np.mgrid[:height, :width]
    angles = np.stack([2 * np.pi * (u * y / height + v * x / width).ravel() for u, v in waves], axis=1)
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def _families(waves: list[tuple[int, int]], *, square: bool) -> list[list[int]]:
    """Coefficients that mirroring (and, of a square, quarter turns) exchange."""
    families: dict[tuple[int, int], list[int]] = {}
    for index, (u, v) in enumerate(waves):
        key = (min(abs(u), v), max(abs(u), v)) if square else (abs(u), v)
        families.setdefault(key, []).append(index)
    return [family for family in families.values() if len(family) > 1]
