"""Content hashes: blake3, as lowercase hexadecimal, of bytes, files and plain JSON data."""

import json
from pathlib import Path

from blake3 import blake3

HEX_LENGTH = 64


def hash_bytes(data: bytes | bytearray | memoryview) -> str:
    """blake3 of some bytes, 64 hexadecimal digits."""
    return blake3(data).hexdigest()


def hash_file(path: Path) -> str:
    """blake3 of a file's bytes, read by memory map. Raises `OSError`."""
    return blake3().update_mmap(path).hexdigest()


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys and no spaces, so that equal values have equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def hash_json(value: object) -> str:
    """blake3 of plain JSON data, independent of the order of keys."""
    return hash_bytes(canonical_json(value))
