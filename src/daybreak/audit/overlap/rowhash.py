"""128 bits a row, by columns: what rows are compared by when they are too many to compare.

Two halves of 64 bits. *fine*: the values as they are, numbers as float64. *coarse*: numbers as float32, numeric text as numbers; it is
the half that speaks where two sides hold one column in different precision. Each half is a sum over columns, modulo 2**64, of mixes of
the value (multiply, xorshift, multiply, as in the finaliser of MurmurHash3, Appleby 2011) keyed by the column's name: the order of columns
does not matter, and a column can be taken out of a finished hash. Two different rows share a half with a chance of about 2**-64.
"""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from blake3 import blake3

from daybreak.audit.about import Column
from daybreak.audit.canonical import bits, is_numeric, is_text, label_texts, numbers, plain, texts, times

Bits = np.ndarray[Any, np.dtype[np.uint64]]
BLOCK = 1 << 14  # rows hashed at a time: what is read and written stays in the processor's cache
_HALF = np.uint64(32)
_MISSING_TEXT = b"\x00missing"


class Constant(NamedTuple):
    """What a column that holds one value alone adds to both halves."""

    fine: int
    coarse: int


class Hashed(NamedTuple):
    """Rows of one batch. `constants`: column -> what it adds, of those with one value throughout."""

    fine: Bits
    coarse: Bits
    constants: dict[str, Constant]


def hashed(batch: pa.RecordBatch, columns: tuple[Column, ...]) -> Hashed:
    """Hash all rows by these columns. The batch has at least one row."""
    fine, coarse = np.zeros(batch.num_rows, np.uint64), np.zeros(batch.num_rows, np.uint64)
    constants = {}
    for column in columns:
        constant = _add(batch.column(column.name), column, fine, coarse)
        if constant is not None:
            constants[column.name] = constant
    return Hashed(fine, coarse, constants)


def precision(kind: pa.DataType) -> str:
    """How a stored type is written: two sides of different precision are compared by the coarse half."""
    if pa.types.is_floating(kind) and kind.bit_width < 64:  # noqa: PLR2004
        return str(kind)
    if is_numeric(kind):
        return "number"
    return "text" if is_text(kind) or pa.types.is_dictionary(kind) else "other"


def _add(array: pa.Array, column: Column, fine: Bits, coarse: Bits) -> Constant | None:
    """Add one column to both halves; what it adds where it is constant."""
    keys = _keys(column.name)
    array = plain(array)
    if pa.types.is_fixed_size_list(array.type):
        parts = _of_lists(array, keys)
    elif pa.types.is_fixed_size_binary(array.type):
        parts = _of_digests(array, keys)
    elif column.type == "time" or pa.types.is_temporal(array.type):
        parts = _of_times(array, keys)
    elif is_numeric(array.type):
        return _add_numbers(array, keys, fine, coarse)
    else:
        parts = _of_texts(array, column, keys)
    fine += parts[0]
    coarse += parts[1]
    return _constant(*parts)


def _keys(name: str) -> Bits:
    """Four odd multipliers of a column."""
    return np.frombuffer(blake3(name.encode()).digest(32), np.uint64) | np.uint64(1)


def _constant(fine: Bits, coarse: Bits) -> Constant | None:
    same = fine[0] == fine[-1] and bool((fine == fine[0]).all())
    return Constant(int(fine[0]), int(coarse[0])) if same else None


def _add_numbers(array: pa.Array, keys: Bits, fine: Bits, coarse: Bits) -> Constant | None:
    """Numbers block by block, in buffers that are used again: this is where wide tables spend their time."""
    values = _values(array)
    buffers = _Buffers(min(BLOCK, len(values)))
    same: Constant | None = None
    for start in range(0, len(values), BLOCK):
        part = values[start : start + BLOCK]
        left, right = buffers.mixed(part, keys)
        rows = slice(start, start + len(part))
        fine[rows] += left
        coarse[rows] += right
        if start == 0:
            same = _constant(left, right)
        elif same is not None:
            same = same if _constant(left, right) == same else None
    return same


def _values(array: pa.Array) -> "np.ndarray[Any, Any]":
    """The stored numbers without a copy where nothing is missing."""
    stored = pa.types.is_integer(array.type) or (pa.types.is_floating(array.type) and array.type.bit_width > 16)  # noqa: PLR2004
    plainly = stored and not array.null_count
    return np.asarray(array.to_numpy() if plainly else numbers(array).to_numpy())


