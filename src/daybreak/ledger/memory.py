"""A ledger in memory, for simulations and tests: the same promises but durability."""

from collections.abc import Callable, Iterator, Sequence

import msgspec
from blake3 import blake3

from daybreak.lifecycle.events import AnyEvent
from daybreak.ports.ledger import Logged, PointBatch
from daybreak.wire.rows import AnyRow

Listener = Callable[[float, Sequence[AnyEvent]], None]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[float, AnyEvent]).decode


class MemoryLedger:
    """The `Ledger` port over a list. Every entry is encoded, as a database would, so that an event that cannot be stored fails here too.

    With `keep=False` only the running digest remembers the log: 100,000 simulated trials need no second copy of their history.
    `listen(at, events)` hears of every batch.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self._keep = keep
        self.listen: Listener | None = None
        self._log: list[bytes] = []
        self._hasher = blake3()
        self.appended = 0
        self.rows: dict[tuple[str, tuple[object, ...]], AnyRow] = {}
        self.projected = 0  # the entry the rows stand at
        self.points: list[PointBatch] = []

    def append(self, at: float, events: Sequence[AnyEvent], points: Sequence[PointBatch] = ()) -> int:
        """Add a batch; the number of its last event."""
        encoded = [_encode((at, event)) for event in events]
        for body in encoded:
            self._hasher.update(body)
        self.appended += len(encoded)
        if self._keep:
            self._log += encoded
            self.points += points
        if self.listen is not None:
            self.listen(at, events)
        return self.appended

    def replay(self, after: int = 0) -> Iterator[Logged]:
        """Every entry above `after`, in order; none when the log is not kept."""
        for seq, body in enumerate(self._log[after:], after + 1):
            at, event = _decode(body)
            yield Logged(seq, at, event)

    def project(self, rows: Sequence[AnyRow], upto: int) -> None:
        """Insert or replace rows."""
        if self._keep:
            for row in rows:
                self.rows[_identity(row)] = row
        self.projected = upto

    def digest(self) -> str:
        """blake3 over every entry ever appended: equal histories have equal digests."""
        return self._hasher.hexdigest()

    def close(self) -> None:
        """Nothing to let go of."""


_KEYS = ("experiment", "trial", "epoch", "digest", "number")


def _identity(row: AnyRow) -> tuple[str, tuple[object, ...]]:
    return type(row).__name__, tuple(getattr(row, key) for key in _KEYS if hasattr(row, key))
