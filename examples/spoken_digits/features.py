"""Log-mel spectrograms of spoken digits, in NumPy alone: training and the served model call the same function.

Shapes: N recordings, M mel bands, T frames of 16 ms, S samples at 8 kHz.
"""

import wave

import numpy as np

RATE, SAMPLES, WINDOW, HOP, BANDS = 8000, 6400, 256, 128, 32
HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def read_wave(file):
    """(S,) of a mono file with 16 bits a sample, in -1 to 1."""
    with wave.open(str(file)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), np.int16) / np.float32(32768)


def triangles():
    """(bins, M): triangular bands, evenly spaced on the mel scale."""
    mels = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), BANDS + 2)
    edges = (10 ** (mels / 2595) - 1) * 700 * WINDOW / RATE
    bins, low, mid, top = np.arange(WINDOW // 2 + 1)[:, None], edges[:-2], edges[1:-1], edges[2:]
    return np.minimum((bins - low) / (mid - low), (top - bins) / (top - mid)).clip(min=0).astype(np.float32)


BANDED = triangles()


def log_mel(wave_S):
    """(M, T) of one recording of any length, with mean 0 and standard deviation 1."""
    wave_S = wave_S[:SAMPLES]
    held = np.pad(np.pad(wave_S, (0, SAMPLES - len(wave_S))), WINDOW // 2, mode="reflect").astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(held, WINDOW)[::HOP]
    x_MT = np.log(np.abs(np.fft.rfft(frames * HANN)) ** 2 @ BANDED + 1e-6).T
    return ((x_MT - x_MT.mean()) / x_MT.std()).astype(np.float32)


def prepare_rows(columns):
    """What `daybreak deploy` calls for each batch: recordings (rows,) to (rows, 1, M, T)."""
    return {"input": np.stack([log_mel(wave_S) for wave_S in columns["recording"]])[:, None]}
