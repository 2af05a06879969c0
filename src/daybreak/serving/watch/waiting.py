"""Truths that were read before the answers that they are of: segments of several replicas are read one after the other."""

from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from daybreak.serving.events import Feedback

MOST = 10_000  # truths that wait for their answer; of most requests no answer is remembered, so the oldest go
LARGEST = 2_000  # bytes of one truth: a longer one does not wait

_encoder = msgspec.msgpack.Encoder()


class Waiting:
    """A bounded line, 20 MB at most. `kept` may be given again after a restart."""

    def __init__(self, kept: Mapping[str, Feedback] | None = None) -> None:
        self._truths: OrderedDict[str, Feedback] = OrderedDict(kept or {})

    def __contains__(self, request: str) -> bool:
        return request in self._truths

    @property
    def kept(self) -> dict[str, Feedback]:
        """What waits, by request; the oldest first."""
        return dict(self._truths)

    def put(self, event: Feedback) -> None:
        """Let a truth wait, in place of one of the same request."""
        if len(_encoder.encode(event.truth)) > LARGEST:
            return
        self._truths.pop(event.id, None)
        self._truths[event.id] = msgspec.structs.replace(event, note="")
        if len(self._truths) > MOST:
            self._truths.popitem(last=False)

    def take(self, request: str) -> Feedback | None:
        """The truth of an answer that has come."""
        return self._truths.pop(request, None)
