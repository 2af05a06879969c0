"""A request's body, within its bounds: of a type that the route takes, and never more bytes in memory than the limit."""

import zlib

from starlette.requests import ClientDisconnect, Request

from daybreak.serving.problems import refuse

_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def media_of(request: Request) -> str:
    """The body's type without its parameters, in lower case; empty where none is told."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def body_of(request: Request, most: int, media: tuple[str, ...]) -> bytes:
    """The body, unpacked. A request that tells no type is taken for the first of `media`.

    Raises `Refusal`: unknown_media, body_too_large.
    """
    told = media_of(request)
    if told and told not in media:
        raise refuse("unknown_media", f"{request.url.path} takes {', '.join(media)}, got {told[:80]!r}", "Content-Type")
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", *_WINDOWS):
        raise refuse(
            "unknown_media", f"bodies may be packed with gzip or deflate, got {encoding[:40]!r}", "Content-Encoding"
        )
    body = await _received(request, most)
    return body if encoding == "identity" else _unpacked(body, encoding, most)


async def _received(request: Request, most: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise _too_large(most)
            parts.append(part)
    except ClientDisconnect:
        raise refuse("too_slow", "the client hung up before its request was whole") from None
    return b"".join(parts)


def _unpacked(body: bytes, encoding: str, most: int) -> bytes:
    unpacker = zlib.decompressobj(_WINDOWS[encoding])
    try:
        whole = unpacker.decompress(body, most + 1)
    except zlib.error as error:
        raise refuse("bad_request", f"the body is no {encoding}: {error}", "Content-Encoding") from error
    if len(whole) > most:
        raise _too_large(most)
    if not unpacker.eof:
        raise refuse("bad_request", f"the body's {encoding} ends too early", "Content-Encoding")
    return whole


def _too_large(most: int) -> Exception:
    return refuse("body_too_large", f"a body has at most {most} bytes; send parts, or use `daybreak batch`")
