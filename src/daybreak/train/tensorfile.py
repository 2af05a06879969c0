"""Files in the safetensors format: named tensors, one JSON header, nothing that can be executed.

    offset 0   length of the header (u64, little-endian)
    8          header, JSON: {"__metadata__": {name: text}, tensor name: {"dtype", "shape", "data_offsets": [begin, end]}, ...}
    then       the tensors' bytes, one after the other without gaps, each in C order, offsets counted from here

Format: https://huggingface.co/docs/safetensors. Gaps are not allowed in it, so that tensors stand in the order of falling item size
and the header is padded with spaces: each begins at a multiple of its item's size. Headers are not trusted: `parse` checks sizes,
offsets, gaps and overlaps before anything is made of them.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

import msgspec

from daybreak.base.errors import DamagedFile

METADATA = "__metadata__"
ALIGN = 64
LENGTH = 8  # bytes of the header's length
LONGEST_HEADER = 100_000_000  # bytes, as the format's own library has it
SIZES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "I64": 8,
    "U64": 8,
    "F64": 8,
}  # bytes of an item

Buffer = bytes | bytearray | memoryview


class Part(NamedTuple):
    """One tensor on its way out: its bytes in C order. `borrowed`: they are somebody's live memory."""

    name: str
    dtype: str
    shape: list[int]
    data: memoryview
    borrowed: bool
    itemsize: int


class Tensor(NamedTuple):
    """One tensor that was read: a view of the file's bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def in_order(parts: Sequence[Part]) -> list[Part]:
    """The order in which they stand in a file."""
    return sorted(parts, key=lambda part: -part.itemsize)


def header(parts: Sequence[Part], metadata: dict[str, str]) -> bytes:
    """All that comes before the tensors' bytes. `parts` in the order of the file."""
    entries: dict[str, Any] = {METADATA: metadata}
    position = 0
    for part in parts:
        entries[part.name] = _Entry(part.dtype, part.shape, (position, position + part.data.nbytes))
        position += part.data.nbytes
    text = msgspec.json.encode(entries)
    text += b" " * (-(8 + len(text)) % ALIGN)
    return len(text).to_bytes(8, "little") + text


def parse(data: bytearray) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Metadata and tensors (views of `data`). Raises `DamagedFile` for anything that is not exactly such a file."""
    whole = memoryview(data)
    end = LENGTH + int.from_bytes(whole[:LENGTH], "little")
    if len(data) < LENGTH or end > len(data) or end > LONGEST_HEADER:
        raise DamagedFile(f"a checkpoint's header must end inside the file of {len(data)} bytes, it says {end}")
    try:
        entries = msgspec.json.decode(whole[LENGTH:end], type=dict[str, Any])
        metadata = msgspec.convert(entries.pop(METADATA, {}), dict[str, str])
        found = {name: msgspec.convert(entry, _Entry) for name, entry in entries.items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedFile(f"a checkpoint's header must be JSON as safetensors has it, it is not ({error})") from None
    return metadata, dict(_cut(found, whole[end:]))


def _cut(entries: dict[str, _Entry], rest: memoryview) -> Iterator[tuple[str, Tensor]]:
    position = 0
    for name, entry in sorted(entries.items(), key=lambda pair: pair[1].data_offsets):
        begin, end = entry.data_offsets
        size = SIZES.get(entry.dtype)
        sound = size is not None and begin == position and all(side >= 0 for side in entry.shape)
        if not sound or end - begin != prod(entry.shape) * (size or 0) or end > len(rest):
            raise DamagedFile(
                f"tensors of a checkpoint must follow each other without gaps and be as long as their shapes say, {name[:80]!r} "
                f"({entry.dtype[:10]}, shape {entry.shape[:8]}) is said to lie at {begin} to {end}"
            )
        position = end
        yield name, Tensor(entry.dtype, tuple(entry.shape), rest[begin:end])
    if position != len(rest):
        raise DamagedFile(f"a checkpoint's tensors must fill it, {len(rest) - position} bytes are nobody's")
