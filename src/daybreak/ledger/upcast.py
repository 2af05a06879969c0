"""The log's language through time: a batch written in version n is read in today's.

`UPCASTS[n]` turns one event of version n, as a plain dict, into one of version n + 1. One event stays one event, so that
sequence numbers keep their meaning.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from daybreak.base.errors import LedgerDamaged, LedgerTooNew
from daybreak.lifecycle.events import LOG_VERSION, AnyEvent

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[int, Upcast] = {}

_encode = msgspec.msgpack.Encoder().encode
_decode_today = msgspec.msgpack.Decoder(list[AnyEvent]).decode
_decode_plain = msgspec.msgpack.Decoder(list[dict[str, Any]]).decode


def write(events: list[AnyEvent]) -> bytes:
    """The bytes of a batch in version `LOG_VERSION`."""
    return _encode(events)


def read(
    data: bytes, version: int, *, upcasts: Mapping[int, Upcast] = UPCASTS, today: int = LOG_VERSION
) -> list[AnyEvent]:
    """The events of a batch.

    Raises `LedgerTooNew` for a version above today's, `LedgerDamaged` for what cannot be decoded.
    """
    if version > today:
        raise too_new(f"its log is written in version {version}, this Daybreak reads up to {today}")
    try:
        if version == today:
            return _decode_today(data)
        return [_through(event, version, upcasts, today) for event in _decode_plain(data)]
    except msgspec.DecodeError as error:
        raise LedgerDamaged(f"a batch of events cannot be decoded: {error}") from error


def too_new(why: str) -> LedgerTooNew:
    """The error for whatever only a later Daybreak can know."""
    return LedgerTooNew(
        f"this ledger was written by a newer Daybreak ({why}): `pip install -U daybreak`, or use another home"
    )


def _through(event: dict[str, Any], version: int, upcasts: Mapping[int, Upcast], today: int) -> AnyEvent:
    for step in range(version, today):
        if step not in upcasts:
            raise LedgerDamaged(
                f"events of log version {step} have no upcast to version {step + 1}; no Daybreak wrote such a log"
            )
        event = upcasts[step](event)
    return _convert(event)


def _convert(plain: dict[str, Any]) -> AnyEvent:
    event: AnyEvent = msgspec.convert(plain, AnyEvent)
    return event
