"""What a test has seen, as bytes: kept beside the offset up to which events were folded, so that a restart counts each event once."""

import zlib
from typing import Any

import msgspec
import numpy as np

from daybreak.base.errors import UsageError
from daybreak.rollout.comparison import Seen
from daybreak.rollout.counts import BITS, FirstSeen

_LEVEL = 1  # most buckets and bits are zero: even that is a tenth of the size


class _Array(msgspec.Struct, array_like=True):
    dtype: str
    shape: tuple[int, ...]
    deflated: bytes


def kept(seen: Seen) -> bytes:
    """All of it; about 100 kB, a few MB in a long test."""
    return msgspec.msgpack.encode(seen, enc_hook=_plain)


def restored(data: bytes) -> Seen:
    """What `kept` made. Raises `UsageError` for bytes that are none of it."""
    try:
        seen = msgspec.msgpack.decode(data, type=Seen, dec_hook=_made)
        for counted in (seen.new, seen.failing):
            counted.update({revision: _array(one) for revision, one in counted.items()})
        for sums in (one for fold in seen.folds.values() for one in fold.values()):
            sums.counts, sums.totals = _array(sums.counts), _array(sums.totals)
    except (msgspec.MsgspecError, zlib.error, ValueError, TypeError) as error:
        raise UsageError(f"what a test has seen cannot be read: {error}; it is folded anew from events") from error
    return seen


def _plain(value: Any) -> Any:
    if isinstance(value, FirstSeen):
        return zlib.compress(value.bits.tobytes(), _LEVEL)
    if isinstance(value, np.ndarray):
        return _Array(value.dtype.str, value.shape, zlib.compress(value.tobytes(), _LEVEL))
    raise TypeError(f"{type(value)} is no part of what a test has seen")


def _made(kind: type, value: Any) -> Any:
    found = kind()
    found.bits = np.frombuffer(zlib.decompress(value, bufsize=BITS // 8), np.uint8).copy()
    if len(found.bits) != BITS // 8:
        raise ValueError(f"{BITS // 8} bytes of bits are kept, got {len(found.bits)}")
    return found


def _array(value: Any) -> Any:
    found = msgspec.convert(value, _Array)
    return np.frombuffer(zlib.decompress(found.deflated), found.dtype).reshape(found.shape).copy()