class _Buffers:
    """Room for one block."""

    def __init__(self, rows: int) -> None:
        self.double, self.single = np.empty(rows), np.empty(rows, np.float32)
        self.wide, self.scratch = np.empty(rows, np.uint64), np.empty(rows, np.uint64)

    def mixed(self, part: "np.ndarray[Any, Any]", keys: Bits) -> tuple[Bits, Bits]:
        """What the values of one column add to the fine and the coarse half; valid until the next call."""
        n = len(part)
        double, single, wide, scratch = self.double[:n], self.single[:n], self.wide[:n], self.scratch[:n]
        np.add(part, 0.0, out=double, casting="same_kind")  # takes -0.0 away
        if np.isnan(double.max()):
            double[np.isnan(double)] = np.nan
        with np.errstate(over="ignore"):
            np.copyto(single, double, casting="same_kind")
        left = double.view(np.uint64)
        if part.dtype.kind in "iu":
            _add_rest(part, double, left)
        np.right_shift(left, _HALF, out=scratch)
        np.bitwise_xor(left, scratch, out=left)
        np.copyto(wide, single.view(np.uint32))
        return _spread(left, scratch, keys[0], keys[1]), _spread(wide, scratch, keys[2], keys[3])


def _add_rest(part: "np.ndarray[Any, Any]", double: "np.ndarray[Any, Any]", bits: Bits) -> None:
    """Integers beyond 2**53 that no double holds stay apart from their neighbours."""
    most = 2**53
    if part.max() > most or part.min() < -most:
        with np.errstate(invalid="ignore"):
            bits ^= (part - double.astype(part.dtype)).astype(np.uint64)


def _spread(bits: Bits, scratch: Bits, first: np.uint64, second: np.uint64) -> Bits:
    """Mix in place: every bit of the value reaches every bit of the sum."""
    np.multiply(bits, first, out=bits)
    np.right_shift(bits, _HALF, out=scratch)
    np.bitwise_xor(bits, scratch, out=bits)
    return np.multiply(bits, second, out=bits)


def _of_whole(values: Bits, keys: Bits) -> tuple[Bits, Bits]:
    """Values of 64 bits, all of which count in either half."""
    values = values ^ (values >> _HALF)
    scratch = np.empty_like(values)
    return _spread(values.copy(), scratch, keys[0], keys[1]), _spread(values, scratch, keys[2], keys[3])


def _of_times(array: pa.Array, keys: Bits) -> tuple[Bits, Bits]:
    moments = times(array)
    if not pa.types.is_timestamp(moments.type):
        return _of_texts(moments.cast(pa.string()), Column("", "text"), keys)
    ticks = moments.cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy()
    return _of_whole(ticks.view(np.uint64), keys)


def _of_texts(array: pa.Array, column: Column, keys: Bits) -> tuple[Bits, Bits]:
    """Text and categories, each different one once. In a category true is 1; in the coarse half numeric text is the number."""
    encoded = (array if is_text(array.type) else texts(array)).dictionary_encode(null_encoding="encode")
    words = encoded.dictionary
    words = texts(words) if column.type == "text" else bits(label_texts(words))
    digests = b"".join(blake3(word.encode() or _MISSING_TEXT).digest(16) for word in words.fill_null("").to_pylist())
    halves = np.frombuffer(digests, np.uint64).reshape(-1, 2)
    coarse = halves[:, 1].copy()
    known = numbers(words).to_numpy()
    told = ~np.isnan(known) | np.asarray(pc.equal(words.fill_null(""), ""))
    if told.any():
        coarse[told] = _Buffers(int(told.sum())).mixed(known[told], keys)[1]
    which = encoded.indices.to_numpy()
    return (halves[:, 0] * keys[1])[which], coarse[which]


def _of_digests(array: pa.Array, keys: Bits) -> tuple[Bits, Bits]:
    """Hashes of files; any width is hashed to 16 bytes first."""
    values = [value or _MISSING_TEXT for value in array.to_pylist()]
    digests = b"".join(value if len(value) == 16 else blake3(value).digest(16) for value in values)  # noqa: PLR2004
    halves = np.frombuffer(digests, np.uint64).reshape(-1, 2)
    return halves[:, 0] * keys[1], halves[:, 1] * keys[3]


def _of_lists(array: pa.Array, keys: Bits) -> tuple[Bits, Bits]:
    """Vectors and pictures of one size: the sum over places, each with a multiplier of its own."""
    width, n = array.type.list_size, len(array)
    values = array.values.slice(array.offset * width, n * width)
    rows = _values(values).reshape(n, width)
    if array.null_count:
        rows = np.where(np.asarray(array.is_valid())[:, None], rows.astype(np.float64), np.nan)
    fine, coarse = np.zeros(n, np.uint64), np.zeros(n, np.uint64)
    places = np.arange(1, width + 1, dtype=np.uint64) * np.uint64(2)
    step = max(1, BLOCK * 4 // width)
    buffers = _Buffers(step * width)
    for start in range(0, n, step):
        part = rows[start : start + step]
        left, right = buffers.mixed(part.reshape(-1), keys)
        fine[start : start + step] = (left.reshape(-1, width) * (keys[2] * places + np.uint64(1))).sum(axis=1)
        coarse[start : start + step] = (right.reshape(-1, width) * (keys[0] * places + np.uint64(1))).sum(axis=1)
    return fine, coarse
