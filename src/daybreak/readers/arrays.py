"""NumPy: files of one or several arrays, arrays in memory, and the IDX files of MNIST.

One dimension is a column, two are columns of numbers, three or four are pictures (height, width and perhaps channels).
"""

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from blake3 import blake3

from daybreak.audit.about import CONTENT, DIGEST
from daybreak.audit.outcome import Finding
from daybreak.base.errors import UsageError
from daybreak.readers.pictures import THUMBNAIL, canonical_pixels, pixel_digest, small, small_shape, to_bytes
from daybreak.readers.source import aimed, told

Array = np.ndarray[Any, Any]

EXTENSIONS = (".npy", ".npz")
ROWS = 2**14
PICTURES_AT_ONCE = 1024
MOST_COLUMNS = 4096  # of a matrix; wider ones are one vector a row
SMALLEST_SIDE = 8  # pixels of a picture; a smaller last dimension is channels
MOST_CHANNELS = 4
TARGET = "target"
TARGETS = ("y", "Y", "target", "targets", "label", "labels")
_IDX: dict[int, Any] = {
    8: np.uint8,
    9: np.int8,
    11: np.dtype(">i2"),
    12: np.dtype(">i4"),
    13: np.dtype(">f4"),
    14: np.dtype(">f8"),
}


