"""Bodies that travel packed (RFC 9110, 8.4), unpacked within their limit: a small one may hold a very large one."""

import zlib

from daybreak.serving.problems import refuse

IDENTITY = "identity"
GZIP = "gzip"
MEMBERS = 16  # each costs a copy of what follows: a body of a million empty ones would cost hours
_WINDOWS = {GZIP: 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """The body itself; `encoding`: as Content-Encoding names it. Raises `Refusal`: unknown_media, bad_request, body_too_large."""
    encoding = encoding.strip().lower() or IDENTITY
    if encoding == IDENTITY:
        return body
    if encoding not in _WINDOWS:
        told = f"bodies may be packed with {' or '.join(_WINDOWS)}, got {encoding[:40]!r}"
        raise refuse("unknown_media", told, "Content-Encoding")
    whole, rest = bytearray(), body
    for _ in range(MEMBERS):
        unpacker = zlib.decompressobj(_WINDOWS[encoding])
        try:
            whole += unpacker.decompress(rest, most + 1 - len(whole))
        except zlib.error as error:
            raise refuse("bad_request", f"the body is no {encoding}: {error}", "Content-Encoding") from error
        if len(whole) > most:
            raise too_large(most)
        if not unpacker.eof:
            raise refuse("bad_request", f"the body's {encoding} ends too early", "Content-Encoding")
        rest = unpacker.unused_data
        if not rest:
            return bytes(whole)
        if encoding != GZIP:  # of gzip there may be several members, one after the other (RFC 1952, 2.2)
            told = f"{len(rest)} bytes follow the end of the body's {encoding}"
            raise refuse("bad_request", told, "Content-Encoding")
    told = f"a body's gzip has at most {MEMBERS} members: pack it in one"
    raise refuse("bad_request", told, "Content-Encoding")


def too_large(most: int) -> Exception:
    """What a client is told whose body is longer than `most` bytes."""
    return refuse("body_too_large", f"a body has at most {most} bytes; send parts, or use `daybreak batch`")
