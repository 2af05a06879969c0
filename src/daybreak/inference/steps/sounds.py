"""Recordings as log-mel spectrograms, in NumPy: the same numbers in training and in service."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.inference.session import Arrays
from daybreak.inference.steps import Before, Context, Options
from daybreak.inference.steps.tables import found, target
from daybreak.signature.fields import Columns


def log_mel(
    samples: NDArray[Any], rate: int, *, mels: int = 40, window: int = 0, hop: int = 0, low: float = 20.0, high: float = 0.0,
    floor: float = 1e-6,
) -> NDArray[np.float32]:  # fmt: skip
    """(frames, mels): natural logarithm of the energy in mel bands, float32.

    `samples` (length,) in -1..1 at `rate` a second; `window` and `hop` in samples (25 and 10 ms), `low` and `high` in Hz (high: half of
    the rate). Hann windows, power spectra, triangles on O'Shaughnessy's mel scale; energies below `floor` count as it.
    A recording shorter than a window is one frame, filled up with silence.
    """
    window, hop = window or round(0.025 * rate), hop or round(0.010 * rate)
    size = 1 << (window - 1).bit_length()
    held = np.zeros(max(len(samples), window), np.float32)
    held[: len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(held, window)[::hop]
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * shape, size)) ** 2
    return np.log(np.maximum(power @ _bands(rate, size, mels, low, high or rate / 2), floor)).astype(np.float32)


@lru_cache(maxsize=8)
def _bands(rate: int, size: int, mels: int, low: float, high: float) -> NDArray[np.float64]:
    """(frequencies, mels) triangles."""
    edges = _hertz(np.linspace(_mel(low), _mel(high), mels + 2))
    frequencies = np.arange(size // 2 + 1)[:, None] * rate / size
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None))


def _mel(hertz: float) -> float:
    return 2595.0 * float(np.log10(1 + hertz / 700.0))


def _hertz(mel: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(700.0 * (10 ** (mel / 2595.0) - 1))


def logmel(options: Options, context: Context) -> Before:
    """Recordings as (rows, frames, mels). Options: `field`, `to`, those of `log_mel`; `rate` (the field's where absent).

    `frames`: so many, cut at the end or filled up with the logarithm of `floor`; without it all must have one length.
    `mean` and `std`: numbers or one a band; `layout`: NTF (rows, frames, mels), NFT, or N1FT and N1TF with a channel.
    """
    name, to = str(options["field"]), target(options, context)
    field = context.field(name)
    rate = options.get("rate") or (field.rate if field else None)
    if not rate:
        raise ValueError("lacks `rate`")
    told = {key: options[key] for key in ("mels", "window", "hop", "low", "high", "floor") if key in options}
    frames, layout = options.get("frames"), options.get("layout", "NTF")
    if layout not in ("NTF", "NFT", "N1TF", "N1FT"):
        raise ValueError("layout is NTF, NFT, N1TF or N1FT")
    mean, std = np.asarray(options.get("mean", 0), np.float32), np.asarray(options.get("std", 1), np.float32)
    silence = np.float32(np.log(told.get("floor", 1e-6)))

    def step(columns: Columns, feeds: Arrays) -> None:
        rows = [_sized(log_mel(samples, rate, **told), frames, silence) for samples in found(name, columns, feeds)]
        values = (np.stack(rows) - mean) / std
        values = values.transpose(0, 2, 1) if layout.endswith("FT") else values
        feeds[to] = np.ascontiguousarray(values[:, None] if "1" in layout else values)

    return step


def _sized(frames: NDArray[np.float32], wanted: int | None, silence: np.float32) -> NDArray[np.float32]:
    if wanted is None or len(frames) == wanted:
        return frames
    held = np.full((wanted, frames.shape[1]), silence, np.float32)
    held[: min(wanted, len(frames))] = frames[:wanted]
    return held
