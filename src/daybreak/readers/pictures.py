"""Pictures: what two files with the same pixels have in common whatever they were saved as, and a small copy to compare."""

import base64
import io
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from blake3 import blake3

from daybreak.audit.about import CONTENT, DIGEST, META
from daybreak.base.errors import UsageError
from daybreak.readers.media import Broken
from daybreak.readers.source import told

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = np.ndarray[Any, Any]

SMALL = 64  # pixels a side up to which pictures of one size are kept as they are
THUMBNAIL = 32
SHOWN = 200  # pixels of the longer side on a page
GRAY = frozenset({"1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L"})
DEEP = frozenset({"I", "F", "I;16", "I;16B", "I;16L"})
DEEP_LOOKED_AT = 50  # such pictures whose pixels are read to see their range
LONG_BYTE = 257  # a byte repeated: what 8 bits become in 16
CHANNELS_WITH_ALPHA = (2, 4)
_EXIF = {"exif_camera": 0x0110, "exif_maker": 0x010F, "exif_software": 0x0131, "exif_time": 0x0132}


class Pictures:
    """Decodes with Pillow. `prepare` settles the size of `@content`: native where all pictures share a small one."""

    what = "pictures"
    extensions = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm"})

    def __init__(self) -> None:
        try:
            import PIL.Image  # noqa: F401
        except ImportError as error:
            raise UsageError("pictures are read by Pillow, which is missing: pip install 'daybreak[audit]'") from error
        self.shape = (THUMBNAIL, THUMBNAIL, 3)
        self.extent = (0.0, 255.0)  # of pixels deeper than 8 bits

    def prepare(self, samples: Sequence[bytes]) -> None:
        """Look at the headers of some pictures of all sides."""
        sizes: Counter[tuple[int, int]] = Counter()
        modes: Counter[str] = Counter()
        for data in samples:
            try:
                with _opened(data) as image:
                    sizes[image.height, image.width] += 1
                    modes[image.mode] += 1
                    if image.mode in DEEP and modes[image.mode] <= DEEP_LOOKED_AT:
                        self._widen(_pixels(image))
            except Broken:
                continue
        self.shape = (*small_shape(list(sizes)), 1 if modes.keys() <= GRAY else 3)

    def _widen(self, pixels: Pixels) -> None:
        low, high = float(np.nanmin(pixels)), float(np.nanmax(pixels))
        self.extent = (min(self.extent[0], low), max(self.extent[1], high))

    def fields(self) -> list[pa.Field]:
        """Digest of the pixels, the small copy, and what is about the file."""
        length = self.shape[0] * self.shape[1] * self.shape[2]
        return [
            told(DIGEST, pa.binary(16), "digest", "content"),
            told(CONTENT, pa.list_(pa.uint8(), length), "image", "content", self.shape),
            *(told(f"{META}{name}", pa.int64(), "integer", "meta") for name in ("bytes", "width", "height")),
            *(told(f"{META}{name}", pa.string(), "category", "meta") for name in ("mode", "format", *_EXIF)),
        ]

    def decode(self, data: bytes, name: str) -> dict[str, Any]:
        """One picture as values by field. Raises `Broken`."""
        del name
        with _opened(data) as image:
            about = {"bytes": len(data), "width": image.width, "height": image.height}
            about |= {"mode": image.mode, "format": image.format or "", **_exif(image)}
            pixels = _pixels(image)
        found = {f"{META}{key}": value for key, value in about.items()}
        canonical = canonical_pixels(pixels)
        found[DIGEST] = pixel_digest(canonical)
        found[CONTENT] = small(in_bytes(pixels, self.extent), self.shape).ravel()
        return found

    def shown(self, data: bytes) -> dict[str, str]:
        """The picture as a PNG of at most 200 pixels a side, in a data: URL."""
        with _opened(data) as image:
            return {CONTENT: png_url(in_bytes(_pixels(image), self.extent))}


