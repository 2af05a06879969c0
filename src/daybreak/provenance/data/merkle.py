"""One root for a list of files, so that equal data has an equal name whatever it was copied to.

The construction is that of RFC 6962 (certificate transparency), with blake3 in place of SHA-256:

    leaf(file)         = blake3(0x00 | u64 length of path | path, UTF-8 | u64 size | 32 bytes of digest | u64 length of tag | tag, UTF-8)
    inner(left, right) = blake3(0x01 | left | right)
    root of n leaves   = the tree whose left half holds the largest power of two below n; of none: blake3 of nothing

Leaves and inner nodes begin with different bytes, so that no inner node can be passed off as a file; lengths stand before what they
measure, so that no two files have one leaf. Integers are little-endian. A digest that is not known (an object that is named by its
store's version id alone) is 32 zero bytes; its tag then tells it apart.
"""

from collections.abc import Iterable
from struct import Struct

from blake3 import blake3

from daybreak.provenance.data.file import File

INNER = b"\x01"
UNKNOWN = bytes(32)

_NAME, _CONTENT = Struct("<BQ").pack, Struct("<Q32sQ").pack


def root(files: Iterable[File]) -> str:
    """The Merkle root over files in the order given (manifests sort them by path), 64 hexadecimal digits."""
    level = [leaf(file) for file in files]
    if not level:
        return blake3(b"").hexdigest()
    while len(level) > 1:
        paired = [inner(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = [*paired, level[-1]] if len(level) % 2 else paired  # the odd one goes up as it is
    return level[0].hex()


def leaf(file: File) -> bytes:
    """The hash of one file with its name, 32 bytes."""
    path, tag = file.path.encode(), file.tag.encode()
    digest = bytes.fromhex(file.blake3) if file.blake3 else UNKNOWN
    named = _NAME(0, len(path)) + path
    return blake3(named + _CONTENT(file.size, digest, len(tag)) + tag).digest()


def inner(left: bytes, right: bytes) -> bytes:
    """The hash of two nodes, 32 bytes."""
    return blake3(INNER + left + right).digest()
