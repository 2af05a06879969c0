"""What was posted since the last batch: events, metric points, and whom to call once they are committed."""

from collections.abc import Callable
from typing import Protocol

from daybreak.lifecycle.events import AnyEvent
from daybreak.ports.ledger import PointBatch
from daybreak.ports.reactor import Reactor


class Batch:
    """Everything of one commit, in the order it was posted."""

    __slots__ = ("callbacks", "events", "points")

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.points: list[PointBatch] = []
        self.callbacks: list[Callable[[], None]] = []

    def __bool__(self) -> bool:
        return bool(self.events or self.points)

    def __len__(self) -> int:
        return len(self.events) + len(self.points)

    def extend(self, later: "Batch") -> None:
        """Put what came later behind what is here."""
        self.events += later.events
        self.points += later.points
        self.callbacks += later.callbacks


class Intake:
    """The queue in front of the loop. Not thread-safe: everybody who posts lives on the loop's thread."""

    def __init__(self) -> None:
        self._next = Batch()

    def post(self, event: AnyEvent, committed: Callable[[], None] | None = None) -> None:
        """Queue an event for the next batch; `committed` is called after its commit."""
        self._next.events.append(event)
        if committed is not None:
            self._next.callbacks.append(committed)

    def log(self, batch: PointBatch, committed: Callable[[], None] | None = None) -> None:
        """Queue metric points for the next commit."""
        self._next.points.append(batch)
        if committed is not None:
            self._next.callbacks.append(committed)

    @property
    def waiting(self) -> bool:
        """True when a batch could be taken."""
        return bool(self._next)

    def take(self) -> Batch:
        """All that is queued; the queue is empty then."""
        batch, self._next = self._next, Batch()
        return batch


class Loop(Reactor, Protocol):
    """A reactor with the end that the controller holds: it drives it and takes what was posted."""

    @property
    def waiting(self) -> bool:
        """True when a batch could be taken."""
        ...

    def take(self) -> Batch:
        """All that is queued."""
        ...

    def turn(self, timeout: float | None = None) -> bool:
        """Wait at most `timeout` seconds for something to happen and call who is due; False when nothing did."""
        ...

    def not_before(self, at: float) -> None:
        """Its time goes on from `at` (seconds since 1970), if that is later."""
        ...

    def was_set(self) -> float:
        """By how many seconds the machine's clock was set since this was last asked; 0.0: it was not."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...
