"""A stream of bytes, encrypted in chunks that cannot be cut, swapped, repeated or moved to another bundle.

STREAM (Hoang, Reyhanitabar, Rogaway, Vizar: Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015) over
AES-256-GCM. A chunk's nonce is `prefix (7 bytes) || index (4) || 1 on the last, else 0`; the bundle's id is authenticated with each. A key
seals one stream.
"""

from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from daybreak.base.errors import DamagedBundle

CHUNK = 1 << 20  # bytes of plaintext
TAG = 16  # bytes that each chunk grows by
PREFIX = 7
MOST = 1 << 32  # chunks


def sealed_size(plain: int, chunk: int = CHUNK) -> int:
    """Bytes of the stream that `seal` makes of so many."""
    return plain + TAG * max(1, -(-plain // chunk))


def seal(pieces: Iterable[bytes], key: bytes, prefix: bytes, about: bytes, chunk: int = CHUNK) -> Iterator[bytes]:
    """Encrypt pieces of any size; each yielded is one whole chunk. An empty stream is one chunk of nothing."""
    cipher = AESGCM(key)
    for index, (text, last) in enumerate(_rechunked(pieces, chunk)):
        yield cipher.encrypt(_nonce(prefix, index, last=last), text, about)


def unseal(pieces: Iterable[bytes], key: bytes, prefix: bytes, about: bytes, chunk: int = CHUNK) -> Iterator[bytes]:
    """Decrypt what `seal` made, one chunk at a time.

    Raises `DamagedBundle` at the first chunk that is not as it was sealed: nobody may use what came before until the last has come.
    """
    cipher = AESGCM(key)
    for index, (text, last) in enumerate(_rechunked(pieces, chunk + TAG)):
        try:
            yield cipher.decrypt(_nonce(prefix, index, last=last), text, about)
        except InvalidTag as error:
            told = "the last chunk is not the last that was sealed, or" if last else ""
            raise DamagedBundle(
                f"chunk {index} of the payload is not as it was sealed: {told} it was altered"
            ) from error


def _nonce(prefix: bytes, index: int, *, last: bool) -> bytes:
    if len(prefix) != PREFIX or index >= MOST:
        raise DamagedBundle(
            f"a stream has a prefix of {PREFIX} bytes and under {MOST:,} chunks, got {len(prefix)} and {index:,}"
        )
    return prefix + index.to_bytes(4, "big") + bytes([last])


def _rechunked(pieces: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """The same bytes in pieces of exactly `size`, the last as long as it is; and whether it is the last."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) > size:
            yield bytes(waiting[:size]), False
            del waiting[:size]
    yield bytes(waiting), True
