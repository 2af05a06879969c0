"""Pictures as models take them, and as they give them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from daybreak.inference.session import Arrays
from daybreak.inference.steps import After, Before, Context, Options
from daybreak.inference.steps.decoding import ends
from daybreak.inference.steps.tables import found, target
from daybreak.signature.columns import objects
from daybreak.signature.fields import Columns

CHANNELS = {"L": 1, "RGB": 3}
LAYOUTS = ("NCHW", "NHWC", "flat")


def image(options: Options, context: Context) -> Before:
    """uint8 pictures of any size as (rows, channels, height, width).

    Options: `field`, `to`; `size` [height, width]: bilinear, where a picture has another (else all have one size); `mode` L or RGB
    (the field's channels where absent); `scale` (1): pixels are multiplied with it; then `mean` and `std`, numbers or one a channel;
    `layout` NCHW, NHWC or flat; `invert`: 255 - pixel first.
    """
    name, to = str(options["field"]), target(options, context)
    field = context.field(name)
    mode = options.get("mode") or ("L" if field and field.shape and field.shape[-1] == 1 else "RGB")
    size, layout = options.get("size"), options.get("layout", "NCHW")
    if mode not in CHANNELS or layout not in LAYOUTS:
        raise ValueError(f"mode is L or RGB, layout one of {', '.join(LAYOUTS)}")
    dtype = context.inputs.get(to, (np.float32, ()))[0] or np.float32
    scale, invert = options.get("scale", 1), bool(options.get("invert", False))
    mean, std = np.asarray(options.get("mean", 0), np.float32), np.asarray(options.get("std", 1), np.float32)
    plain = not mean.any() and bool(np.all(std == 1)) and scale == 1

    def step(columns: Columns, feeds: Arrays) -> None:
        pixels = np.stack([_fitted(picture, mode, size) for picture in found(name, columns, feeds)])
        if invert:
            pixels = 255 - pixels
        values = pixels if plain else ((pixels * np.float32(scale)) - mean) / std
        if layout == "NCHW":
            values = values.transpose(0, 3, 1, 2)
        elif layout == "flat":
            values = values.reshape(len(values), -1)
        feeds[to] = np.ascontiguousarray(values, dtype)

    return step


def _fitted(picture: NDArray[Any], mode: str, size: Any) -> NDArray[np.uint8]:
    """(height, width, channels) of the mode and size; a grey picture may lack its last axis."""
    picture = picture[:, :, None] if picture.ndim == 2 else picture  # noqa: PLR2004
    if picture.shape[2] == CHANNELS[mode] and (size is None or picture.shape[:2] == tuple(size)):
        return picture
    from PIL import Image

    held = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).convert(mode)
    if size is not None and picture.shape[:2] != tuple(size):
        held = held.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = np.asarray(held)
    return pixels[:, :, None] if mode == "L" else pixels


def drawn(options: Options, context: Context) -> After:
    """The model's (rows, channels, height, width) as uint8 pictures. Options: `of`, `to`, `scale` (255), `offset` (0), `layout` NCHW."""
    of, to = ends(options, context)
    scale, offset = float(options.get("scale", 255)), float(options.get("offset", 0))
    layout = options.get("layout", "NCHW")

    def step(outputs: Arrays, columns: Columns, feeds: Arrays) -> None:
        del columns, feeds
        values = outputs[of].transpose(0, 2, 3, 1) if layout == "NCHW" else outputs[of]
        outputs[to] = objects((values * scale + offset).round().clip(0, 255).astype(np.uint8))

    return step
