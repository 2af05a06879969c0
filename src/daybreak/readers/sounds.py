"""Recordings: what two files with the same samples have in common, and pooled log-mel energies to compare.

Mel bands after Stevens, Volkmann and Newman, 1937, in O'Shaughnessy's formula; energies are averaged over time into a fixed number
of frames, so that recordings of any length have one shape, and the length stands beside them.
"""

import base64
import io
import struct
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from blake3 import blake3

from daybreak.audit.about import CONTENT, DIGEST, META
from daybreak.readers.media import Broken
from daybreak.readers.pictures import png_url
from daybreak.readers.source import told

Samples = np.ndarray[Any, np.dtype[np.float32]]

FRAMES, BANDS = 24, 32
LOWEST, HIGHEST = 60.0, 8000.0  # Hz: the same bands whatever the sample rate
WINDOW, HOP = 0.032, 0.010  # seconds
BLOCK = 2**14  # windows transformed at once
FLOOR = 1e-8  # of the loudest energy: 80 dB
QUIET = 0.01  # of the peak: 40 dB below it counts as silence
PLAYED = 3.0  # seconds up to which a page can play it
_INTEGERS: dict[int, Any] = {1: np.uint8, 2: np.dtype("<i2"), 4: np.dtype("<i4")}
SLOWEST, FASTEST = 100, 1_000_000  # samples a second that a recording may have
STREAMED = 2**31 - 2**16  # bytes that a program announces when it does not know yet how many will come
THREE_BYTES = 3


@dataclass(frozen=True)
class Sound:
    """Samples in [-1, 1], (length, channels); channels that agree are one."""

    samples: Samples
    rate: int
    channels: int
    bits: int


class Sounds:
    """Decodes PCM with the standard library, and everything else with soundfile where that is installed."""

    what = "recordings"
    extensions = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".au"})

    def prepare(self, samples: Sequence[bytes]) -> None:
        """Nothing depends on other files."""

    def fields(self) -> list[pa.Field]:
        """Digest of the samples, energies, and what is about the file."""
        numbers = ("duration", "loudness", "peak", "silence_start", "silence_end")
        return [
            told(DIGEST, pa.binary(16), "digest", "content"),
            told(CONTENT, pa.list_(pa.float32(), FRAMES * BANDS), "audio", "content", (FRAMES, BANDS)),
            *(
                told(f"{META}{name}", pa.int64(), "integer", "meta")
                for name in ("bytes", "sample_rate", "channels", "bits")
            ),
            *(told(f"{META}{name}", pa.float64(), "number", "meta") for name in numbers),
        ]

    def decode(self, data: bytes, name: str) -> dict[str, Any]:
        """One recording as values by field. Raises `Broken`."""
        del name
        sound = read_sound(data)
        if not len(sound.samples):
            raise Broken("it holds no samples")
        mono = sound.samples.mean(axis=1)
        start, end = _silence(mono, sound.rate)
        about = {
            "bytes": len(data),
            "sample_rate": sound.rate,
            "channels": sound.channels,
            "bits": sound.bits,
            "duration": len(mono) / sound.rate,
            "loudness": _decibels(float(np.sqrt(np.mean(np.square(mono, dtype=np.float64))))),
            "peak": float(np.abs(mono).max()),
            "silence_start": start,
            "silence_end": end,
        }
        found: dict[str, Any] = {f"{META}{key}": value for key, value in about.items()}
        found[DIGEST] = sample_digest(sound.samples)
        found[CONTENT] = pooled(log_mel(mono, sound.rate)).ravel()
        return found

    def shown(self, data: bytes) -> dict[str, str]:
        """Its spectrogram, and the sound itself if it is short."""
        sound = read_sound(data)
        mono = sound.samples.mean(axis=1)
        energies = log_mel(mono, sound.rate)
        low, high = float(energies.min()), float(energies.max())
        picture = ((energies - low) / max(high - low, 1e-9) * 255).astype(np.uint8)[:, ::-1].T[..., None]
        found = {CONTENT: png_url(np.ascontiguousarray(picture))}
        if len(mono) / sound.rate < PLAYED:
            found["@sound"] = wav_url(mono, sound.rate)
        return found


