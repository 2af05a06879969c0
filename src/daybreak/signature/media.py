"""Pictures and recordings as they travel: base64 in JSON, files as bodies; bounded before anything is unpacked.

A picture becomes uint8 (height, width, channels), turned as its Exif says; a recording float32 (samples,) in -1..1, mono, at the field's
rate (resampled in the frequency domain: Oppenheim and Schafer, Discrete-Time Signal Processing, 4.6).
"""

import base64
import binascii
import io
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from daybreak.base.errors import BadRow, UsageError
from daybreak.signature.fields import Field

PIXELS = 32_000_000  # of one picture
SAMPLES = 30_000_000  # of one recording, over all channels: five minutes of stereo at 48 kHz
UNPACKED = 512 << 20  # bytes of all pictures and recordings of one request
PICTURES = ("PNG", "JPEG", "WEBP", "BMP")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
UNTOLD = 0x7FFFF000  # bytes of samples that a recorder writes ahead which does not know its end yet: this many or more, or none
DEEP = ("I;16", "I;16B", "I;16L", "I")  # grey values to 65,535


def ready(field: Field) -> None:
    """Import the decoder of a field, before the first row asks for it. Raises `UsageError` where it is missing."""
    module, name = ("PIL.Image", "Pillow") if field.kind == "image" else ("soundfile", "soundfile")
    try:
        import_module(module)
    except (ImportError, OSError) as error:  # soundfile brings a library of the system's
        raise UsageError(
            f"{field.name!r} is read by {name}, which is missing ({error}): pip install 'daybreak[serve]'"
        ) from error


class Budget:
    """What the media of one request may unpack to, all together: small files may hold large pictures."""

    def __init__(self, most: int = UNPACKED) -> None:
        self._most = self._left = most

    def spend(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array, taken off what is left. Raises `BadRow` (body_too_large)."""
        self._left -= array.nbytes
        if self._left < 0:
            told = f"pictures and recordings of one request unpack to at most {self._most >> 20} MiB; send parts"
            raise BadRow("body_too_large", told)
        return array


def decoded(field: Field, text: str, place: int | None = None) -> NDArray[Any]:
    """An image's or audio's array from base64, with or without `data:...;base64,` before it. Raises `BadRow` (bad_media)."""
    try:
        if text.startswith("data:"):
            head, _, text = text.partition(",")
            if not head.endswith(";base64"):
                raise BadRow(
                    "bad_media", f"{field.name!r} is a data URI in base64, got {head[:40]!r}", place, field.name
                )
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRow("bad_media", f"{field.name!r} is no base64: {error}", place, field.name) from error
    return read(field, data, place)


def read(field: Field, data: bytes, place: int | None = None) -> NDArray[Any]:
    """The same from the bytes of a file. Raises `BadRow` (bad_media)."""
    try:
        return _picture(field, data) if field.kind == "image" else _recording(field, data)
    except BadRow as bad:
        raise BadRow(bad.code, f"{field.name!r}: {bad}", place, field.name) from bad
    except Exception as error:  # decoders raise what they like
        what = "PNG, JPEG, WebP or BMP" if field.kind == "image" else "WAV, FLAC or OGG"
        why = str(error).partition(" <_io")[0].rstrip(":")
        raise BadRow("bad_media", f"{field.name!r} is no whole {what}: {why}", place, field.name) from error


def _picture(field: Field, data: bytes) -> NDArray[Any]:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data), formats=PICTURES) as opened:
        if opened.width * opened.height > PIXELS:
            size = f"{opened.width} x {opened.height}"
            raise BadRow("bad_media", f"a picture has at most {PIXELS:,} pixels, got {size}; make it smaller")
        turned = ImageOps.exif_transpose(opened)
        if turned.mode in DEEP:
            turned = Image.fromarray((np.asarray(turned).clip(0, 65535) // 257).astype(np.uint8))
        channels = field.shape[-1] if field.shape else None
        mode = MODES[channels] if channels else ("L" if turned.mode in ("L", "1", "LA") else "RGB")
        pixels = np.asarray(turned if turned.mode == mode else turned.convert(mode), np.uint8)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels  # noqa: PLR2004 - height, width


def _recording(field: Field, data: bytes) -> NDArray[Any]:
    import soundfile

    _check_whole(data)
    with soundfile.SoundFile(io.BytesIO(data)) as opened:
        if opened.frames * opened.channels > SAMPLES:
            raise BadRow(
                "bad_media",
                f"a recording has at most {SAMPLES:,} samples, got {opened.frames * opened.channels:,}; cut it",
            )
        mono = opened.read(SAMPLES, dtype="float32", always_2d=True).mean(axis=1, dtype=np.float32)
        rate, frames = opened.samplerate, opened.frames
    if len(mono) < frames:
        raise BadRow(
            "bad_media", f"a recording is whole, this one has {len(mono):,} samples of {frames:,}; send all of it"
        )
    if not len(mono) or not np.isfinite(mono).all():
        raise BadRow("bad_media", "a recording has finite samples, got " + ("other ones" if len(mono) else "none"))
    return mono if field.rate in (None, rate) else resampled(mono, rate, field.rate)


def _check_whole(data: bytes) -> None:
    """A WAV holds the bytes of samples that it counts (Multimedia Programming Interface 1.0, RIFF); decoders take what there is."""
    if data[8:12] != b"WAVE" or data[:4] not in (b"RIFF", b"RIFX"):
        return
    order: Literal["little", "big"] = "little" if data[:4] == b"RIFF" else "big"
    at = 12
    while at + 8 <= len(data):
        name, size, there = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], order), len(data) - at - 8
        if name == b"data" and there < size < UNTOLD:
            raise BadRow(
                "bad_media", f"a recording is whole, this one has {there:,} bytes of {size:,}; send all of the file"
            )
        if name == b"data":
            return
        at += 8 + size + size % 2


def resampled(samples: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """Samples at `rate` a second as samples at `wanted` a second; what the new rate cannot carry is left out.

    Raises `BadRow` (bad_media) where they would be more than a recording may have: the file's header says what it likes.
    """
    length = max(1, round(len(samples) * wanted / rate))
    if length > SAMPLES:
        got = f"{len(samples):,} samples at {rate:,} Hz are {length:,} at the field's {wanted:,} Hz; cut it"
        raise BadRow("bad_media", f"a recording has at most {SAMPLES:,} samples, {got}")
    spectrum = np.fft.rfft(samples)[: length // 2 + 1]
    told = np.fft.irfft(spectrum, length) * (length / len(samples))
    return told.astype(np.float32)


def as_png(pixels: NDArray[Any]) -> str:
    """uint8 (height, width, channels) or (height, width) as a data URI."""
    from PIL import Image

    flat = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels  # noqa: PLR2004
    held = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(flat, np.uint8)).save(held, "PNG")
    return "data:image/png;base64," + base64.b64encode(held.getvalue()).decode()