def small_shape(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """Height and width of small copies, by the sizes that occur."""
    if len(sizes) == 1 and max(sizes[0]) <= SMALL:
        return sizes[0]
    return (THUMBNAIL, THUMBNAIL)


def canonical_pixels(pixels: Pixels) -> Pixels:
    """The same for the same picture: no alpha that hides nothing, one channel where all agree, 8 bits where 16 say no more.

    `pixels`: (height, width, channels).
    """
    channels = pixels.shape[2]
    if channels in CHANNELS_WITH_ALPHA:
        alpha = pixels[..., -1:]
        opaque = (alpha == np.iinfo(pixels.dtype).max).all()
        pixels = pixels[..., :-1] if opaque else np.where(alpha == 0, 0, pixels)  # colours that nobody sees
    if pixels.shape[2] == 3 and (pixels[..., :1] == pixels).all():  # noqa: PLR2004
        pixels = pixels[..., :1]
    if pixels.dtype == np.uint16 and (pixels % LONG_BYTE == 0).all():
        pixels = (pixels // LONG_BYTE).astype(np.uint8)
    return pixels


def pixel_digest(pixels: Pixels) -> bytes:
    """128 bits of blake3 over shape, precision and pixels."""
    head = f"{pixels.shape} {pixels.dtype.str} ".encode()
    return blake3(head + np.ascontiguousarray(pixels).tobytes()).digest(length=16)


def small(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    """A copy of 8-bit pixels in that (height, width, channels): areas averaged."""
    from PIL import Image

    flat = pixels
    if shape[2] == 1 and flat.shape[2] == 3:  # noqa: PLR2004
        flat = (flat @ np.array([0.299, 0.587, 0.114]))[..., None].round().astype(np.uint8)
    if shape[2] == 3 and flat.shape[2] == 1:  # noqa: PLR2004
        flat = np.repeat(flat, 3, axis=2)
    if flat.shape != shape:
        squeezed = flat[..., 0] if flat.shape[2] == 1 else flat
        resized = Image.fromarray(squeezed).resize((shape[1], shape[0]), Image.Resampling.BOX)
        flat = np.asarray(resized).reshape(shape)
    return flat


def png_url(pixels: Pixels) -> str:
    """8-bit pixels (height, width, 1 or 3) as a PNG in a data: URL; tiny ones are enlarged."""
    from PIL import Image

    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    factor = SHOWN / max(image.size)
    if factor < 1 or factor >= 2:  # noqa: PLR2004
        factor = factor if factor < 1 else int(factor)
        size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
        image = image.resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _opened(data: bytes) -> "Image":
    """The picture with its header read. Raises `Broken`."""
    import warnings

    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data))
    except UnidentifiedImageError as error:
        raise Broken("empty" if not data else "no picture of a known format") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Broken(str(error)) from error


def _pixels(image: "Image") -> Pixels:
    """(height, width, channels) as a person sees it: turned by its EXIF orientation, palettes resolved. Raises `Broken`."""
    from PIL import ImageOps

    try:
        image.seek(0)
        image.load()
        turned = ImageOps.exif_transpose(image)
        if turned.mode in DEEP:
            return _deep(np.asarray(turned))
        wanted = turned.mode if turned.mode in {"L", "LA", "RGB", "RGBA"} else _plain_mode(turned)
        pixels = np.asarray(turned if turned.mode == wanted else turned.convert(wanted))
    except Exception as error:  # Pillow's plugins raise all sorts of things for broken files
        raise Broken(str(error) or type(error).__name__) from error
    return pixels[..., None] if pixels.ndim == 2 else pixels  # noqa: PLR2004


def _plain_mode(image: "Image") -> str:
    if image.mode == "1":
        return "L"
    return "RGBA" if image.mode in {"PA", "RGBa", "La"} or "transparency" in image.info else "RGB"


def _deep(pixels: Pixels) -> Pixels:
    """More than 8 bits: as uint16 where they fit, else as they are."""
    if pixels.dtype.kind in "iu" and pixels.size and pixels.min() >= 0 and pixels.max() < 2**16:
        pixels = pixels.astype(np.uint16)
    return pixels[..., None]


def in_bytes(pixels: Pixels, extent: tuple[float, float]) -> Pixels:
    """8 bits, no alpha: on white where it was transparent; deeper pixels by the bits that they use."""
    if pixels.shape[2] in CHANNELS_WITH_ALPHA:
        alpha = pixels[..., -1:].astype(np.float32) / 255
        pixels = (pixels[..., :-1] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    if pixels.dtype == np.uint8:
        return pixels
    return to_bytes(pixels, *extent)


def to_bytes(values: Pixels, low: float, high: float) -> Pixels:
    """Numbers of any range as 8 bits: the largest of a set decides, by the power of two above it, so that sets agree on their scale."""
    values = np.nan_to_num(values.astype(np.float64))
    if low < 0:
        top = 2.0 ** np.ceil(np.log2(max(-low, high, 1e-9)))
        scaled = (values + top) / (2 * top)
    else:
        scaled = values / (1.0 if high <= 1 else 2.0 ** np.ceil(np.log2(high + 1)) - 1)
    return np.asarray((scaled * 255).round().clip(0, 255), np.uint8)


def _exif(image: "Image") -> dict[str, str | None]:
    try:
        tags = image.getexif()
    except Exception:  # noqa: BLE001 (a broken EXIF block is no broken picture)
        return {}
    return {name: str(tags[tag]).strip("\x00 ") or None for name, tag in _EXIF.items() if tag in tags}
