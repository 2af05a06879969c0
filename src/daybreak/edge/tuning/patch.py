"""New bytes for places in a model's file, bound to the file that they are for."""

import hashlib

import msgspec

from daybreak.base.errors import UsageError


class Span(msgspec.Struct, frozen=True):
    """Bytes to stand from `start` on, in place of as many."""

    start: int
    data: bytes


class Patch(msgspec.Struct, frozen=True):
    """`before`, `after`: SHA-256 of the whole file without and with the patch."""

    before: str
    after: str
    spans: tuple[Span, ...]

    def apply(self, model: bytes) -> bytes:
        """The patched file. Raises `UsageError` where it is for another file."""
        if hashlib.sha256(model).hexdigest() != self.before:
            raise UsageError("this tuned layer is for another model; tune again, or drop it: daybreak edge tune --drop")
        return _replaced(model, self.spans)


def make(model: bytes, spans: tuple[Span, ...]) -> Patch:
    """A patch of these spans for this model."""
    after = _replaced(model, spans)
    return Patch(hashlib.sha256(model).hexdigest(), hashlib.sha256(after).hexdigest(), spans)


def _replaced(model: bytes, spans: tuple[Span, ...]) -> bytes:
    made = bytearray(model)
    for span in spans:
        made[span.start : span.start + len(span.data)] = span.data
    if len(made) != len(model):
        raise UsageError(f"a patch keeps a file's length: {len(model):,} bytes would become {len(made):,}")
    return bytes(made)
