"""The file: three members in a POSIX tar archive, so that `tar xf` and the public tool open it where there is no Daybreak.

    manifest.json   what it is and who may open it (`manifest`); readable by anybody
    payload.enc     the package's files, encrypted in chunks (`sealing`)
    model.sig       OpenSSF model signature over the two (`signing`)

An archive has bytes that carry nothing: times, owners, padding. Here each of them is a function of the members' names and sizes and is
compared when read, so that a bundle has one spelling and any changed byte is found.
"""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from daybreak.base.errors import DamagedBundle

MANIFEST, PAYLOAD, SIGNATURE = "manifest.json", "payload.enc", "model.sig"
MEMBERS = (MANIFEST, PAYLOAD, SIGNATURE)
BLOCK = 512
END = bytes(2 * BLOCK)
LARGEST = 8**11 - 1  # bytes of one member: eleven octal digits
SMALL = 16 << 20  # of a manifest or a signature, which are read whole before anything is known of them
READ = 1 << 20


class Member(NamedTuple):
    """Where a member's bytes lie in the file."""

    offset: int
    size: int


class Layout(NamedTuple):
    """The three members."""

    manifest: Member
    payload: Member
    signature: Member


def header(name: str, size: int) -> bytes:
    """The 512 bytes before a member: no time, no owner, mode 644. Raises `DamagedBundle` above 8 GiB."""
    if size > LARGEST:
        raise DamagedBundle(
            f"a bundle's member has at most {LARGEST:,} bytes, {name} has {size:,}; bundle a smaller model"
        )
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.USTAR_FORMAT)


def padding(size: int) -> bytes:
    """Zeros up to the next block."""
    return bytes(-size % BLOCK)


def read(file: BinaryIO, source: Path) -> Layout:
    """Find the members. Raises `DamagedBundle` where a byte is not as `header` and `padding` write it."""
    end = os.fstat(file.fileno()).st_size
    members = []
    at = 0
    for name in MEMBERS:
        block = _exactly(file, at, BLOCK, source)
        if name == SIGNATURE and not any(block):
            raise DamagedBundle(
                f"{source} is not signed, and nothing unsigned is opened: ask whoever sent it for a signed one"
            )
        size = _size(block, name, source)
        members.append(Member(at + BLOCK, size))
        at += BLOCK + size + len(padding(size))
        if at > end:
            raise DamagedBundle(
                f"{source} is cut off within {name}: {end:,} bytes where {at:,} are needed; get it again"
            )
        if any(_exactly(file, at - len(padding(size)), len(padding(size)), source)):
            raise DamagedBundle(f"{source} is damaged behind {name}; get it again")
    if _exactly(file, at, len(END), source) != END or at + len(END) != end:
        raise DamagedBundle(f"{source} is damaged at its end; get it again")
    found = Layout(*members)
    for name, member in zip((MANIFEST, SIGNATURE), (found.manifest, found.signature), strict=True):
        if member.size > SMALL:
            raise DamagedBundle(f"a bundle's {name} has at most {SMALL:,} bytes, that of {source} has {member.size:,}")
    return found


def whole(file: BinaryIO, member: Member, source: Path) -> bytes:
    """A small member's bytes."""
    return _exactly(file, member.offset, member.size, source)


def pieces(file: BinaryIO, member: Member, source: Path, size: int = READ) -> Iterator[bytes]:
    """A member's bytes in order, `size` at a time."""
    file.seek(member.offset)
    left = member.size
    while left:
        piece = file.read(min(size, left))
        if not piece:
            raise DamagedBundle(f"{source} became shorter while it was read; get it again")
        left -= len(piece)
        yield piece


def _size(block: bytes, name: str, source: Path) -> int:
    digits = block[124:135]
    size = int(digits, 8) if digits.isdigit() and not set(digits) & set(b"89") else -1
    if size < 0 or block != header(name, size):
        raise DamagedBundle(
            f"{source} is no bundle, or is damaged before its {name}; make one: daybreak bundle MODEL -o FILE.dbk"
        )
    return size


def _exactly(file: BinaryIO, at: int, size: int, source: Path) -> bytes:
    file.seek(at)
    found = file.read(size)
    if len(found) != size:
        raise DamagedBundle(f"{source} is cut off after {at + len(found):,} bytes, or is no bundle; get it again")
    return found
