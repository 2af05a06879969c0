"""A request's body, within its bounds: of a type that the route takes, and never more bytes in memory than the limit."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from daybreak.serving.packed import too_large, unpacked
from daybreak.serving.problems import refuse

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"  # what curl says of `-d` unless it is told otherwise


def media_of(request: Request) -> str:
    """The body's type without its parameters, in lower case; empty where none is told."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def body_of(request: Request, most: int, media: tuple[str, ...]) -> bytes:
    """The body, unpacked. A request that tells no type is taken for the first of `media`; where that is JSON, a form's type is, too.

    Raises `Refusal`: unknown_media, bad_request, body_too_large.
    """
    told = media_of(request)
    taken = (*media, FORM) if media[0] == JSON else media
    if told and told not in taken:
        raise refuse("unknown_media", f"{request.url.path} takes {', '.join(media)}, got {told[:80]!r}", "Content-Type")
    body, encoding = await _received(request, most), request.headers.get("content-encoding", "")
    return await asyncio.to_thread(unpacked, body, encoding, most) if encoding else body


async def _received(request: Request, most: int) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise too_large(most)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise too_large(most)
            parts.append(part)
    except ClientDisconnect:
        raise refuse("too_slow", "the client hung up before its request was whole") from None
    return b"".join(parts)