def read_sound(data: bytes) -> Sound:
    """A file's samples. Raises `Broken`."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = file.readframes(file.getnframes())
            announced = file.getnframes()
    except (wave.Error, EOFError, RuntimeError, struct.error):  # its chunks contradict each other, or it is no PCM
        return _by_soundfile(data)
    _plausible(rate, channels)
    samples = _scaled(raw[: len(raw) // (width * channels) * width * channels], width).reshape(-1, channels)
    if len(samples) < announced < STREAMED // (width * channels):
        raise Broken(f"it is cut: {len(samples)} of {announced} samples are there")
    return Sound(_joined(samples), rate, channels, 8 * width)


def _plausible(rate: int, channels: int) -> None:
    """A damaged header may ask for windows of gigabytes. Raises `Broken`."""
    if not SLOWEST <= rate <= FASTEST or not channels:
        raise Broken(f"its header says {channels} channels and {rate:,} samples a second")


def _scaled(raw: bytes, width: int) -> Samples:
    """PCM as float32 in [-1, 1); exact up to 24 bits."""
    if width == THREE_BYTES:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return np.asarray(wide.view("<i4")[:, 0] / 2.0**31, np.float32)
    if width not in _INTEGERS:
        raise Broken(f"samples of {width} bytes are unknown")
    values = np.frombuffer(raw, _INTEGERS[width])
    if width == 1:
        return np.asarray((values.astype(np.float32) - 128) / 128, np.float32)
    return np.asarray(values / 2.0 ** (8 * width - 1), np.float32)


def _by_soundfile(data: bytes) -> Sound:
    try:
        import soundfile
    except ImportError as error:
        raise Broken("it is no PCM WAV; other formats need: pip install 'daybreak[audit]'") from error
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _plausible(file.samplerate, file.channels)
            samples = file.read(dtype="float32", always_2d=True)
            bits = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32}.get(
                file.subtype, 0
            )
            return Sound(_joined(samples), file.samplerate, file.channels, bits)
    except (soundfile.SoundFileError, RuntimeError, ValueError) as error:
        raise Broken("no sound of a known format" if data else "empty") from error


def _joined(samples: Samples) -> Samples:
    same = samples.shape[1] > 1 and bool((samples[:, :1] == samples).all())
    return samples[:, :1] if same else samples


def sample_digest(samples: Samples) -> bytes:
    """128 bits of blake3 over shape and samples as float32: one for 16 bits and the same in 24, for a WAV and its FLAC."""
    canonical = np.ascontiguousarray(samples + np.float32(0), "<f4")  # no negative zero
    return blake3(f"{canonical.shape} ".encode() + canonical.tobytes()).digest(length=16)


def log_mel(mono: Samples, rate: int) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """(windows, bands): log10 of the energy in each band, 80 dB below the loudest at least."""
    size, hop = max(16, round(WINDOW * rate)), max(1, round(HOP * rate))
    if len(mono) < size:
        mono = np.pad(mono, (0, size - len(mono)))
    windows = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop]
    shape, filters = np.hanning(size).astype(np.float32), _filters(rate, size)
    blocks = [
        (np.abs(np.fft.rfft(windows[i : i + BLOCK] * shape)) ** 2) @ filters for i in range(0, len(windows), BLOCK)
    ]
    energies = np.concatenate(blocks)
    return np.asarray(np.log10(np.maximum(energies, max(float(energies.max()) * FLOOR, 1e-12))), np.float32)


@lru_cache(8)
def _filters(rate: int, size: int) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """(frequencies, bands): triangles that are evenly spaced in mel."""
    edges = _hertz(np.linspace(_mel(LOWEST), _mel(HIGHEST), BANDS + 2))
    frequencies = np.fft.rfftfreq(size, 1 / rate)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    triangles = np.maximum(0, np.minimum(rising, falling))
    nearest = np.abs(frequencies - centre).argmin(axis=0)  # narrow bands hold one frequency at least
    inside = (triangles.sum(axis=0) == 0) & (centre <= rate / 2)
    triangles[nearest[inside], np.flatnonzero(inside)] = 1
    return np.asarray(triangles / size, np.float32)


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def _hertz(mel: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    return np.asarray(700 * (10 ** (mel / 2595) - 1))


def pooled(energies: "np.ndarray[Any, np.dtype[np.float32]]") -> "np.ndarray[Any, np.dtype[np.float32]]":
    """(windows, bands) averaged over time into (FRAMES, bands), windows that lie on a border by halves as they do.

    With whole windows a short recording and its cut copy would be averaged over different ones, and look different.
    """
    count = len(energies)
    total = np.concatenate([np.zeros((1, energies.shape[1])), np.cumsum(energies, axis=0, dtype=np.float64)])
    borders = np.linspace(0, count, FRAMES + 1)
    window = np.minimum(borders.astype(int), count - 1)
    until = total[window] + (borders - window)[:, None] * energies[window]
    return np.asarray(np.diff(until, axis=0) * (FRAMES / count), np.float32)


def _silence(mono: Samples, rate: int) -> tuple[float, float]:
    """Seconds before and after all that is louder than 40 dB below the peak."""
    loud = np.flatnonzero(np.abs(mono) > QUIET * np.abs(mono).max())
    if not len(loud):
        return len(mono) / rate, len(mono) / rate
    return float(loud[0]) / rate, float(len(mono) - 1 - loud[-1]) / rate


def _decibels(value: float) -> float:
    return float(20 * np.log10(max(value, 1e-6)))


def wav_url(mono: Samples, rate: int) -> str:
    """16-bit mono WAV in a data: URL."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((mono.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return "data:audio/wav;base64," + base64.b64encode(buffer.getvalue()).decode()