class Arrays:
    """Arrays of one length as columns. `content`: the array that is pictures, if one is.

    Raises `UsageError` for arrays of different lengths, of no dimension, or of objects that are no numbers or strings.
    """

    def __init__(self, parts: Mapping[str, Array], name: str, target: str = "") -> None:
        self.name, self._target = name, target
        lengths = {key: len(part) for key, part in parts.items() if part.ndim}
        if not lengths or len(lengths) < len(parts) or len(set(lengths.values())) > 1:
            said = ", ".join(f"{key} {part.shape}" for key, part in parts.items())
            raise UsageError(
                f"arrays have one row for each sample, so all have one length; {name} holds {said or 'none'}"
            )
        self._length = next(iter(lengths.values()))
        pictures = [key for key, part in parts.items() if is_pictures(part)]
        self.pictures = parts[pictures[0]] if len(pictures) == 1 else None
        self._parts = {key: part for key, part in parts.items() if self.pictures is None or key != pictures[0]}
        self.shape = self.wish() if self.pictures is not None else (THUMBNAIL, THUMBNAIL, 1)
        self.extent = _extent(self.pictures)
        self._prefixed = len(self._parts) - (target in self._parts) > 1

    def wish(self) -> tuple[int, int, int]:
        """Height, width and channels of small copies that suit these pictures."""
        assert self.pictures is not None  # noqa: S101
        height, width, channels = _as_picture(self.pictures[:1]).shape[1:]
        return (*small_shape([(height, width)]), 1 if channels in {1, 2} else 3)

    @property
    def schema(self) -> pa.Schema:
        """Fields of all parts, pictures first."""
        fields: list[pa.Field] = []
        if self.pictures is not None:
            length = int(np.prod(self.shape))
            fields = [
                told(DIGEST, pa.binary(16), "digest", "content"),
                told(CONTENT, pa.list_(pa.uint8(), length), "image", "content", self.shape),
            ]
        for key, part in self._parts.items():
            purpose: Any = "target" if key and key == self._target else "feature"
            fields += [aimed(name, array.type, purpose) for name, array in self._columns(key, part[:1])]
        return pa.schema(fields)

    def rows(self) -> int | None:
        """The arrays' length."""
        return self._length

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows by slices: memory-mapped files are not loaded whole."""
        schema = self.schema
        step = ROWS if self.pictures is None else PICTURES_AT_ONCE
        for start in range(0, self._length, step):
            columns = [] if self.pictures is None else self._decoded(self.pictures[start : start + step])
            for key, part in self._parts.items():
                columns += [array for _, array in self._columns(key, part[start : start + step])]
            arrays = [c.cast(f.type) if c.type != f.type else c for c, f in zip(columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _columns(self, key: str, part: Array) -> list[tuple[str, pa.Array]]:
        if part.dtype.names:
            return [(name, _plain(part[name])) for name in part.dtype.names]
        if part.ndim > 2:  # noqa: PLR2004
            part = part.reshape(len(part), -1)
        if part.ndim == 1 or part.shape[1] == 1:
            return [(key or "0", _plain(part.reshape(-1)))]
        if part.shape[1] > MOST_COLUMNS:
            flat = pa.array(np.ascontiguousarray(part, np.float32).reshape(-1))
            return [(key or "vector", pa.FixedSizeListArray.from_arrays(flat, part.shape[1]))]
        prefix = f"{key}." if self._prefixed else ""
        return [(f"{prefix}{i}", _plain(part[:, i])) for i in range(part.shape[1])]

    def _decoded(self, pictures: Array) -> list[pa.Array]:
        pixels = _as_picture(pictures)
        digests = [pixel_digest(canonical_pixels(_exact(each))) for each in pixels]
        copies = np.stack([small(each, self.shape) for each in self._in_bytes(pixels)]).reshape(-1)
        flat = pa.FixedSizeListArray.from_arrays(pa.array(copies), int(np.prod(self.shape)))
        return [pa.array(digests, pa.binary(16)), flat]

    def _in_bytes(self, pixels: Array) -> Array:
        return pixels if pixels.dtype == np.uint8 else to_bytes(pixels, *self.extent)

    def picture(self, position: int) -> Array | None:
        """One picture in 8 bits, (height, width, 1 or 3), for a page."""
        if self.pictures is None:
            return None
        pixels: Array = self._in_bytes(_as_picture(self.pictures[position : position + 1]))[0]
        return pixels if pixels.shape[2] in {1, 3} else pixels[..., :1]

    def digest(self) -> str:
        """blake3 over names, shapes, types and bytes."""
        found = blake3()
        parts = {**self._parts, **({} if self.pictures is None else {CONTENT: self.pictures})}
        for key, part in parts.items():
            found.update(f"{key} {part.shape} {part.dtype.str} ".encode())
            for start in range(0, self._length, ROWS):
                chunk = part[start : start + ROWS]
                found.update(
                    repr(chunk.tolist()).encode() if chunk.dtype.hasobject else np.ascontiguousarray(chunk).tobytes()
                )
        return found.hexdigest()

    def notes(self) -> tuple[Finding, ...]:
        """None."""
        return ()


def _extent(pictures: Array | None) -> tuple[float, float]:
    """The smallest and the largest value, NaN aside."""
    if pictures is None or pictures.dtype == np.uint8 or not pictures.size:
        return 0.0, 255.0
    blocks = [pictures[i : i + PICTURES_AT_ONCE] for i in range(0, len(pictures), PICTURES_AT_ONCE)]
    found = [(float(np.nanmin(block)), float(np.nanmax(block))) for block in blocks if not np.isnan(block).all()]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else (0.0, 1.0)


def is_pictures(part: Array) -> bool:
    """Whether an array is pictures: (n, height, width), or with channels last or first."""
    if part.dtype.kind not in "uifb" or part.dtype.names:
        return False
    if part.ndim == 3:  # noqa: PLR2004
        return bool(min(part.shape[1:]) >= SMALLEST_SIDE)
    return part.ndim == 4 and min(part.shape[3], part.shape[1]) <= MOST_CHANNELS  # noqa: PLR2004


def _as_picture(pictures: Array) -> Array:
    """(n, height, width, channels)."""
    if pictures.ndim == 3:  # noqa: PLR2004
        return pictures[..., None]
    return pictures if pictures.shape[3] <= MOST_CHANNELS else np.moveaxis(pictures, 1, 3)


def _exact(pixels: Array) -> Array:
    """One form for one picture whatever type holds it: small whole numbers as uint8, other numbers as float32."""
    if pixels.dtype == np.uint8:
        return pixels
    floats = pixels.astype(np.float32) + np.float32(0)
    whole = bool((floats == np.floor(floats)).all()) and floats.min() >= 0 and floats.max() <= 255  # noqa: PLR2004
    return floats.astype(np.uint8) if whole else floats


def _plain(column: Array) -> pa.Array:
    """An Arrow array of numbers, strings or times; objects by what they are."""
    if column.dtype.kind in "OUS":
        values = [x.decode("utf-8", "replace") if isinstance(x, bytes) else x for x in column.tolist()]
        try:
            found = pa.array(values, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # several types in one column
            found = pa.array([None if x is None else str(x) for x in values], pa.string())
        return found.cast(pa.string()) if pa.types.is_null(found.type) else found
    if column.dtype.kind == "c":
        raise UsageError(
            "columns hold numbers, strings or times, complex numbers are none: give real and imaginary parts"
        )
    native = column.dtype.newbyteorder("=")
    return pa.array(np.ascontiguousarray(column, native))


def load(path: Path) -> dict[str, Array]:
    """Arrays of a .npy or .npz file by name; that of a .npy has none. Raises `UsageError`."""
    try:
        found = np.load(path, mmap_mode="r" if path.suffix == ".npy" else None, allow_pickle=False)
        return {"": found} if isinstance(found, np.ndarray) else {key: found[key] for key in found.files}
    except (OSError, ValueError, EOFError) as error:
        why = (
            "it holds Python objects, which are never loaded"
            if "pickle" in str(error) or "Python objects" in str(error)
            else str(error)
        )
        raise UsageError(f"{path} cannot be read as NumPy arrays: {why}") from error


def load_idx(path: Path) -> Array:
    """An array in the IDX format of MNIST (http://yann.lecun.com/exdb/mnist), compressed or not. Raises `UsageError`."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        kind, dimensions = _IDX[data[2]], data[3]
        shape = np.frombuffer(data, ">u4", dimensions, 4)
        values: Array = np.frombuffer(data, kind, offset=4 + 4 * dimensions)
        return values.reshape(shape.tolist())
    except (OSError, EOFError, IndexError, KeyError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as an IDX file: {error}") from error


def is_idx(path: Path) -> bool:
    """Whether a file's name says that it is IDX."""
    return any(part in path.name for part in ("-ubyte", ".idx", "-idx1", "-idx3"))


def target_beside(path: Path) -> Path | None:
    """The file of targets that belongs to one of features: y_train.npy to X_train.npy, labels to images."""
    pairs = (
        ("X", "y"),
        ("x", "y"),
        ("images", "labels"),
        ("features", "labels"),
        ("features", "targets"),
        ("data", "labels"),
    )
    for one, other in pairs:
        named = (
            path.name.replace("images-idx3", "labels-idx1") if "idx3" in path.name else path.name.replace(one, other, 1)
        )
        if (path.name.startswith(one) or len(one) > 1) and named != path.name and (path.parent / named).is_file():
            return path.parent / named
    return None


def sides(parts: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """Side -> arrays, where names say it (X_train, y_train, X_test, ...); otherwise nothing."""
    found: dict[str, dict[str, Array]] = {}
    for key, part in parts.items():
        for word, side in (("train", "train"), ("test", "test"), ("valid", "validation"), ("val", "validation")):
            if word in key.lower().split("_"):
                rest = "_".join(piece for piece in key.split("_") if piece.lower() != word)
                found.setdefault(side, {})[rest] = part
                break
    return found if {"train", "test"} <= found.keys() else {}


def target_of(parts: Mapping[str, Array]) -> str:
    """Which of several arrays is the target by its name; "" where none is."""
    return next((name for name in TARGETS if name in parts and len(parts) > 1), "")
