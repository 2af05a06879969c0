"""Sounds by their level, length, sign changes and the middle of their spectrum.

Long ones are looked at by their first 65,536 samples, their spectrum by 8,192.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.monitoring.special import Vector

MOST = 65_536
SPECTRUM = 8_192  # samples whose spectrum is made
QUIET = 1e-5  # -100 dB: silence
NAMES = ("level in dB", "samples", "sign changes", "spectral centre", "clipped")
LOUDEST = 0.999


def measure(sounds: Any) -> dict[str, Vector]:
    """Measures of mono sounds in [-1, 1], each (n,): n arrays of samples or None.

    Level: root mean square. Sign changes: share of samples. Spectral centre: the mean frequency weighted by magnitude, as a share of half
    the sample rate (so it needs no rate).
    """
    rows = [_measured(sound) for sound in sounds]
    return dict(zip(NAMES, np.array(rows, np.float64).reshape(-1, len(NAMES)).T, strict=True))


def _measured(sound: NDArray[Any] | None) -> tuple[float, ...]:
    if sound is None or len(sound) == 0:
        return (float("nan"),) * len(NAMES)
    x = np.asarray(sound, np.float32).ravel()[:MOST]
    level = float(20 * np.log10(max(float(np.sqrt(np.mean(x * x))), QUIET)))
    changes = float(np.count_nonzero(np.signbit(x[1:]) != np.signbit(x[:-1])) / len(x))
    spectrum = np.abs(np.fft.rfft(x[:SPECTRUM]))
    weight = float(spectrum.sum())
    centre = float(spectrum @ np.linspace(0, 1, len(spectrum))) / weight if weight > 0 else float("nan")
    return level, float(len(sound)), changes, centre, float(np.mean(np.abs(x) >= LOUDEST))
